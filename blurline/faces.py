"""Faces as arrays, in the coordinate space of ``blurline.box``."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from blurline.box import Box, Face

Faces = NDArray[np.float32]
"""Array of shape (n, 5): ``x1, y1, x2, y2, score`` a row; the form that detectors and merging work on."""


def to_faces(rows: Faces) -> tuple[Face, ...]:
    """(n, 5) rows -> domain values, in the same order."""
    return tuple(Face(Box(*row[:4]), row[4]) for row in rows.astype(float).tolist())
