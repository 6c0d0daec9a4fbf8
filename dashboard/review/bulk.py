"""Decisions on many images at once, and taking them back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from blurline.client import Client
from blurline.contract import Image, ReviewSelection
from blurline.errors import BlurlineError

Verdict = Literal["approved", "rejected"]

_AT_ONCE = 4
_ANOTHER_NEEDED = "another_reviewer_needed"


@dataclass(frozen=True, slots=True)
class Decided:
    """An image that was decided here. ``awaits_another``: it was approved, and another reviewer must approve it too."""

    image_id: UUID
    job_id: UUID
    name: str
    verdict: Verdict
    awaits_another: bool = False


@dataclass(frozen=True, slots=True)
class BulkOutcome:
    """What became of several decisions: those that hold, how many images were left out because another reviewer must
    approve them, and by name why others were refused."""

    decided: tuple[Decided, ...]
    refused: dict[str, str]
    awaiting_another: int = 0


def decide(client: Client, images: Sequence[Image], verdict: Verdict, note: str = "") -> BulkOutcome:
    """Approve or reject images, each by itself. An approval publishes only the result that the list has shown."""

    def one(image: Image) -> Decided | BlurlineError:
        try:
            if verdict == "approved":
                shown = client.approve(image.id, image.result_sha256 or "0")
            else:
                shown = client.reject(image.id, note)
        except BlurlineError as error:
            return error
        return Decided(image.id, image.job_id, image.name, verdict, awaits_another=shown.state == "needs_review")

    with ThreadPoolExecutor(_AT_ONCE) as threads:
        ends = list(threads.map(one, images))
    refusals = [(image.name, end) for image, end in zip(images, ends, strict=True) if isinstance(end, BlurlineError)]
    return BulkOutcome(
        tuple(end for end in ends if isinstance(end, Decided)),
        {name: str(error) for name, error in refusals if error.code != _ANOTHER_NEEDED},
        sum(error.code == _ANOTHER_NEEDED for _, error in refusals),
    )


def take_back(client: Client, decided: Sequence[Decided]) -> int:
    """Send decided images back to review. Return how many; those that have changed since are left out."""
    by_job: defaultdict[UUID, list[UUID]] = defaultdict(list)
    for each in decided:
        by_job[each.job_id].append(each.image_id)
    return sum(client.send_to_review(job, ReviewSelection(image_ids=ids)) for job, ids in by_job.items())
