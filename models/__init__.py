"""Detectors: one file a model family, the weights with a card each, and the look that puts them to use."""

from models.anonymize import Anonymized, Rendered, anonymize, finish, render
from models.detection_plan import Candidates, Found, Inputs, Look, PassFaces, find_faces, load_detectors, look_for

__all__ = [
    "Anonymized",
    "Candidates",
    "Found",
    "Inputs",
    "Look",
    "PassFaces",
    "Rendered",
    "anonymize",
    "find_faces",
    "finish",
    "load_detectors",
    "look_for",
    "render",
]
