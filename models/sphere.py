"""Views of a sphere: what a viewer shows of an equirectangular picture, and where its faces lie in the picture.

An equirectangular picture stretches what lies far above or below the horizon, so that a detector does not see a face
there. A view is the gnomonic (rectilinear) projection of a part of the sphere: Snyder, Map Projections (1987), p. 164
to 168; the code computes it as a rotation of rays. Longitudes grow to the right and latitudes upward, in radians.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from blurline.faces import Faces
from blurline.picture.photo import Frame
from blurline.picture.projection import Sphere
from blurline.picture.resample import resize

UNSURE_WEIGHT = 0.7
"""Weight of a score that only the views give of a picture that is not certain to be a sphere."""

_FIELD_RAD = math.radians(72)
_PITCH_RAD = math.radians(65)
_AROUND = 6  # views at each pitch: a face is turned by at most 30 degrees in one of them
_MOST_VIEW_PX = 1280
_STRETCHED_RAD = math.radians(35)  # a detector sees faces nearer to the horizon in the picture itself
_LEAST_SHARE = 0.02
_EDGE_PX = 1.5
_LARGE_SHARE = 0.35  # of a view's side; larger faces may be cut in every view
_SAME = 0.5
_HEAD = 0.4  # a head around a face, as a fraction of half its size
_SAMPLES = 33

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class View:
    """A square rectilinear view of the sphere, ``side_px`` wide, around a direction; up is toward the zenith."""

    longitude: float
    latitude: float
    side_px: int

    @property
    def focal_px(self) -> float:
        """The distance of the image plane from the centre of the sphere."""
        return self.side_px / 2 / math.tan(_FIELD_RAD / 2)

    def directions(self, points: Floats) -> Floats:
        """Return the (n, 3) unit vectors (east, up, north at longitude 0) of (n, 2) points in pixels of the view."""
        x, down = ((points - self.side_px / 2) / self.focal_px).T
        sin, cos = math.sin(self.latitude), math.cos(self.latitude)
        up, ahead = sin - down * cos, cos + down * sin
        sin, cos = math.sin(self.longitude), math.cos(self.longitude)
        rays = np.stack([x * cos + ahead * sin, up, ahead * cos - x * sin], axis=1)
        return np.asarray(rays / np.linalg.norm(rays, axis=1, keepdims=True))

    def point(self, direction: Floats) -> Floats | None:
        """Return the (2,) point of a direction in pixels of the view, or None if it is behind the view."""
        sin, cos = math.sin(self.longitude), math.cos(self.longitude)
        x, north = direction[0] * cos - direction[2] * sin, direction[0] * sin + direction[2] * cos
        sin, cos = math.sin(self.latitude), math.cos(self.latitude)
        ahead, down = north * cos + direction[1] * sin, north * sin - direction[1] * cos
        return None if ahead <= 1e-6 else np.array([x, down]) / ahead * self.focal_px + self.side_px / 2


@dataclass(frozen=True, slots=True)
class ViewFaces:
    """Faces of one view: (n, 5) ``rows`` in its pixels, and (n,) the best score of each in a single pass."""

    view: View
    rows: Faces
    best_scores: NDArray[np.float32]


def look_around(
    frame: Frame, detect: Callable[[View, NDArray[np.uint8]], tuple[Faces, NDArray[np.float32]]]
) -> tuple[Faces, NDArray[np.float32]]:
    """Detect faces in the views of a frame; return (n, 5) rows in its pixels and (n,) their best single scores.

    ``detect`` returns the same for a view and its (H, W, 3) pixels. The scores are weighted by `UNSURE_WEIGHT` if only
    the shape of the frame says that it is a sphere. Nothing is found in a frame that is no sphere.
    """
    sphere = frame.sphere
    if sphere is None:
        return np.zeros((0, 5), np.float32), np.zeros(0, np.float32)
    found = [
        ViewFaces(view, *detect(view, shown))
        for pixels in frame.appearances
        for view, shown in render_views(pixels, sphere)
    ]
    rows, best = faces_in_picture(found, sphere, frame.width_px, frame.height_px)
    weight = np.float32(1.0 if sphere.is_certain else UNSURE_WEIGHT)
    rows[:, 4] *= weight
    return rows, best * weight


def views_of(sphere: Sphere, width_px: int, height_px: int) -> tuple[View, ...]:
    """Return the views that show what a picture of this size has of the sphere's top and bottom."""
    focal_px = sphere.full_width_px / math.tau
    side_px = max(64, min(_MOST_VIEW_PX, round(2 * focal_px * math.tan(_FIELD_RAD / 2))))
    steps = (np.arange(16) + 0.5) / 16 * side_px
    grid = np.stack(np.meshgrid(steps, steps), axis=2).reshape(-1, 2)
    views = []
    for latitude in (_PITCH_RAD, -_PITCH_RAD):
        for number in range(_AROUND):
            view = View(number * math.tau / _AROUND, latitude, side_px)
            directions = view.directions(grid)
            x, y = _to_pixels(directions, sphere)
            is_shown = _columns(x, sphere, width_px)[1] & (y >= 0) & (y < height_px)
            if (is_shown & (np.abs(directions[:, 1]) > math.sin(_STRETCHED_RAD))).mean() >= _LEAST_SHARE:
                views.append(view)
    return tuple(views)


def render_views(pixels: NDArray[np.uint8], sphere: Sphere) -> Iterator[tuple[View, NDArray[np.uint8]]]:
    """Yield every view of a picture, (H, W, 3) RGB, with its (side, side, 3) pixels; black where the picture ends."""
    height, width = pixels.shape[:2]
    views = views_of(sphere, width, height)
    if not views:
        return
    detail_px = views[0].focal_px * math.tau
    shown = sphere
    if detail_px < 0.9 * sphere.full_width_px:  # reduce first: the views sample single pixels
        factor = detail_px / sphere.full_width_px
        small = resize(
            Image.fromarray(pixels), max(1, round(width * factor)), max(1, round(height * factor)), is_bicubic=False
        )
        pixels, shown = np.asarray(small), _scaled(sphere, small.width / width, small.height / height)
        height, width = pixels.shape[:2]
    flat = pixels.reshape(-1, 3)
    at = np.arange(views[0].side_px) + 0.5
    grid = np.stack(np.meshgrid(at, at), axis=2).reshape(-1, 2)
    latitude = None
    for view in views:
        if view.latitude != latitude:  # views at one latitude differ by a shift of longitudes
            latitude = view.latitude
            x, y = _to_pixels(View(0, latitude, view.side_px).directions(grid), shown)
            row = np.floor(y).astype(np.int32)
            is_row = (row >= 0) & (row < height)
        column, is_column = _columns(x + view.longitude / math.tau * shown.full_width_px, shown, width)
        is_shown = is_row & is_column
        seen = np.where(is_shown[:, None], flat[np.where(is_shown, row * width + column, 0)], np.uint8(0))
        yield view, seen.reshape(view.side_px, view.side_px, 3)


def faces_in_picture(
    found: list[ViewFaces], sphere: Sphere, width_px: int, height_px: int
) -> tuple[Faces, NDArray[np.float32]]:
    """Return the (n, 5) rows of the faces of all views in pixels of the picture, and their (n,) best scores.

    A face that several views show is taken from the one with the best score. A face over the left and right edge
    becomes two rows. One around a pole becomes a row over the whole width.
    """
    kept = []
    for view, row, best in _best_of_each(found):
        for x1, y1, x2, y2 in _boxes(view, row[:4].astype(np.float64), sphere, width_px, height_px):
            kept.append((x1, y1, x2, y2, row[4], best))
    rows = np.array(kept, np.float32).reshape(-1, 6)
    return rows[:, :5], rows[:, 5]


def _best_of_each(found: list[ViewFaces]) -> list[tuple[View, NDArray[np.float32], float]]:
    """The faces, best first, without those whose centre lies within half a face of a better one."""
    every = [
        (each.view, row, float(best))
        for each in found
        for row, best in zip(each.rows, each.best_scores, strict=True)
        if not _is_cut(row, each.view.side_px)
    ]
    every.sort(key=lambda one: -one[1][4])
    kept: list[tuple[View, NDArray[np.float32], float]] = []
    centres, sizes = np.zeros((0, 3)), np.zeros(0)
    for view, row, best in every:
        centre, size = _extent(view, row[:4].astype(np.float64))
        distance = np.arccos((centres @ centre).clip(-1, 1))
        if not (distance < _SAME * np.maximum(sizes, size)).any():
            kept.append((view, row, best))
            centres, sizes = np.concatenate([centres, centre[None]]), np.append(sizes, size)
    return kept


def _is_cut(row: NDArray[np.float32], side_px: int) -> bool:
    """Whether the edge of a view cuts a face that its neighbour, or the picture itself, shows whole."""
    is_at_edge = row[:2].min() < _EDGE_PX or row[2:4].max() > side_px - _EDGE_PX
    return bool(is_at_edge and (row[2:4] - row[:2]).max() < _LARGE_SHARE * side_px)


def _extent(view: View, box: Floats) -> tuple[Floats, float]:
    """The direction of a box's centre, and its angular size."""
    x1, y1, x2, y2 = box
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    centre, left, right, top, bottom = view.directions(np.array([[x, y], [x1, y], [x2, y], [x, y1], [x, y2]]))
    across, down = (math.acos(min(1.0, float(one @ other))) for one, other in ((left, right), (top, bottom)))
    return centre, math.sqrt(across * down)


def _boxes(view: View, box: Floats, sphere: Sphere, width_px: int, height_px: int) -> list[tuple[float, ...]]:
    """The boxes in pixels of the picture that together cover a box in pixels of a view."""
    x, y = _to_pixels(view.directions(_outline(box)), sphere)
    if view.latitude and _holds_pole(view, box):
        first, last = 0.0, float(width_px)
        top, bottom = (float(y.min()), float(height_px)) if view.latitude < 0 else (0.0, float(y.max()))
        return _clipped([(first, top, last, bottom)], width_px, height_px)
    around = np.unwrap(x, period=sphere.full_width_px)
    shifted = [
        (around.min() + turn * sphere.full_width_px, y.min(), around.max() + turn * sphere.full_width_px, y.max())
        for turn in (-2, -1, 0, 1, 2)
    ]
    return _clipped(shifted, width_px, height_px)


def _holds_pole(view: View, box: Floats) -> bool:
    """Whether the head around a face in a view reaches the pole."""
    pole = view.point(np.array([0.0, math.copysign(1.0, view.latitude), 0.0]))
    around = (box[2:] - box[:2]) / 2 * _HEAD
    return pole is not None and bool((pole > box[:2] - around).all() and (pole < box[2:] + around).all())


def _outline(box: Floats) -> Floats:
    """Points along the four sides of a box, in order, (n, 2)."""
    x1, y1, x2, y2 = box
    along = np.linspace(0, 1, _SAMPLES)
    corners = np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2], [x1, y1]])
    return np.concatenate([start + along[:, None] * (end - start) for start, end in pairwise(corners)])


def _clipped(boxes: Sequence[tuple[float, ...]], width_px: int, height_px: int) -> list[tuple[float, ...]]:
    inside = [(max(x1, 0.0), max(y1, 0.0), min(x2, width_px), min(y2, height_px)) for x1, y1, x2, y2 in boxes]
    return [box for box in inside if box[2] - box[0] >= 1 and box[3] - box[1] >= 1]


def _to_pixels(directions: Floats, sphere: Sphere) -> tuple[Floats, Floats]:
    """Columns, within one turn around longitude 0, and rows of (n, 3) directions in pixels of the picture."""
    east, up, north = directions.T
    longitude, latitude = np.arctan2(east, north), np.arcsin(up.clip(-1, 1))
    x = (longitude / math.tau + 0.5) * sphere.full_width_px - sphere.left_px
    y = (0.5 - latitude / math.pi) * sphere.full_height_px - sphere.top_px
    return x, y


def _columns(x: Floats, sphere: Sphere, width_px: int) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """The columns of a picture at any number of turns, and whether the picture has them."""
    column = np.floor(np.mod(x, sphere.full_width_px)).astype(np.int32)
    is_shown = column < width_px
    return column, is_shown


def _scaled(sphere: Sphere, scale_x: float, scale_y: float) -> Sphere:
    return Sphere(
        sphere.full_width_px * scale_x,
        sphere.full_height_px * scale_y,
        sphere.left_px * scale_x,
        sphere.top_px * scale_y,
        sphere.is_certain,
    )
