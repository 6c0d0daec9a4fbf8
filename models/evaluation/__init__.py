"""Measuring detection against labelled pictures: reading labels, matching, scoring, reporting."""
