"""Publish the result of an attempt, keep it at the review gate, or keep a refused file for the reviewers.

Needs NumPy, so the API does not import it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from psycopg.types.json import Jsonb

from blurline.decision.choice import Choice
from blurline.decision.doubt import Doubt
from blurline.decision.finding import Findings
from blurline.picture.photo import PictureNote
from blurline.policy import Policy
from blurline.version import VERSION
from sql.deletion.legal_holds import is_protected
from sql.engine.database import Transaction
from sql.jobs.attempts import Attempt
from sql.jobs.settlement import Settled, finish, send_to_review


@dataclass(frozen=True, slots=True)
class Result:
    """A stored result, and the policy and model that made it."""

    key: str
    media_type: str
    size_bytes: int
    sha256: str
    original_sha256: str
    width_px: int
    height_px: int
    choices: tuple[Choice, ...]
    doubt: Doubt
    notes: tuple[PictureNote, ...]
    policy: Policy
    model: dict[str, Any]
    processing_ms: float
    stage_ms: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReviewReason:
    """The reason why a result waits at the review gate: a code, and a sentence for the reviewer."""

    code: str
    message: str


def publish(transaction: Transaction, attempt: Attempt, result: Result, reason: ReviewReason | None = None) -> Settled:
    """Make ``result`` the image's result, if the attempt is still its open one.

    With a ``reason`` the result waits at the review gate, and nobody but a reviewer can fetch it. An attempt whose
    publication was committed without its worker learning of it finds its own result here and has won.
    """
    settled = _store(transaction, attempt, result, reason)
    if settled is None:
        return Settled(is_won=_is_result(transaction, attempt))
    if reason:
        finish(transaction, attempt, "held", reason.code, reason.message)
    else:
        finish(transaction, attempt, "published")
    return settled


def hold_refused(
    transaction: Transaction, attempt: Attempt, result: Result, findings: Findings, reason: ReviewReason
) -> Settled:
    """Send the image to review, if the attempt is still its open one, because the written file failed its check.

    ``findings``: the places for which it failed.

    The file becomes the image's result where the image has none that could be published; nothing can ever publish it.
    Otherwise the image keeps its result, and the file is the one that is replaced.
    """
    room = transaction.one("room_for_refused_file", image_id=attempt.image_id, attempt_id=attempt.id)
    if room is None:
        return Settled(is_won=_is_result(transaction, attempt))
    settled = None
    if room["has_room"]:
        settled = _store(transaction, attempt, result, reason, is_refused=True)
        finish(transaction, attempt, "needs_review", reason.code, reason.message)
    else:
        send_to_review(transaction, attempt, reason.code, reason.message)
    places = Jsonb([asdict(finding) for finding in findings])
    transaction.run("note_findings", attempt_id=attempt.id, findings=places)
    transaction.run("note_refused_file", image_id=attempt.image_id, attempt_id=attempt.id)
    return settled or Settled(is_won=True, replaced_key=result.key)


def _store(
    transaction: Transaction, attempt: Attempt, result: Result, reason: ReviewReason | None, *, is_refused: bool = False
) -> Settled | None:
    """Make ``result`` the image's result. None when another attempt has replaced this one."""
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
        state="needs_review" if reason else "published",
        error_code=reason.code if reason else None,
        error_message=reason.message if reason else None,
        faces=sum(len(choice.faces) for choice in result.choices),
        others_found=_count_others(result.choices),
        frames=len(result.choices),
        notes=Jsonb([asdict(note) for note in result.notes]),
        doubt=None if is_refused else result.doubt.value,
        doubt_reasons=None if is_refused else Jsonb(result.doubt.reasons),
        policy=Jsonb(result.policy.model_dump(mode="json")),
        model=Jsonb(result.model),
        processing_ms=result.processing_ms,
        stage_ms=Jsonb(result.stage_ms) if result.stage_ms else None,
        version=VERSION,
    )
    if row is None:
        return None
    transaction.run("insert_detections", attempt_id=attempt.id, **_columns(result.choices))
    if row["replaced_key"] is None or is_protected(transaction, row["job_id"], attempt.image_id):
        return Settled(is_won=True)
    return Settled(is_won=True, replaced_key=row["replaced_key"])


def _is_result(transaction: Transaction, attempt: Attempt) -> bool:
    now = transaction.one("result_of_image", image_id=attempt.image_id)
    return now is not None and now["result_attempt_id"] == attempt.id


def _columns(choices: tuple[Choice, ...]) -> dict[str, list[Any]]:
    """The columns of the table ``detections``: frame by frame, faces and then the other classes."""
    parts = [(frame, name, each) for frame, choice in enumerate(choices) for name, each in choice.by_class.items()]
    counts = [len(each.rows) for _, _, each in parts]
    rows = np.concatenate([each.rows for _, _, each in parts])
    return {
        "frame": np.repeat([frame for frame, _, _ in parts], counts).tolist(),
        "class_name": np.repeat([name for _, name, _ in parts], counts).tolist(),
        "destroyed": np.concatenate([each.is_destroyed for _, _, each in parts]).tolist(),
        **dict(zip(("x1", "y1", "x2", "y2", "score"), rows.astype(float).T.tolist(), strict=True)),
    }


def _count_others(choices: tuple[Choice, ...]) -> Jsonb | None:
    """How many objects of each class beside faces are destroyed; None if there are none."""
    counts = Counter(
        name for choice in choices for name, each in choice.others.items() for _ in range(int(each.is_destroyed.sum()))
    )
    return Jsonb(dict(sorted(counts.items()))) if counts else None
