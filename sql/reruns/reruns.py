"""Re-running images that have ended: selecting, enqueueing, and calling off what is left.

An image that is re-run stays as it is, published or failed, until the new attempt has a result. What a reviewer has
marked stays as it was marked: its boxes are rendered anew and nothing is detected.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from blurline.contract.corrections import Correction
from blurline.policy import Policy
from sql.engine.database import Database, Row, Transaction
from sql.jobs.attempts import call_off, parse_correction, reopen
from sql.jobs.submissions import BatchSize, Member, add_batches

_JOB_CANCELLED = "The job was cancelled; nothing was published."
_RERUN_CANCELLED = "The re-run was cancelled."


@dataclass(frozen=True, slots=True)
class Selection:
    """Which images to re-run; a field of None does not restrict.

    ``score_below``: only images with a destroyed face of a lower score. ``made_with_another_model``: only
    images whose result was made with another model than the present one of their profile.
    """

    states: tuple[str, ...]
    submitted_from: datetime | None = None
    submitted_until: datetime | None = None
    owner: str | None = None
    job_id: UUID | None = None
    made_with_another_model: bool = False
    score_below: float | None = None
    limit: int = 1000


@dataclass(frozen=True, slots=True)
class Selected:
    """An image to be re-run, and the policy that it would be re-run with."""

    image_id: UUID
    job_id: UUID
    name: str
    state: str
    original_bytes: int
    number: int
    policy: Policy
    correction: Correction | None


def select(
    transaction: Transaction, selection: Selection, current_models: Mapping[str, str], overrides: Mapping[str, Any]
) -> list[Selected]:
    """The images that match, oldest first, locked until the transaction ends."""
    return [
        Selected(
            **{
                **row,
                "policy": Policy.model_validate({**row["policy"], **overrides}),
                "correction": parse_correction(row["correction"]),
            }
        )
        for row in _matching(transaction, selection, current_models, has_original=True)
    ]


def count_without_original(transaction: Transaction, selection: Selection, current_models: Mapping[str, str]) -> int:
    """How many images would match, but their original is gone; counted up to the selection's limit."""
    return len(_matching(transaction, selection, current_models, has_original=False))


def enqueue(transaction: Transaction, selected: Sequence[Selected], rerun_id: UUID, size: BatchSize) -> None:
    """Put the images into batches of the `backlog` queue."""
    for _, group in groupby(sorted(selected, key=_kind), key=_kind):
        same = list(group)
        members = [Member(image.image_id, image.original_bytes, image.number + 1, image.correction) for image in same]
        policy = same[0].policy.model_dump(mode="json")
        add_batches(transaction, same[0].job_id, members, "backlog", policy, size, rerun_id=rerun_id)
        reopen(transaction, members)


def is_rerun(database: Database, rerun_id: UUID) -> bool:
    """Whether images were ever enqueued under this id."""
    with database.transaction() as transaction:
        return transaction.one("rerun", rerun_id=rerun_id) is not None


def call_off_rerun(database: Database, rerun_id: UUID) -> tuple[int, list[UUID]]:
    """Call off what is left of a re-run: how many images, and the flow runs at work on them."""
    return _call_off(database, "rerun_cancelled", _RERUN_CANCELLED, rerun_id=rerun_id)


def call_off_job(database: Database, job_id: UUID) -> tuple[int, list[UUID]]:
    """Call off what is left of a job: how many images, and the flow runs at work on them."""
    return _call_off(database, "job_cancelled", _JOB_CANCELLED, job_id=job_id)


def _call_off(
    database: Database, code: str, message: str, rerun_id: UUID | None = None, job_id: UUID | None = None
) -> tuple[int, list[UUID]]:
    """Until nothing is open: an attempt may have been replaced by another while this went on."""
    images = 0
    flow_run_ids: set[UUID] = set()
    while True:
        with database.transaction() as transaction:
            rows = transaction.all("open_attempts", rerun_id=rerun_id, job_id=job_id)
            if not rows:
                return images, sorted(flow_run_ids)
            transaction.run("drop_outbox", batch_ids=list({row["batch_id"] for row in rows}))
            images += call_off(transaction, [row["attempt_id"] for row in rows], code, message)
            flow_run_ids |= {row["flow_run_id"] for row in rows if row["flow_run_id"]}


def _matching(
    transaction: Transaction, selection: Selection, current_models: Mapping[str, str], *, has_original: bool
) -> list[Row]:
    fields = {name: getattr(selection, name) for name in Selection.__slots__} | {"states": list(selection.states)}
    models = Jsonb(dict(current_models))
    return transaction.all("images_to_rerun", **fields, current_models=models, has_original=has_original)


def _kind(image: Selected) -> tuple[UUID, str]:
    return image.job_id, image.policy.model_dump_json()
