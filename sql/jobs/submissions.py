"""Writing jobs: images, attempts, batches and outbox rows in one transaction."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from blurline.contract.corrections import Correction
from blurline.errors import PermanentError
from blurline.ids import new_id
from blurline.policy import Policy
from blurline.settings import Settings
from sql.engine.database import Transaction

_SHARED_BY = 4  # slots; also fits one and two
_UNKNOWN_BYTES = 10_000_000  # assumed size of a picture that is not fetched yet, for splitting into batches
Queue = Literal["express", "interactive", "backlog"]


class AlreadySubmitted(PermanentError):
    """The uploaded object already belongs to an image."""

    code = "upload_already_submitted"


@dataclass(frozen=True, slots=True)
class Original:
    """An original in the store, as submitted; one in a ``source``; or (no etag) one to fetch from ``source_url``."""

    name: str
    key: str
    etag: str | None
    size_bytes: int
    source_url: str | None = None
    source: str | None = None
    source_key: str | None = None
    id: UUID = field(default_factory=new_id)


@dataclass(frozen=True, slots=True)
class BatchSize:
    """The limits of one flow run. A correction of more than ``express_px`` pixels does not go to `express`."""

    images: int
    bytes: int
    express_px: int = 24_000_000


def batch_size(settings: Settings) -> BatchSize:
    """The batch size in the settings."""
    scheduling = settings.scheduling
    return BatchSize(
        scheduling.batch_max_images, int(scheduling.batch_max_mb * 1e6), int(scheduling.express_max_mp * 1e6)
    )


@dataclass(frozen=True, slots=True)
class Member:
    """One image of a new batch."""

    image_id: UUID
    size_bytes: int
    number: int = 1
    correction: Correction | None = None
    attempt_id: UUID = field(default_factory=new_id)


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to create. ``retention`` has the requested days by name. ``traceparent`` (W3C) connects its flow runs with
    the request."""

    owner: str
    policy: Policy
    originals: Sequence[Original]
    queue: Queue
    preset: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    retention: Mapping[str, float] = field(default_factory=dict)
    traceparent: str | None = None

    @property
    def size_bytes(self) -> int:
        """The size of all originals whose size is known."""
        return sum(original.size_bytes for original in self.originals)


def write_job(transaction: Transaction, job: NewJob, size: BatchSize) -> UUID:
    """Write a job and return its id. Nothing after the commit can lose it.

    Raises AlreadySubmitted when one of the originals belongs to an image already; the transaction is lost then.
    """
    job_id = new_id()
    originals = job.originals
    members = [Member(original.id, original.size_bytes or _UNKNOWN_BYTES) for original in originals]
    transaction.run(
        "insert_job",
        id=job_id,
        owner=job.owner,
        policy=Jsonb(job.policy.model_dump(mode="json")),
        preset=job.preset,
        labels=Jsonb(dict(job.labels)),
        retention=Jsonb(dict(job.retention)),
        traceparent=job.traceparent,
    )
    keys = [original.key for original in originals]
    deleted = transaction.one("deleted_key", keys=keys)
    if deleted is not None:
        raise AlreadySubmitted(
            f"The upload {deleted['original_key']!r} was deleted. Upload the file again, to a new key."
        )
    try:
        transaction.run(
            "insert_images",
            job_id=job_id,
            image_ids=[original.id for original in originals],
            positions=list(range(len(originals))),
            names=[original.name for original in originals],
            keys=keys,
            etags=[original.etag for original in originals],
            bytes=[original.size_bytes for original in originals],
            source_urls=[original.source_url for original in originals],
            sources=[original.source for original in originals],
            source_keys=[original.source_key for original in originals],
            attempt_ids=[member.attempt_id for member in members],
        )
    except psycopg.errors.UniqueViolation as error:
        raise AlreadySubmitted(
            f"An upload was already submitted: {error.diag.message_detail} Find its job with GET /v1/jobs, or upload "
            "the file again to process it twice."
        ) from error
    add_batches(transaction, job_id, members, job.queue, job.policy.model_dump(mode="json"), size)
    return job_id


def add_batches(
    transaction: Transaction,
    job_id: UUID,
    members: Sequence[Member],
    queue: str,
    policy: Mapping[str, Any],
    size: BatchSize,
    delay_s: float = 0,
    rerun_id: UUID | None = None,
) -> None:
    """Put attempts at images of one job into batches that are dispatched after ``delay_s``. ``policy`` is JSON."""
    batches = [(new_id(), group) for group in split(members, size)]
    placed = [(batch_id, member) for batch_id, group in batches for member in group]
    batch_ids = [batch_id for batch_id, _ in batches]
    transaction.run(
        "insert_batches",
        job_id=job_id,
        queue=queue,
        policy=Jsonb(dict(policy)),
        batch_ids=batch_ids,
        rerun_id=rerun_id,
    )
    add_attempts(transaction, placed)
    transaction.run("insert_outbox", batch_ids=batch_ids, delay_s=delay_s)
    transaction.run("notify_outbox")


def add_attempts(transaction: Transaction, placed: Sequence[tuple[UUID, Member]]) -> None:
    """Write attempts, each given as (batch id, member)."""
    transaction.run(
        "insert_attempts",
        attempt_ids=[member.attempt_id for _, member in placed],
        image_ids=[member.image_id for _, member in placed],
        batch_ids=[batch_id for batch_id, _ in placed],
        numbers=[member.number for _, member in placed],
        corrections=[
            None if member.correction is None else Jsonb(member.correction.model_dump(mode="json"))
            for _, member in placed
        ],
    )


def split(members: Sequence[Member], size: BatchSize) -> Iterator[list[Member]]:
    """Split into groups within ``size``, in order. A single member may exceed its bytes.

    There is a multiple of `_SHARED_BY` groups of the same number of images, as far as ``size`` allows, so that the
    slots of a few workers share even a small job and finish it at the same time.
    """
    total_bytes = sum(member.size_bytes for member in members)
    fit = max(1, min(size.images, size.bytes * len(members) // max(1, total_bytes)))  # images of the mean size
    groups = math.ceil(len(members) / (fit * _SHARED_BY)) * _SHARED_BY
    start = 0
    while start < len(members):
        most = min(size.images, math.ceil((len(members) - start) / max(1, groups)))
        group_bytes = itertools.accumulate(member.size_bytes for member in members[start : start + most])
        end = start + max(1, sum(total <= size.bytes for total in group_bytes))
        yield list(members[start:end])
        start, groups = end, groups - 1
