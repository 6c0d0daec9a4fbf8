"""Detectors: one file a model family, the weights with a card each, and the look that puts them to use."""

from models.anonymize import Anonymized, Rendered, anonymize, render_choices, render_detections
from models.detection_plan import (
    Candidates,
    DetectionPlan,
    DetectorInputs,
    FrameDetections,
    PassFaces,
    current_models,
    find_faces,
    load_detectors,
    plan_for,
)

__all__ = [
    "Anonymized",
    "Candidates",
    "DetectionPlan",
    "DetectorInputs",
    "FrameDetections",
    "PassFaces",
    "Rendered",
    "anonymize",
    "current_models",
    "find_faces",
    "load_detectors",
    "plan_for",
    "render_choices",
    "render_detections",
]
