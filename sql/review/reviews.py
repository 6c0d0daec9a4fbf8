"""Review: claims on images, and reviewers' decisions."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
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
from sql.jobs.retries import cancel_attempts
from sql.jobs.settlement import approve, approve_first
from sql.jobs.submissions import BatchSize, Member, Queue, add_batches

LEASE_S = 300
_REPLACED = "A reviewer's correction replaced the re-run."
_WITHDRAWN = "A reviewer marked a face that this result shows. It is withdrawn until it is corrected."
_SAME_PX = 0.01


class ReviewClaimed(PermanentError):
    """Another reviewer has claimed the image."""

    code = "review_claimed"


class NotHeld(PermanentError):
    """The image has no result to decide on."""

    code = "not_held"


class ResultChanged(PermanentError):
    """The image has a newer result than the one the reviewer has seen."""

    code = "result_changed"


class FramesUnseen(PermanentError):
    """The picture has frames or pages that the reviewer has not seen."""

    code = "frames_unseen"


class ResultRefused(PermanentError):
    """The result failed Blurline's own check, so nobody can publish it."""

    code = "result_refused"


class MarksMissing(PermanentError):
    """A reviewer has marked a face in the result, and no correction has destroyed it."""

    code = "marks_missing"


class AnotherReviewerNeeded(PermanentError):
    """The reviewer has given the first of two approvals; another reviewer must give the second."""

    code = "another_reviewer_needed"


class ImageUnderway(PermanentError):
    """An attempt at the image is running; its result must be awaited."""

    code = "image_underway"


class BoxOutside(PermanentError):
    """A box of a correction covers no pixel of the picture."""

    code = "box_outside"


class OriginalGone(PermanentError):
    """The image's original is no longer stored."""

    code = "original_gone"


@dataclass(frozen=True, slots=True)
class ClaimedReview:
    """An image that a reviewer has claimed, and the end of the claim."""

    image_id: UUID
    until: datetime


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """A decision, with columns of the table ``decisions``."""

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
    """Claim the most doubtful waiting image that no other reviewer has claimed. None if there is none."""
    while True:
        with database.transaction() as transaction:
            found = transaction.one("next_to_review", reviewer=reviewer, skip=list(skip))
            if found is None:
                return None
            claimed = _claim(transaction, reviewer, found["image_id"])
        if claimed is not None:  # or another reviewer was faster
            return claimed


def claim(database: Database, reviewer: str, image_id: UUID) -> ClaimedReview:
    """Claim an image, or extend the claim. Raises ReviewClaimed."""
    with database.transaction() as transaction:
        claimed = _claim(transaction, reviewer, image_id)
    if claimed is None:
        raise ReviewClaimed("Another reviewer has claimed this image. Take the next one.")
    return claimed


def release(database: Database, reviewer: str, image_id: UUID) -> None:
    """Release a claimed image."""
    with database.transaction() as transaction:
        transaction.run("release_review", reviewer=reviewer, image_id=image_id)


def count_waiting(database: Database) -> int:
    """The number of images that wait for review."""
    with database.transaction() as transaction:
        row = transaction.one("count_to_review")
    assert row is not None
    return int(row["images"])


def approve_image(
    database: Database,
    reviewer: str,
    image_id: UUID,
    seen_sha256: str,
    frames_shown: Collection[int] = (),
    least_reviewers: int = 1,
) -> None:
    """Publish an image's result at the review gate, if it is the one that the reviewer has seen, with all its frames.

    Where its policy, or the installation with ``least_reviewers``, demands two reviewers, the first approval is noted
    and the image stays there for another reviewer. Raises ReviewClaimed, NotHeld, ResultChanged, ResultRefused,
    FramesUnseen, MarksMissing, AnotherReviewerNeeded and ImageUnderway.
    """
    with database.transaction() as transaction:
        image = _begin(transaction, reviewer, image_id)
        if image.open_attempt_id is not None:
            raise ImageUnderway("This image is being processed. Wait for its result.")
        if image.result_sha256 not in (None, seen_sha256):
            raise ResultChanged("The image has a newer result than the one you have seen. Review that one.")
        if image.is_refused:
            raise ResultRefused(
                "This file failed Blurline's check, so it is never published. Correct the image, or reject it."
            )
        if image.frames > 1 and not set(range(image.frames)) <= set(frames_shown):
            raise FramesUnseen(f"The picture has {image.frames} frames. Look at each of them before you approve it.")
        if image.shows_a_mark:
            raise MarksMissing("A reviewer has marked a face that this result shows. Correct the image, or reject it.")
        needs_two = max(image.approvals, least_reviewers) > 1
        if needs_two and image.first_reviewer == reviewer:
            raise AnotherReviewerNeeded(
                "You have already approved or corrected this result. Another reviewer must approve it too; "
                "you can still correct or reject it."
            )
        is_first = needs_two and image.first_reviewer is None
        if not (approve_first if is_first else approve)(transaction, image_id):
            raise NotHeld("The image has no result that waits for review, so there is nothing to approve.")
        _decide(transaction, reviewer, image_id, image.result_attempt_id, "approved")
        if is_first:
            transaction.one("tell_of_first_approval", image_id=image_id)


def reject_image(database: Database, reviewer: str, image_id: UUID, note: str) -> None:
    """Withdraw an image permanently, and cancel what is being made of it. Raises ReviewClaimed and NotHeld."""
    said = note or "A reviewer rejected the result."
    with database.transaction() as transaction:
        image = _begin(transaction, reviewer, image_id)
        was_underway = image.open_attempt_id is not None
        if image.open_attempt_id is not None:
            cancel_attempts(transaction, [image.open_attempt_id], "rejected", said)
        if not transaction.run("reject_image", image_id=image_id, error_message=said, was_underway=was_underway):
            raise NotHeld("The image is neither published nor waiting for review, so there is nothing to reject.")
        _decide(transaction, reviewer, image_id, image.result_attempt_id, "rejected", note=note)


def correct_image(
    database: Database,
    reviewer: str,
    image_id: UUID,
    destroy: Sequence[MarkedBox],
    size: BatchSize,
    *,
    note: str,
    is_held: bool,
    least_reviewers: int = 1,
) -> None:
    """Render an image again with exactly these boxes destroyed, in place of a re-run that is under way.

    Where its policy, or the installation with ``least_reviewers``, demands two reviewers, the new result waits for the
    approval of another one.
    A published image in which the reviewer marks another face is withdrawn until the new result is ready; any other
    keeps its state and result until then. Raises ReviewClaimed, NotHeld, ImageUnderway, OriginalGone and BoxOutside.
    """
    with database.transaction() as transaction:
        deciding = _begin(transaction, reviewer, image_id)
        if deciding.is_being_corrected or (deciding.open_attempt_id and deciding.result_attempt_id is None):
            raise ImageUnderway("This image is being processed. Wait for its result.")
        if deciding.open_attempt_id is not None:
            cancel_attempts(transaction, [deciding.open_attempt_id], "rerun_cancelled", _REPLACED)
        attempt_id = deciding.result_attempt_id
        image = transaction.one("image_to_correct", image_id=image_id)
        if image is None:
            raise NotHeld("The image has no result to correct. Re-run it first.")
        if image["original_gone_at"] is not None:
            raise OriginalGone("The original is no longer stored, so the image cannot be corrected.")
        _check_boxes(destroy, image)
        found = [
            MarkedBox(**{**row, "score": min(max(row["score"], 0.0), 1.0)})
            for row in transaction.all("destroyed_boxes", attempt_id=attempt_id)
        ]
        added = [box for box in destroy if not any(_is_same(box, each) for each in found)]
        dropped = [box for box in found if not any(_is_same(box, each) for each in destroy)]
        before = parse_correction(image["correction"]) or Correction()
        still_left = [box for box in before.leave if not any(_overlap(new, box) for new in added)]
        needs_two = max(deciding.approvals, least_reviewers) > 1
        correction = Correction(
            destroy=tuple(destroy),
            leave=(*dropped, *still_left),
            is_held=is_held or needs_two,
            is_first_approval=needs_two,
        )
        member = Member(image_id, image["original_bytes"], image["number"] + 1, correction)
        pixels = (image["width_px"] or 0) * (image["height_px"] or 0) * (image["frames"] or 1)
        queue: Queue = "express" if pixels <= size.express_px else "interactive"
        add_batches(transaction, image["job_id"], [member], queue, image["policy"], size)
        reopen(transaction, [member])
        if added:
            transaction.run("withdraw_published_image", image_id=image_id, message=_WITHDRAWN)
        _decide(transaction, reviewer, image_id, attempt_id, "corrected", added, dropped, note)


def list_decisions(database: Database, image_id: UUID) -> list[DecisionRow]:
    """Every decision on an image, oldest first."""
    with database.transaction() as transaction:
        return [DecisionRow(**row) for row in transaction.all("decisions", image_id=image_id)]


def record_view(database: Database, reviewer: str, image_id: UUID) -> None:
    """Record that a reviewer has viewed an original."""
    with database.transaction() as transaction:
        transaction.run("record_view", reviewer=reviewer, image_id=image_id)


def record_look(database: Database, reviewer: str, image_id: UUID) -> bool:
    """Record that a reviewer looks around in an original, at most once a minute. Return whether it was recorded."""
    with database.transaction() as transaction:
        return bool(transaction.run("record_look", reviewer=reviewer, image_id=image_id))


def _claim(transaction: Transaction, reviewer: str, image_id: UUID) -> ClaimedReview | None:
    row = transaction.one("claim_review", reviewer=reviewer, image_id=image_id, lease_s=LEASE_S)
    return ClaimedReview(**row) if row else None


@dataclass(frozen=True, slots=True)
class _Deciding:
    """The result to decide on."""

    result_attempt_id: UUID | None
    result_sha256: str | None
    open_attempt_id: UUID | None
    is_being_corrected: bool
    shows_a_mark: bool
    is_refused: bool
    frames: int
    approvals: int
    first_reviewer: str | None


def _begin(transaction: Transaction, reviewer: str, image_id: UUID) -> _Deciding:
    """Lock the image for a decision. Raises NotHeld and ReviewClaimed."""
    transaction.one("lock_image_to_decide", image_id=image_id)
    row = transaction.one("image_to_decide", image_id=image_id)
    if row is None:
        raise NotHeld("The image was deleted.")
    if row["reviewer"] not in (None, reviewer):
        raise ReviewClaimed("Another reviewer has claimed this image. Take the next one.")
    return _Deciding(
        row["result_attempt_id"],
        row["result_sha256"],
        row["open_attempt_id"],
        row["is_being_corrected"],
        bool(row["shows_a_mark"]),
        row["is_refused"],
        row["frames"] or 1,
        row["approvals"],
        row["first_reviewer"],
    )


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
    return (one.frame, one.class_name) == (other.frame, other.class_name) and all(
        abs(a - b) < _SAME_PX for a, b in sides
    )


def _overlap(one: MarkedBox, other: MarkedBox) -> bool:
    """Whether the boxes overlap at all."""
    return (
        one.frame == other.frame and one.x1 < other.x2 and other.x1 < one.x2 and one.y1 < other.y2 and other.y1 < one.y2
    )
