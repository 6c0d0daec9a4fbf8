"""Publish the result of an attempt, or keep it at the review gate. Needs NumPy, so the API does not import it."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from psycopg.types.json import Jsonb

from blurline.decision.choice import Choice
from blurline.decision.doubt import Doubt
from blurline.picture.photo import PictureNote
from blurline.policy import Policy
from sql.deletion.legal_holds import is_protected
from sql.engine.database import Transaction
from sql.jobs.attempts import Attempt
from sql.jobs.settlement import Settled, finish


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
    transaction.run("insert_detections", attempt_id=attempt.id, **_columns(result.choices))
    if reason:
        finish(transaction, attempt, "held", reason.code, reason.message)
    else:
        finish(transaction, attempt, "published")
    if row["replaced_key"] is None or is_protected(transaction, row["job_id"], attempt.image_id):
        return Settled(is_won=True)
    return Settled(is_won=True, replaced_key=row["replaced_key"])


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
