"""360 degree pictures made from ordinary ones."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]


def background(width: int, seed: int = 0) -> Pixels:
    """An equirectangular picture of soft clouds that closes at the seam and the poles, (width / 2, width, 3)."""
    random = np.random.default_rng(seed)
    longitude, latitude = _grid(width)
    rays = np.stack([np.cos(latitude) * np.sin(longitude), np.sin(latitude), np.cos(latitude) * np.cos(longitude)])
    levels = np.full((3, *longitude.shape), 120.0, np.float32)
    for frequency in (1.5, 3, 6, 12, 24):
        wave = random.normal(0, frequency, (3, 3))
        phase = random.uniform(0, math.tau, 3)
        levels += 45 / frequency**0.5 * np.sin(np.tensordot(wave, rays, 1) + phase[:, None, None])
    return levels.clip(0, 255).astype(np.uint8).transpose(1, 2, 0)


def with_face(sphere: Pixels, patch: Image.Image, yaw: float, pitch: float, height: float) -> Pixels:
    """Draw a flat ``patch``, ``height`` high, on the plane that touches the sphere at ``yaw`` and ``pitch`` (degrees).

    Upright means toward the zenith. By the gnomonic projection: Snyder, Map Projections (1987), equations 5-3, 22-4 and
    22-5.
    """
    width = sphere.shape[1]
    longitude, latitude = _grid(width)
    reach = math.radians(height) * max(1.0, patch.width / patch.height) * 0.75  # more than half its diagonal
    is_near = np.abs(latitude[:, 0] - math.radians(pitch)) < reach
    longitude, latitude = longitude[is_near], latitude[is_near]
    from_centre, at = longitude - math.radians(yaw), math.radians(pitch)
    cosine = math.sin(at) * np.sin(latitude) + math.cos(at) * np.cos(latitude) * np.cos(from_centre)
    ahead = np.maximum(cosine, 1e-3)
    x = np.cos(latitude) * np.sin(from_centre) / ahead
    y = (math.cos(at) * np.sin(latitude) - math.sin(at) * np.cos(latitude) * np.cos(from_centre)) / ahead
    scale = patch.height / (2 * math.tan(math.radians(height) / 2))
    column, row = patch.width / 2 + x * scale, patch.height / 2 - y * scale
    is_inside = (cosine > 0.1) & (column >= 0) & (column < patch.width) & (row >= 0) & (row < patch.height)
    # Reduced first, so that single pixels of the patch are enough.
    factor = min(1.0, math.radians(height) * width / math.tau / patch.height)
    small = np.asarray(patch.convert("RGB").resize([max(1, round(side * factor)) for side in patch.size]))
    result = sphere.copy()
    near = result[is_near]
    rows = np.minimum((row[is_inside] / patch.height * small.shape[0]).astype(int), small.shape[0] - 1)
    columns = np.minimum((column[is_inside] / patch.width * small.shape[1]).astype(int), small.shape[1] - 1)
    near[is_inside] = small[rows, columns]
    result[is_near] = near
    return result


def face_points(width: int, yaw: float, pitch: float, size: tuple[float, float]) -> tuple[NDArray[np.int64], ...]:
    """Rows and columns of the equirectangular picture under a grid over a rectangle of ``size`` (width, height) degrees
    on the plane that touches the sphere there (equations 20-14 and 20-15)."""
    half_x, half_y = (math.tan(math.radians(side) / 2) for side in size)
    x, y = (each.ravel() for each in np.meshgrid(np.linspace(-half_x, half_x, 41), np.linspace(-half_y, half_y, 41)))
    at = math.radians(pitch)
    latitude = np.arcsin((math.sin(at) + y * math.cos(at)) / np.sqrt(1 + x * x + y * y))
    longitude = math.radians(yaw) + np.arctan2(x, math.cos(at) - y * math.sin(at))
    columns = ((longitude / math.tau + 0.5) * width).astype(int) % width
    rows = np.minimum(((0.5 - latitude / math.pi) * width / 2).astype(int), width // 2 - 1)
    return rows, columns


def _grid(width: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Longitude and latitude of each pixel's centre, in radians."""
    longitude = ((np.arange(width) + 0.5) / width - 0.5) * math.tau
    latitude = (0.5 - (np.arange(width // 2) + 0.5) / (width // 2)) * math.pi
    across, up = np.meshgrid(longitude, latitude)
    return across.astype(np.float32), up.astype(np.float32)
