"""Why a written file must not be published: mostly places where it still shows a face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from blurline.picture.comparison import DifferingPlace


@dataclass(frozen=True, slots=True)
class VisibleFace:
    """A face that is still visible: its frame from 0, its corners in pixels of the upright photograph, its score."""

    frame: int
    x1: float
    y1: float
    x2: float
    y2: float
    score: float
    kind: Literal["visible_face"] = field(default="visible_face", init=False)


Findings = Sequence[VisibleFace | DifferingPlace]
"""The places for which a written file failed its check."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a written file failed its check, in a sentence, and its places, where that is about places."""

    why: str
    findings: Findings = ()


def findings_message(findings: Sequence[VisibleFace], frames: int) -> str:
    """A sentence on the findings in a file of so many frames. It names the place of the surest one."""
    best = max(findings, key=lambda each: each.score)
    where = f"at ({best.x1:.0f}, {best.y1:.0f}) to ({best.x2:.0f}, {best.y2:.0f})"
    if frames > 1:
        where = f"on frame {best.frame + 1} of {frames}, {where}"
    others = f" {len(findings)} places in all." if len(findings) > 1 else ""
    return f"A face is still visible in the written file, {where}, score {best.score:.2f}.{others}"
