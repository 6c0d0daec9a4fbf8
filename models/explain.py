"""Explains a look: which passes ran over a picture, which parts each one showed to the detector, and what that cost.

The drawing may be shown to people who must not see the photograph: it shows no pixels of it but a grey reduction to
`_BASE_PX` pixels, in which every candidate is a filled box.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from blurline.faces import Faces
from blurline.picture.photo import Frame
from models.detection_plan import Candidates
from models.look import PassFaces
from models.look_run import Detectors

_RUN_PX = 640 * 640
# CPU time per input pixel, measured (docs/detection.md)
_MODEL_COST = {"centerface": 1.0, "centerface_int8": 0.5, "yunet": 0.2}

_BASE_PX = 24
_SIDE_PX = 1200
_LINE_PX = 22
_COLOURS = ("#d62728", "#1f77b4", "#2ca02c", "#ff7f0e", "#9467bd", "#17becf", "#e377c2", "#8c564b", "#bcbd22")


@dataclass(frozen=True, slots=True)
class PassExplanation:
    """What one pass did. ``areas``: the parts of the picture that it showed, left, top, right and bottom in upright
    pixels; None for the whole picture. ``share``: their share of the picture. ``cost``: estimated, in runs of
    CenterFace at 640 x 640. ``candidates``: its detections before merging."""

    appearance: int
    model: str
    side_px: int
    where: str
    is_mirrored: bool
    quarter_turns: int
    is_scout: bool
    areas: list[list[float]] | None
    share: float
    cost: float
    candidates: int

    @property
    def title(self) -> str:
        """The pass in words: its side and the way it shows the picture."""
        words = [f"{self.side_px}"]
        words += ["mirrored"] * self.is_mirrored
        words += [f"turned {90 * self.quarter_turns}°"] * (self.quarter_turns > 0)
        words += [f"appearance {self.appearance}"] * (self.appearance > 0)
        return " ".join([*words, f"scout {self.model}" if self.is_scout else self.model])

    @property
    def shown(self) -> str:
        """What it showed, in words."""
        if self.areas is None:
            return "whole picture"
        return f"{len(self.areas)} region{'s' if len(self.areas) != 1 else ''} ({self.where.replace('_', ' ')})"


def explain(candidates: Candidates, detectors: Detectors) -> list[PassExplanation]:
    """Explain the passes over each appearance of a frame, in the order in which they ran.

    The passes of other classes, and over the views of a sphere, are not among them.
    """
    return [
        _explained(each, number, _model(detectors, each), candidates.width_px, candidates.height_px)
        for number, found in enumerate(candidates.passes)
        for each in found
    ]


def _model(detectors: Detectors, found: PassFaces) -> str:
    detector, _ = detectors.of(found.step)
    return detector.card.name


def table(passes: Sequence[PassExplanation]) -> list[str]:
    """The passes as a table of plain text, with the cost of all of them in its last line."""
    rows = [("pass", "shows", "share", "cost", "found")]
    rows += [(each.title, each.shown, f"{each.share:.0%}", f"{each.cost:.2f}", f"{each.candidates}") for each in passes]
    rows += [("all", "", "", f"{sum(each.cost for each in passes):.2f}", "")]
    return [f"  {title:34} {shown:26} {share:>5} {cost:>6} {found:>5}" for title, shown, share, cost, found in rows]


def draw(frame: Frame, faces: Faces, passes: Sequence[PassExplanation]) -> Image.Image:
    """Draw the regions of each pass over the hidden picture, with a legend below. ``faces``: (n, 5) rows of candidates,
    which are drawn as filled boxes."""
    picture, scale = _hidden(frame.pixels, faces)
    canvas = Image.new("RGB", (max(picture.width, 760), picture.height + _LINE_PX * (len(passes) + 2)), "white")
    canvas.paste(picture, (0, 0))
    pen, font = ImageDraw.Draw(canvas), ImageFont.load_default(15)
    top, drawn = picture.height + _LINE_PX // 2, 0
    for each in passes:
        colour = "#999999" if each.areas is None else _COLOURS[drawn % len(_COLOURS)]
        for area in each.areas or ():  # passes that show the same region stay distinguishable by an inset
            pen.rectangle(_inset([side * scale for side in area], 2 * (drawn % len(_COLOURS))), outline=colour, width=2)
        drawn += each.areas is not None
        pen.rectangle([8, top + 3, 22, top + 17], fill=None if each.areas is None else colour, outline=colour, width=2)
        line = f"{each.title}: {each.shown}, {each.share:.0%}, cost {each.cost:.2f}, {each.candidates} candidates"
        pen.text((30, top), line, fill="black", font=font)
        top += _LINE_PX
    cost = sum(each.cost for each in passes)
    pen.text((30, top), f"all: cost {cost:.2f}, in runs of CenterFace at 640 x 640", fill="black", font=font)
    return canvas


def _explained(found: PassFaces, appearance: int, model: str, width_px: int, height_px: int) -> PassExplanation:
    areas = None if found.areas is None else found.areas.round(1).tolist()
    share = 1.0
    if found.areas is not None:
        share = float(np.prod(found.areas[:, 2:] - found.areas[:, :2], axis=1).sum() / (width_px * height_px))
    input_px = share * width_px * height_px * found.scale**2
    step = found.step
    return PassExplanation(
        appearance,
        model,
        step.side_px,
        step.where,
        step.is_mirrored,
        step.quarter_turns,
        step.is_scout,
        areas,
        round(share, 4),
        round(input_px / _RUN_PX * _MODEL_COST.get(model, 1.0), 3),
        len(found.candidates),
    )


def _hidden(pixels: NDArray[np.uint8], faces: Faces) -> tuple[Image.Image, float]:
    """The picture, so small and pale that nobody can be recognised, at the size of the drawing; and its scale."""
    source = Image.fromarray(pixels).convert("L")
    scale = _SIDE_PX / max(source.size)
    tiny = source.resize(_sizes(source.size, _BASE_PX / max(source.size)), Image.Resampling.BOX)
    shown = tiny.resize(_sizes(source.size, scale), Image.Resampling.BICUBIC).point(lambda grey: 150 + grey * 0.4)
    picture = shown.convert("RGB")
    pen = ImageDraw.Draw(picture)
    for x1, y1, x2, y2 in (faces[:, :4] * scale).tolist():
        pen.rectangle([x1, y1, x2, y2], fill="#444444")
    return picture, scale


def _sizes(size: tuple[int, int], scale: float) -> tuple[int, int]:
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _inset(box: list[float], by: int) -> list[float]:
    x1, y1, x2, y2 = box
    by = int(min(by, (x2 - x1) / 2 - 1, (y2 - y1) / 2 - 1))
    return [x1 + by, y1 + by, x2 - by, y2 - by]
