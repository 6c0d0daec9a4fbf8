"""Destroys faces.

In every style, each pixel of a face is computed from at most ``cells_per_face ** 2`` averaged colours with added noise.
Only the averages remain, so no deblurring or super-resolution can recover the face. ``pixelate`` shows them as softened
blocks, ``blur`` as a smooth surface; ``solid`` keeps one, and ``emoji`` keeps one and draws a generic face over it.

The destroyed area is a superellipse that contains the whole detected box. It is opaque inside, and its soft edge lies
outside the opaque area.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from blurline.box import Box, Face
from blurline.picture.noise import Noise, random_noise
from blurline.policy import Policy, Style

Levels = TypeVar("Levels", np.uint8, np.uint16)

_EXPONENT = 4  # of the superellipse; at 1.19 x the half-sides of a box it contains the box
_FEATHER = 0.15  # the soft edge, as a fraction of the half-sides, outside the opaque area
_NOISE_LEVELS = 6.0  # standard deviation of the noise on each average, in 8-bit levels
_SAMPLES = 24
_MIN_EMOJI_PX = 48  # smaller ones would not survive compression
_MIN_CELL_PX = 4.0  # so that a tiny face keeps fewer cells


@dataclass(frozen=True, slots=True)
class _Method:
    policy: Policy
    noise: Noise | np.random.Generator
    is_transparency: bool

    def noise_at(self, left: int, top: int, window: NDArray[Any], shape: tuple[int, ...]) -> NDArray[np.float64]:
        """Return the noise, in levels of the window's type, of the averages of ``window`` at this corner."""
        if self.is_transparency:
            return np.zeros(shape)
        if isinstance(self.noise, Noise):
            normal = self.noise.at(left, top, window, shape)
        else:
            normal = self.noise.standard_normal(shape)
        return normal * _NOISE_LEVELS * np.iinfo(window.dtype).max / 255


def destroy(
    pixels: NDArray[Levels],
    faces: tuple[Face, ...],
    policy: Policy,
    noise: Noise | np.random.Generator | None = None,
    *,
    is_transparency: bool = False,
) -> NDArray[Levels]:
    """Return a copy of ``pixels`` (upright) with every face destroyed according to the policy, and every object of
    another class in the style that the policy names for the class.

    Shape (H, W, 3) for RGB or (H, W, 1) for one channel; uint8, or uint16 for one channel. ``is_transparency``: the
    channel is opacity, which is averaged without noise or drawing.

    No pixel of a keep-region changes, except in an always-region. ``noise`` is that of the frame; a generator must not
    be predictable in production. By default the noise is random. Coordinates as in `blurline.box`.
    """
    result = pixels.copy()
    method = _Method(policy, noise or random_noise(), is_transparency)
    for face in faces:
        _destroy_face(result, face.box, replace(method, policy=policy.for_class(face.class_name)))
    height, width = pixels.shape[:2]
    for region in policy.keep_regions:
        box = region.box(width, height)
        kept = np.s_[math.ceil(box.y1) : math.floor(box.y2), math.ceil(box.x1) : math.floor(box.x2)]
        result[kept] = pixels[kept]
    for region in policy.always_regions:
        box = region.box(width, height)
        left, top = math.floor(box.x1), math.floor(box.y1)
        window = result[top : math.ceil(box.y2), left : math.ceil(box.x2)]
        if window.size:
            window[:] = _cover(window, left, top, method)
    return result


def opaque_area(box: Box, padding: float) -> Box:
    """The bounding box of the fully destroyed area of a face: the superellipse's extent."""
    grown = max(1 + padding, 2 ** (1 / _EXPONENT))
    half_width, half_height = box.width_px / 2 * grown, box.height_px / 2 * grown
    x, y = (box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2
    return Box(x - half_width, y - half_height, x + half_width, y + half_height)


def touched_area(box: Box, padding: float) -> Box:
    """The bounding box of everything that changes around a face: the opaque area, its soft edge, and a pixel."""
    area = opaque_area(box, padding)
    margin_x, margin_y = area.width_px / 2 * _FEATHER + 1, area.height_px / 2 * _FEATHER + 1
    return Box(area.x1 - margin_x, area.y1 - margin_y, area.x2 + margin_x + 1, area.y2 + margin_y + 1)


def destroyed_share(boxes: NDArray[np.float64], destroyed: NDArray[np.float64], padding: float) -> NDArray[np.float64]:
    """Return (n,) how much of each of ``boxes`` (n, 4) the faces ``destroyed`` (m, 4) fully destroy, 0 to 1.

    Measured on a grid of `_SAMPLES` x `_SAMPLES` points per box.
    """
    areas = [opaque_area(Box(*box), padding) for box in destroyed.tolist()]
    shares = np.zeros(len(boxes))
    middle = (np.arange(_SAMPLES) + 0.5) / _SAMPLES
    for number, (x1, y1, x2, y2) in enumerate(boxes.tolist()):
        covered = np.zeros((_SAMPLES, _SAMPLES), bool)
        for area in areas:
            if area.x1 < x2 and area.x2 > x1 and area.y1 < y2 and area.y2 > y1:
                covered |= _radius(area, x1 + middle * (x2 - x1), y1 + middle * (y2 - y1)) <= 1
        shares[number] = covered.mean()
    return shares


def cells_across(side_px: float, cells_per_face: int) -> int:
    """How many averages to keep along a side of this length: at most as many as the policy says."""
    return max(1, min(cells_per_face, int(side_px / _MIN_CELL_PX)))


def _destroy_face(pixels: NDArray[Any], box: Box, method: _Method) -> None:
    height, width = pixels.shape[:2]
    area = opaque_area(box, method.policy.padding)
    touched = touched_area(box, method.policy.padding)
    left, top, right, bottom = (int(value) for value in touched.clipped(width, height).corners)
    if right <= left or bottom <= top:
        return
    window = pixels[top:bottom, left:right]
    window[:] = _blended(window, _cover(window, left, top, method), _opacity(area, left, top, right, bottom))


def _blended(window: NDArray[Any], cover: NDArray[Any], opacity: NDArray[np.float32]) -> NDArray[Any]:
    """``cover`` over ``window``: only the cover where ``opacity`` (rows, columns) is 1."""
    if window.shape[2] == 3:  # Pillow's integers are several times as fast
        mask = Image.fromarray(np.rint(opacity * 255).astype(np.uint8))
        return np.asarray(Image.composite(Image.fromarray(cover), Image.fromarray(window), mask))
    share = opacity[:, :, None]
    return np.asarray(np.rint(window * (1 - share) + cover * share).astype(window.dtype))


def _opacity(area: Box, left: int, top: int, right: int, bottom: int) -> NDArray[np.float32]:
    """Opacity (rows, columns) in 0..1: 1 inside the superellipse of ``area``, falling to 0 over the feather."""
    x, y = (np.arange(start, end, dtype=np.float32) + 0.5 for start, end in ((left, right), (top, bottom)))
    pixel = 0.5 / max(min(area.width_px, area.height_px) / 2, 0.5)  # pixels that the edge crosses are opaque
    return np.asarray(np.clip(1 - (_radius(area, x, y) - 1 - pixel) / _FEATHER, 0, 1), np.float32)


def _radius(area: Box, x: NDArray[Any], y: NDArray[Any]) -> NDArray[Any]:
    """The radius (rows, columns) at (columns,) and (rows,): up to 1 inside the superellipse that fills ``area``."""
    from_middle_x = (x - (area.x1 + area.x2) / 2) / max(area.width_px / 2, 0.5)
    from_middle_y = (y - (area.y1 + area.y2) / 2) / max(area.height_px / 2, 0.5)
    return np.sqrt(np.sqrt((from_middle_x**_EXPONENT)[None, :] + (from_middle_y**_EXPONENT)[:, None]))


def _cover(window: NDArray[Any], left: int, top: int, method: _Method) -> NDArray[Any]:
    """The replacement of a face: same shape and type as ``window``, computed only from the averaged cells."""
    height, width, channels = window.shape
    most, policy = np.iinfo(window.dtype).max, method.policy
    cells = 1 if policy.style in (Style.SOLID, Style.EMOJI) else policy.cells_per_face
    rows, columns = cells_across(height, cells), cells_across(width, cells)
    image = Image.fromarray(window if channels == 3 else window[:, :, 0].astype(np.float32))
    averages = np.asarray(image.resize((columns, rows), Image.Resampling.BOX), np.float32)
    noisy = np.clip(np.rint(averages + method.noise_at(left, top, window, averages.shape)), 0, most)
    cover = Image.fromarray(noisy.astype(np.uint8 if channels == 3 else np.float32))
    if policy.style is Style.BLUR:
        cover = cover.resize((width, height), Image.Resampling.BICUBIC)
    else:
        blocks = cover.resize((columns * 4, rows * 4), Image.Resampling.NEAREST)
        cover = blocks.resize((width, height), Image.Resampling.BILINEAR)
    if policy.style is Style.EMOJI and not method.is_transparency and min(height, width) >= _MIN_EMOJI_PX:
        _draw_emoji(cover, most)
    return np.asarray(np.clip(np.asarray(cover), 0, most).astype(window.dtype).reshape(window.shape))


def _draw_emoji(cover: Image.Image, most: int) -> None:
    """Draw a yellow disc with two eyes and a mouth in the middle of ``cover``; in one channel, its brightness."""
    yellow, black = ((255, 204, 51), (60, 40, 10)) if cover.mode == "RGB" else (0.8 * most, 0.16 * most)
    draw = ImageDraw.Draw(cover)
    x, y, radius = cover.width / 2, cover.height / 2, min(cover.size) * 0.4

    def disc(centre_x: float, centre_y: float, size: float, colour: Any) -> None:
        draw.ellipse((centre_x - size, centre_y - size, centre_x + size, centre_y + size), fill=colour)

    disc(x, y, radius, yellow)
    for side in (-1, 1):
        disc(x + side * 0.35 * radius, y - 0.25 * radius, 0.12 * radius, black)
    mouth = (x - 0.5 * radius, y - 0.4 * radius, x + 0.5 * radius, y + 0.6 * radius)
    draw.arc(mouth, 20, 160, fill=black, width=max(1, round(0.1 * radius)))
