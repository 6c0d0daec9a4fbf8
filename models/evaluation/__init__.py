"""Evaluation of detection on labelled pictures: labels, matching, scores, report."""
