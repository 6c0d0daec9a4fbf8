"""States, times and amounts in the words of people."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from blurline.contract import ImageState, JobState

Colour = Literal["gray", "blue", "green", "orange", "red"]


@dataclass(frozen=True, slots=True)
class Look:
    """How a state is shown."""

    word: str
    colour: Colour
    icon: str

    @property
    def badge(self) -> str:
        """As Markdown."""
        return f":{self.colour}-badge[{self.icon} {self.word}]"


JOB_STATES: Mapping[JobState, Look] = {
    "queued": Look("Waiting", "gray", ":material/schedule:"),
    "processing": Look("At work", "blue", ":material/autorenew:"),
    "finished": Look("Finished", "green", ":material/check_circle:"),
}

IMAGE_STATES: Mapping[ImageState, Look] = {
    "queued": Look("Waiting", "gray", ":material/schedule:"),
    "processing": Look("At work", "blue", ":material/autorenew:"),
    "published": Look("Published", "green", ":material/check_circle:"),
    "needs_review": Look("Held for review", "orange", ":material/visibility:"),
    "failed": Look("Failed", "red", ":material/error:"),
    "deleted": Look("Deleted", "gray", ":material/delete:"),
}

_STEPS = ((86_400, "d"), (3600, "h"), (60, "min"))
_MARKDOWN = re.compile(r"[\\`*_{}\[\]()<>#+\-.!:|~$]")
_SIZES = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


def duration(seconds: float) -> str:
    """As in `3 min`."""
    for step_s, unit in _STEPS:
        if seconds >= step_s:
            return f"{seconds / step_s:.0f} {unit}"
    return f"{seconds:.0f} s"


def ago(moment: datetime) -> str:
    """How long it has been, as in `3 min ago`."""
    return f"{duration(max(0.0, (datetime.now(UTC) - moment).total_seconds()))} ago"


def size(count: int) -> str:
    """Bytes, as in `3.2 MB`."""
    for step, unit in _SIZES:
        if count >= step:
            return f"{count / step:.1f} {unit}"
    return f"{count} bytes"


def plain(text: str) -> str:
    """Somebody's own words, for where Markdown is read."""
    return _MARKDOWN.sub(r"\\\g<0>", text)


def counted(count: int, thing: str) -> str:
    """As in `1 image` and `1,200 images`."""
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"
