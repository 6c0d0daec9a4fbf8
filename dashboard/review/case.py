"""A case: an image that a reviewer has claimed, with everything to show."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from blurline.client import Client
from blurline.contract import Decision, Detection, Image, ImageWithDetections, ReviewTask
from blurline.contract.corrections import MarkedBox
from blurline.detected_class import FACE
from blurline.storage.preview_keys import PreviewSize
from dashboard.viewer.tiled_view import tiled_view


@dataclass(frozen=True, slots=True)
class Case:
    """A claimed image. ``original`` and ``result`` (None without a result) are screen-sized JPEGs of the first frame.
    Boxes are in pixels of the upright photograph, of size ``width_px`` by ``height_px``. ``claimed_for_s`` is the
    duration of the claim when it was made. ``known_classes``: what the installation's detectors find.
    ``awaits_another``: the reviewer has given the first of two approvals, so another must give the second."""

    image: ImageWithDetections
    owner: str
    claimed_until: datetime
    claimed_for_s: int
    waiting: int
    original: bytes
    result: bytes | None
    width_px: int
    height_px: int
    decisions: tuple[Decision, ...]
    known_classes: tuple[str, ...] = (FACE,)
    awaits_another: bool = False

    @property
    def id(self) -> UUID:
        """The image's id."""
        return self.image.id

    @property
    def key(self) -> str:
        """A key that changes with the image and with its result."""
        return f"{self.image.id} {self.image.result_sha256}"

    @property
    def classes(self) -> list[str]:
        """The classes that a box can have: the known ones, and those of detectors that are no longer there."""
        return list(dict.fromkeys([*self.known_classes, *(box.class_name for box in self.image.detections)]))

    @property
    def frames(self) -> int:
        """How many frames or pages the result has."""
        return self.image.frames or 1

    @property
    def boxes(self) -> list[Detection]:
        """The boxes of all frames."""
        return self.image.detections

    @property
    def kept_marks(self) -> list[MarkedBox]:
        """The boxes that the last correction added, if its file failed Blurline's own check and is not shown."""
        error = self.image.error
        has_failed = error is not None and error.code == "output_check_failed" and not self.image.result_refused
        last = self.decisions[-1] if self.decisions else None
        return last.added if has_failed and last is not None and last.kind == "corrected" else []

    def other_boxes(self, frames: Collection[int]) -> list[MarkedBox]:
        """The destroyed boxes of other frames than these."""
        return [
            MarkedBox(
                frame=box.frame,
                x1=box.x1,
                y1=box.y1,
                x2=box.x2,
                y2=box.y2,
                score=min(max(box.score, 0), 1),
                class_name=box.class_name,
            )
            for box in self.image.detections
            if box.frame not in frames and box.destroyed
        ]

    @property
    def is_larger_than_its_view(self) -> bool:
        """Whether the original has more pixels than the view shows."""
        return max(self.width_px, self.height_px) > PreviewSize.VIEW.side_px

    def renewed(self, task: ReviewTask) -> Case:
        """The case with the data of a renewed claim on the same result."""
        return replace(
            self,
            image=task.image,
            claimed_until=task.claimed_until,
            claimed_for_s=_seconds_until(task.claimed_until),
            waiting=task.waiting,
        )


def load_case(client: Client, task: ReviewTask) -> Case:
    """Fetch everything to show of a claimed image. Raises the client's errors."""
    image = task.image
    original, size = _original(client, image)
    decisions = tuple(client.decisions(image.id))
    return Case(
        image=image,
        owner=client.job(image.job_id).owner,
        claimed_until=task.claimed_until,
        claimed_for_s=_seconds_until(task.claimed_until),
        waiting=task.waiting,
        original=original,
        result=_result(client, image),
        width_px=size[0],
        height_px=size[1],
        decisions=decisions,
        known_classes=tuple(each.name for each in client.classes()),
        awaits_another=_awaits_another(client, image, decisions),
    )


def _original(client: Client, image: ImageWithDetections) -> tuple[bytes, tuple[int, int]]:
    view = client.preview(image.id, "original", "view")
    if view is not None and image.width_px and image.height_px:
        return view, (image.width_px, image.height_px)
    return tiled_view(client, image.id, "original")


def _result(client: Client, image: ImageWithDetections) -> bytes | None:
    view = client.preview(image.id, "result", "view")
    if view is not None or image.result_sha256 is None or image.state not in ("published", "needs_review"):
        return view  # only a result that waited for a review from the start has a rendition
    return tiled_view(client, image.id, "result")[0]


def _awaits_another(client: Client, image: Image, decisions: Sequence[Decision]) -> bool:
    is_half_approved = image.error is not None and image.error.code == "second_approval"
    return is_half_approved and bool(decisions) and decisions[-1].reviewer == client.me().id


def _seconds_until(moment: datetime) -> int:
    return max(0, round((moment - datetime.now(UTC)).total_seconds()))
