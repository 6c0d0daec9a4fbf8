"""States, times and sizes as text for people."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from blurline.contract import ImageState, Job, JobState

Colour = Literal["gray", "blue", "green", "orange", "red"]


@dataclass(frozen=True, slots=True)
class StateBadge:
    """The word, colour and icon of a state."""

    word: str
    colour: Colour
    icon: str

    @property
    def badge(self) -> str:
        """The badge as Markdown."""
        return f":{self.colour}-badge[{self.icon} {self.word}]"


JOB_STATES: Mapping[JobState, StateBadge] = {
    "queued": StateBadge("Waiting", "gray", ":material/schedule:"),
    "processing": StateBadge("Processing", "blue", ":material/autorenew:"),
    "finished": StateBadge("Finished", "green", ":material/check_circle:"),
}

IMAGE_STATES: Mapping[ImageState, StateBadge] = {
    "queued": StateBadge("Waiting", "gray", ":material/schedule:"),
    "processing": StateBadge("Processing", "blue", ":material/autorenew:"),
    "published": StateBadge("Published", "green", ":material/check_circle:"),
    "needs_review": StateBadge("Needs review", "orange", ":material/visibility:"),
    "failed": StateBadge("Failed", "red", ":material/error:"),
    "deleted": StateBadge("Deleted", "gray", ":material/delete:"),
}

_FOR_REVIEW = StateBadge("For review", "orange", ":material/visibility:")
_NONE_PUBLISHED = StateBadge("None published", "red", ":material/error:")


def job_badge(job: Job) -> StateBadge:
    """The state of a job; of a finished one, whether a person has something to do."""
    if job.state != "finished":
        return JOB_STATES[job.state]
    if job.progress.needs_review:
        return _FOR_REVIEW
    return JOB_STATES["finished"] if job.progress.published else _NONE_PUBLISHED


_STEPS = ((86_400, "d"), (3600, "h"), (60, "min"))
_MARKDOWN = re.compile(r"[\\`*_{}\[\]()<>#+\-.!:|~$]")
_SIZES = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


def duration(seconds: float) -> str:
    """A duration, such as `3 min`."""
    for step_s, unit in _STEPS:
        if seconds >= step_s:
            return f"{seconds / step_s:.0f} {unit}"
    return f"{seconds:.0f} s"


def ago(moment: datetime) -> str:
    """The time since a moment, such as `3 min ago`."""
    return f"{duration(max(0.0, (datetime.now(UTC) - moment).total_seconds()))} ago"


def size(count: int) -> str:
    """A number of bytes, such as `3.2 MB`."""
    for step, unit in _SIZES:
        if count >= step:
            return f"{count / step:.1f} {unit}"
    return f"{count} bytes"


def plain(text: str) -> str:
    """User text with Markdown's characters escaped."""
    return _MARKDOWN.sub(r"\\\g<0>", text)


def sentence(text: str) -> str:
    """A person's text with a full stop, unless it ends as a sentence does."""
    return text if not text or text[-1] in ".!?…" else f"{text}."


def counted(count: int, thing: str) -> str:
    """A count with its noun, such as `1 image` or `1,200 images`."""
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"
