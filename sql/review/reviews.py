"""Review: who looks at which image, what they decide, and what becomes of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from psycopg.types.json import Jsonb

from blurline.contract.corrections import Correction, MarkedBox
from blurline.errors import PermanentError
from blurline.ids import new_id
from sql.engine.database import Database, Row, Transaction
from sql.jobs.attempts import parse_correction, reopen
from sql.jobs.settlement import approve
from sql.jobs.submissions import BatchSize, Member, add_batches

LEASE_S = 300
_SAME_PX = 0.01


class ReviewClaimed(PermanentError):
    """Another reviewer is at the image."""

    code = "review_claimed"


class NotHeld(PermanentError):
    """The image holds no result that could be decided on."""

    code = "not_held"


class ResultChanged(PermanentError):
    """The image has another result than the one that was looked at."""

    code = "result_changed"


class ImageUnderway(PermanentError):
    """An attempt at the image is under way; its result comes first."""

    code = "image_underway"


class BoxOutside(PermanentError):
    """A box of a correction covers no pixel of the picture."""

    code = "box_outside"


class OriginalGone(PermanentError):
    """The image's original is not kept any more."""

    code = "original_gone"


@dataclass(frozen=True, slots=True)
class ClaimedReview:
    """An image that is one reviewer's until then."""

    image_id: UUID
    until: datetime


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """A decision; the columns are those of the table ``decisions``."""

    id: UUID
    image_id: UUID
    attempt_id: UUID | None
    reviewer: str
    kind: Literal["approved", "rejected", "corrected"]
    added: list[dict[str, Any]]
    dropped: list[dict[str, Any]]
    note: str
    created_at: datetime


def claim_next(database: Database, reviewer: str, skip: Sequence[UUID] = ()) -> ClaimedReview | None:
    """The most doubtful image that waits and that nobody else is at; None when there is none."""
    while True:
        with database.transaction() as transaction:
            found = transaction.one("next_to_review", reviewer=reviewer, skip=list(skip))
            if found is None:
                return None
            claimed = _claim(transaction, reviewer, found["image_id"])
        if claimed is not None:  # else somebody was faster
            return claimed


def claim(database: Database, reviewer: str, image_id: UUID) -> ClaimedReview:
    """Claim an image, or claim it for longer. Raises ReviewClaimed."""
    with database.transaction() as transaction:
        claimed = _claim(transaction, reviewer, image_id)
    if claimed is None:
        raise ReviewClaimed("Another reviewer is at this image. Take the next one.")
    return claimed


def release(database: Database, reviewer: str, image_id: UUID) -> None:
    """Leave an image to others."""
    with database.transaction() as transaction:
        transaction.run("release_review", reviewer=reviewer, image_id=image_id)


def count_waiting(database: Database) -> int:
    """How many images wait for a review."""
    with database.transaction() as transaction:
        row = transaction.one("count_to_review")
    assert row is not None
    return int(row["images"])


def approve_image(database: Database, reviewer: str, image_id: UUID, seen_sha256: str) -> None:
    """Publish the result that an image is held with, if it is the one that the reviewer has seen.

    Raises ReviewClaimed, NotHeld, ResultChanged, ImageUnderway.
    """
    with database.transaction() as transaction:
        image = _begin(transaction, reviewer, image_id)
        if image.result_sha256 not in (None, seen_sha256):
            raise ResultChanged("The image has a newer result than the one that was looked at. Look at that one.")
        if not approve(transaction, image_id):
            raise NotHeld("The image holds no result that could be approved.")
        _decide(transaction, reviewer, image_id, image.result_attempt_id, "approved")


def reject_image(database: Database, reviewer: str, image_id: UUID, note: str) -> None:
    """Withdraw an image for good. Raises ReviewClaimed, NotHeld, ImageUnderway."""
    with database.transaction() as transaction:
        attempt_id = _begin(transaction, reviewer, image_id).result_attempt_id
        if not transaction.run("reject_image", image_id=image_id, note=note or "A reviewer rejected the result."):
            raise NotHeld("The image is neither published nor held; there is nothing to reject.")
        _decide(transaction, reviewer, image_id, attempt_id, "rejected", note=note)


def correct_image(
    database: Database,
    reviewer: str,
    image_id: UUID,
    destroy: Sequence[MarkedBox],
    size: BatchSize,
    *,
    note: str,
    is_held: bool,
) -> None:
    """Have an image rendered anew with these boxes destroyed and every other that was found left.

    What it was it stays until the new result is there. Raises ReviewClaimed, NotHeld, ImageUnderway,
    OriginalGone, BoxOutside.
    """
    with database.transaction() as transaction:
        attempt_id = _begin(transaction, reviewer, image_id).result_attempt_id
        image = transaction.one("image_to_correct", image_id=image_id)
        if image is None:
            raise NotHeld("The image has no original that could be rendered anew.")
        if image["original_gone_at"] is not None:
            raise OriginalGone("The original is not kept any more, so that nothing can be rendered anew.")
        _check_boxes(destroy, image)
        found = [
            MarkedBox(**{**row, "score": min(max(row["score"], 0.0), 1.0)})
            for row in transaction.all("destroyed_boxes", attempt_id=attempt_id)
        ]
        added = [box for box in destroy if not any(_is_same(box, each) for each in found)]
        dropped = [box for box in found if not any(_is_same(box, each) for each in destroy)]
        before = parse_correction(image["correction"]) or Correction()
        still_left = [box for box in before.leave if not any(_overlap(new, box) for new in added)]
        correction = Correction(destroy=tuple(destroy), leave=(*dropped, *still_left), is_held=is_held)
        member = Member(image_id, image["original_bytes"], image["number"] + 1, correction)
        add_batches(transaction, image["job_id"], [member], "interactive", image["policy"], size)
        reopen(transaction, [member])
        _decide(transaction, reviewer, image_id, attempt_id, "corrected", added, dropped, note)


def list_decisions(database: Database, image_id: UUID) -> list[DecisionRow]:
    """Every decision on an image, oldest first."""
    with database.transaction() as transaction:
        return [DecisionRow(**row) for row in transaction.all("decisions", image_id=image_id)]


def note_look(database: Database, reviewer: str, image_id: UUID) -> None:
    """Write down that somebody has looked at an original."""
    with database.transaction() as transaction:
        transaction.run("note_look", reviewer=reviewer, image_id=image_id)


def _claim(transaction: Transaction, reviewer: str, image_id: UUID) -> ClaimedReview | None:
    row = transaction.one("claim_review", reviewer=reviewer, image_id=image_id, lease_s=LEASE_S)
    return ClaimedReview(**row) if row else None


@dataclass(frozen=True, slots=True)
class _Deciding:
    """The result that is decided on."""

    result_attempt_id: UUID | None
    result_sha256: str | None


def _begin(transaction: Transaction, reviewer: str, image_id: UUID) -> _Deciding:
    """Lock the image for a decision. Raises NotHeld, ReviewClaimed, ImageUnderway."""
    row = transaction.one("lock_image_to_decide", image_id=image_id)
    if row is None:
        raise NotHeld("The image is gone.")
    if row["reviewer"] not in (None, reviewer):
        raise ReviewClaimed("Another reviewer is at this image. Take the next one.")
    if row["open_attempt_id"] is not None:
        raise ImageUnderway("An attempt at this image is under way. Wait for its result.")
    return _Deciding(row["result_attempt_id"], row["result_sha256"])


def _decide(
    transaction: Transaction,
    reviewer: str,
    image_id: UUID,
    attempt_id: UUID | None,
    kind: str,
    added: Sequence[MarkedBox] = (),
    dropped: Sequence[MarkedBox] = (),
    note: str = "",
) -> None:
    transaction.run(
        "insert_decision",
        id=new_id(),
        image_id=image_id,
        attempt_id=attempt_id,
        reviewer=reviewer,
        kind=kind,
        added=Jsonb([box.model_dump() for box in added]),
        dropped=Jsonb([box.model_dump() for box in dropped]),
        note=note,
    )
    transaction.run("release_review", reviewer=reviewer, image_id=image_id)


def _check_boxes(boxes: Sequence[MarkedBox], image: Row) -> None:
    """Raise BoxOutside unless every box lies on the picture, as far as its size and frames are known.

    Only the first frame's size is stored, and pages differ in size: the worker checks boxes of the others.
    """
    sizes_px = None
    if image["frames"] is not None:
        first = (math.inf, math.inf) if image["width_px"] is None else (image["width_px"], image["height_px"])
        sizes_px = [first, *[(math.inf, math.inf)] * (image["frames"] - 1)]
    for number, box in enumerate(boxes, start=1):
        why = box.miss(sizes_px)
        if why is not None:
            raise BoxOutside(f"Box {number}, {box}, covers no pixel: {why}. Move it onto the picture or leave it out.")


def _is_same(one: MarkedBox, other: MarkedBox) -> bool:
    sides = zip((one.x1, one.y1, one.x2, one.y2), (other.x1, other.y1, other.x2, other.y2), strict=True)
    return one.frame == other.frame and all(abs(a - b) < _SAME_PX for a, b in sides)


def _overlap(one: MarkedBox, other: MarkedBox) -> bool:
    """Whether the boxes overlap at all."""
    return (
        one.frame == other.frame and one.x1 < other.x2 and other.x1 < one.x2 and one.y1 < other.y2 and other.y1 < one.y2
    )
