"""Faces as arrays, in the coordinate space of ``blurline.box``."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from blurline.box import Box, Face
from blurline.detected_class import FACE

Faces = NDArray[np.float32]
"""Array of shape (n, 5), one row ``x1, y1, x2, y2, score`` per face; detectors and merging work on it."""


def to_faces(rows: Faces, class_name: str = FACE) -> tuple[Face, ...]:
    """Convert (n, 5) rows of one class to domain values, in the same order."""
    return tuple(Face(Box(*row[:4]), row[4], class_name) for row in rows.astype(float).tolist())
