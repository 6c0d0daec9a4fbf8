"""Attempts at images: starting, publishing, failing, and making them anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import groupby
from typing import Any, Literal
from uuid import UUID

import numpy as np
from psycopg.types.json import Jsonb
from pydantic import ValidationError

from blurline.contract.corrections import Correction
from blurline.decision.choice import Choice
from blurline.decision.doubt import Doubt
from blurline.errors import DatabaseUnavailable, PermanentError, StoreUnavailable
from blurline.picture.photo import Note
from blurline.policy import Policy
from blurline.settings import Settings
from blurline.version import VERSION
from sql.engine.database import Database, Row, Transaction
from sql.jobs.submissions import BatchSize, Member, add_attempts, add_batches, batch_size


class NeedsNewerWorker(PermanentError):
    """A newer release made the batch, and asks in it for what this release does not know."""

    code = "needs_newer_worker"

    def __init__(self, message: str, attempt_ids: Sequence[UUID]) -> None:
        super().__init__(message)
        self.attempt_ids = attempt_ids


OUTAGES = (StoreUnavailable.code, DatabaseUnavailable.code, NeedsNewerWorker.code)
"""Codes of attempts that ended through no fault of their picture: by an outage, or in the hands of an old worker."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that is still to be made, and the original that it reads: stored, or (no etag) at ``source_url``."""

    id: UUID
    image_id: UUID
    number: int
    name: str
    original_key: str
    original_etag: str | None
    original_bytes: int
    source_url: str | None
    correction: Correction | None


@dataclass(frozen=True, slots=True)
class Batch:
    """What one flow run carries."""

    id: UUID
    job_id: UUID
    policy: Policy
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """A stored result and what it was made with."""

    key: str
    media_type: str
    size_bytes: int
    sha256: str
    original_sha256: str
    width_px: int
    height_px: int
    choices: tuple[Choice, ...]
    doubt: Doubt
    notes: tuple[Note, ...]
    policy: Policy
    model: dict[str, Any]
    processing_ms: float
    stage_ms: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Held:
    """Why a result waits for a person before it is published."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Settled:
    """Whether an attempt settled its image, and the key of the result that it has replaced."""

    is_won: bool
    replaced_key: str | None = None


@dataclass(frozen=True, slots=True)
class Retrying:
    """How often and how soon an image is attempted again.

    An attempt that an outage of the store or the database has ended is not the picture's fault: it does not
    count towards ``max_attempts`` but towards ``max_outages``, with waits of up to ``max_backoff_s``.
    """

    max_attempts: int
    backoff_s: float
    size: BatchSize
    max_outages: int = 100
    max_backoff_s: float = 300


def retrying(settings: Settings) -> Retrying:
    """What the settings say of new attempts."""
    return Retrying(settings.max_attempts, settings.attempt_backoff_s, batch_size(settings))


def start_batch(database: Database, batch_id: UUID, *, is_retry: bool = False) -> Batch | None:
    """The batch with the attempts in it that are still to be made; None when there is no such batch.

    When an operator retries its flow run (``is_retry``), images that failed in it are attempted once more. Raises
    NeedsNewerWorker when the policy asks for what this release does not know: to ignore it might leave a face visible.
    """
    with database.transaction() as transaction:
        row = transaction.one("batch", batch_id=batch_id)
        if row is None:
            return None
        if is_retry:
            revive(transaction, batch_id)
        attempts = [Attempt(**_renamed(found)) for found in transaction.all("start_attempts", batch_id=batch_id)]
    try:
        policy = Policy.model_validate(row["policy"])
    except ValidationError as error:
        raise NeedsNewerWorker(
            f"Blurline {VERSION} does not understand the policy of this batch, which a newer release has made. "
            "It is left to a newer worker.",
            [attempt.id for attempt in attempts],
        ) from error
    return Batch(row["id"], row["job_id"], policy, tuple(attempts))


def publish(transaction: Transaction, attempt: Attempt, result: Result, held: Held | None = None) -> Settled:
    """Make ``result`` the image's own, if the attempt still is the one that may; not for anyone to fetch if ``held``.

    An attempt whose publication was committed without its worker hearing of it meets itself here and has won.
    """
    row = transaction.one(
        "publish_image",
        image_id=attempt.image_id,
        attempt_id=attempt.id,
        result_key=result.key,
        media_type=result.media_type,
        result_bytes=result.size_bytes,
        result_sha256=result.sha256,
        original_sha256=result.original_sha256,
        width_px=result.width_px,
        height_px=result.height_px,
        state="needs_review" if held else "published",
        error_code=held.code if held else None,
        error_message=held.message if held else None,
        faces=sum(len(choice.faces) for choice in result.choices),
        frames=len(result.choices),
        notes=Jsonb([asdict(note) for note in result.notes]),
        doubt=result.doubt.value,
        doubt_reasons=Jsonb(result.doubt.reasons),
        policy=Jsonb(result.policy.model_dump(mode="json")),
        model=Jsonb(result.model),
        processing_ms=result.processing_ms,
        stage_ms=Jsonb(result.stage_ms) if result.stage_ms else None,
    )
    if row is None:
        now = transaction.one("result_of_image", image_id=attempt.image_id)
        return Settled(is_won=now is not None and now["result_attempt_id"] == attempt.id)
    rows = np.concatenate([choice.rows for choice in result.choices])
    transaction.run(
        "insert_detections",
        attempt_id=attempt.id,
        frame=np.repeat(np.arange(len(result.choices)), [len(choice.rows) for choice in result.choices]).tolist(),
        destroyed=np.concatenate([choice.is_destroyed for choice in result.choices]).tolist(),
        **dict(zip(("x1", "y1", "x2", "y2", "score"), rows.astype(float).T.tolist(), strict=True)),
    )
    if held:
        _finish(transaction, attempt, "held", held.code, held.message)
    else:
        _finish(transaction, attempt, "published")
    return Settled(is_won=True, replaced_key=row["replaced_key"])


def approve(transaction: Transaction, image_id: UUID) -> bool:
    """Publish the result that an image is held with. False when it is not held, has no result or is being re-run."""
    return transaction.one("approve_image", image_id=image_id) is not None


def fail(transaction: Transaction, attempt: Attempt, code: str, message: str) -> bool:
    """End the image as failed, if the attempt still is the one that may. True when it did."""
    return _close(transaction, attempt, "failed", code, message)


def hold_for_review(transaction: Transaction, attempt: Attempt, code: str, message: str) -> bool:
    """End the attempt unpublished, for a person to look at. True when it did."""
    return _close(transaction, attempt, "needs_review", code, message)


def withdraw(transaction: Transaction, attempt: Attempt, code: str, message: str) -> bool:
    """End the attempt and have the image reviewed, with its earlier result if it has one. True when it did."""
    row = transaction.one(
        "withdraw_image", image_id=attempt.image_id, attempt_id=attempt.id, error_code=code, error_message=message
    )
    if row is not None:
        _finish(transaction, attempt, "needs_review", code, message)
    return row is not None


def try_again(
    transaction: Transaction, attempt_ids: Sequence[UUID], code: str, message: str, retrying: Retrying
) -> None:
    """Close open attempts that came to nothing; make new ones, or fail images that have had enough."""
    rows = _close_attempts(transaction, attempt_ids, "retried", code, message)
    is_outage = code in OUTAGES
    for row in rows:
        row["is_exhausted"] = (
            row["number"] >= retrying.max_outages if is_outage else row["strikes"] + 1 >= retrying.max_attempts
        )
        if row["is_exhausted"]:
            transaction.run(
                "fail_image",
                image_id=row["image_id"],
                attempt_id=row["attempt_id"],
                state="failed",
                error_code=code,
                error_message=f"{message} (given up after {row['number']} attempts)",
            )
    again = [row for row in rows if not row["is_exhausted"]]
    for _, group in groupby(sorted(again, key=_kind), key=_kind):
        same = list(group)
        number = same[0]["number"]
        members = [_next(row) for row in same]
        add_batches(
            transaction,
            same[0]["job_id"],
            members,
            same[0]["queue"],
            same[0]["policy"],
            retrying.size,
            delay_s=min(retrying.backoff_s * 2.0 ** min(number - 1, 20), retrying.max_backoff_s),
            rerun_id=same[0]["rerun_id"],
        )
        reopen(transaction, members)


def call_off(transaction: Transaction, attempt_ids: Sequence[UUID], code: str, message: str) -> int:
    """Close open attempts that somebody cancelled, and return how many there were.

    An image that was published, failed or held before a re-run is so again; one that was never finished fails.
    """
    rows = _close_attempts(transaction, attempt_ids, "given_up", code, message)
    image_ids = [row["image_id"] for row in rows]
    transaction.run("release_images", image_ids=image_ids, error_code=code, error_message=message)
    return len(rows)


def revive(transaction: Transaction, batch_id: UUID) -> None:
    """Open a further attempt, in the same batch, at each image that failed in it through no fault of its own."""
    members = [_next(row) for row in transaction.all("revive_attempts", batch_id=batch_id)]
    add_attempts(transaction, [(batch_id, member) for member in members])
    reopen(transaction, members)


def reopen(transaction: Transaction, members: Sequence[Member]) -> None:
    """Make the members' attempts the ones that may settle their images."""
    transaction.run(
        "reopen_images",
        image_ids=[member.image_id for member in members],
        attempt_ids=[member.attempt_id for member in members],
    )


def parse_correction(column: Any) -> Correction | None:
    """The column ``attempts.correction`` as it is meant."""
    return None if column is None else Correction.model_validate(column)


def _next(row: Row) -> Member:
    """The attempt that follows an attempt, with the same boxes where a person has given them."""
    return Member(row["image_id"], row["original_bytes"], row["number"] + 1, parse_correction(row["correction"]))


def _close_attempts(
    transaction: Transaction, attempt_ids: Sequence[UUID], outcome: str, code: str, message: str
) -> list[Row]:
    return transaction.all(
        "close_attempts",
        attempt_ids=list(attempt_ids),
        outcome=outcome,
        error_code=code,
        error_message=message,
        outages=list(OUTAGES),
    )


def _close(
    transaction: Transaction, attempt: Attempt, outcome: Literal["failed", "needs_review"], code: str, message: str
) -> bool:
    row = transaction.one(
        "fail_image",
        image_id=attempt.image_id,
        attempt_id=attempt.id,
        state=outcome,
        error_code=code,
        error_message=message,
    )
    if row is not None:
        _finish(transaction, attempt, outcome, code, message)
    return row is not None


def _finish(
    transaction: Transaction, attempt: Attempt, outcome: str, code: str | None = None, message: str | None = None
) -> None:
    transaction.run(
        "finish_attempt",
        attempt_id=attempt.id,
        outcome=outcome,
        error_code=code,
        error_message=message,
        version=VERSION,
    )


def _kind(row: dict[str, Any]) -> tuple[UUID, int]:
    return row["batch_id"], row["number"]


def _renamed(row: dict[str, Any]) -> dict[str, Any]:
    """An attempt's columns as its fields."""
    known = {name: value for name, value in row.items() if name not in ("attempt_id", "correction")}
    return {"id": row["attempt_id"], **known, "correction": parse_correction(row["correction"])}
