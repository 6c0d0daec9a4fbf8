"""Detectors (one module per model family), the weights with their cards, and the detection plan."""

from models.anonymize import Anonymized, FileRefused, Rendered, anonymize, render_choices, render_detections
from models.detection_plan import (
    Candidates,
    DetectionPlan,
    FrameDetections,
    current_models,
    find_faces,
    further_models,
    load_detectors,
    plan_for,
    release_memory,
)
from models.look import PassFaces
from models.look_run import DetectorInputs

__all__ = [
    "Anonymized",
    "Candidates",
    "DetectionPlan",
    "DetectorInputs",
    "FileRefused",
    "FrameDetections",
    "PassFaces",
    "Rendered",
    "anonymize",
    "current_models",
    "find_faces",
    "further_models",
    "load_detectors",
    "plan_for",
    "release_memory",
    "render_choices",
    "render_detections",
]
