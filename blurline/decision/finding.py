"""Why a written file must not be published: mostly places where it still shows a face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class VisibleFace:
    """A face that is still visible: its frame from 0, its corners in pixels of the upright photograph, its score."""

    frame: int
    x1: float
    y1: float
    x2: float
    y2: float
    score: float


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a written file failed its check, in a sentence, and the faces that are visible in it."""

    why: str
    findings: tuple[VisibleFace, ...] = ()


def findings_message(findings: Sequence[VisibleFace], frames: int) -> str:
    """A sentence on the findings in a file of so many frames. It names the place of the surest one."""
    best = max(findings, key=lambda each: each.score)
    where = f"at ({best.x1:.0f}, {best.y1:.0f}) to ({best.x2:.0f}, {best.y2:.0f})"
    if frames > 1:
        where = f"on frame {best.frame + 1} of {frames}, {where}"
    others = f" {len(findings)} places in all." if len(findings) > 1 else ""
    return f"A face is still visible in the written file, {where}, score {best.score:.2f}.{others}"
