"""Sending results back to the review gate: published ones that somebody doubts, and decisions that are taken back."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sql.engine.database import Database

_ASKED = "A person asked for a review of this result."


def send_to_review(
    database: Database,
    job_id: UUID,
    image_ids: Sequence[UUID] | None,
    doubt_above: float | None,
    *,
    with_rejected: bool = False,
) -> int:
    """Withdraw results of a job until a reviewer approves them. Return how many.

    Chosen are published images with one of these ids and a doubt above this; ``with_rejected``, also those that a
    reviewer rejected. Images that are being processed, and results that are gone, are left out.
    """
    with database.transaction() as transaction:
        return transaction.run(
            "send_to_review",
            job_id=job_id,
            image_ids=None if image_ids is None else list(image_ids),
            doubt_above=doubt_above,
            with_rejected=with_rejected,
            error_message=_ASKED,
        )
