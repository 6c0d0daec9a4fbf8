"""Detectors: one file a model family, the weights with a card each, and the look that puts them to use."""

from models.look import Look, PassFaces, find_faces, look_for

__all__ = ["Look", "PassFaces", "find_faces", "look_for"]
