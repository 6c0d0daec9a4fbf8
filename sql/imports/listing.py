"""Listing the source of an import: its objects become images of jobs, one transaction a job.

The position in the source is saved in the transaction that writes the job. So a process that is killed loses nothing
and doubles nothing: the next one goes on after the last job.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from uuid import UUID

import structlog

from blurline.contract.imports import SAMPLE, ImportPreview, ImportRequest, SampledObject
from blurline.errors import BlurlineError
from blurline.ids import new_id
from blurline.policy import Policy
from blurline.settings import Settings
from blurline.storage.original_keys import direct_key
from blurline.storage.sources import Source, SourceObject
from sql.engine.database import Database, Transaction
from sql.imports.destinations import add_destination_results
from sql.imports.imports import ImportRow, find_import, parse_import
from sql.jobs.quotas import OverQuota, charge, default_quotas, look_up
from sql.jobs.submissions import NewJob, Original, batch_size, write_job

log = structlog.get_logger()

LEASE_S = 120.0
_MOST_LISTED = 20_000  # between two savings of the position
_PAUSE_S = 60
_AT_ONCE = 1000
_MAX_NAME = 255


@dataclass(slots=True)
class Step:
    """Objects that were listed together: those that pass the filters, and the last key of all."""

    matched: list[SourceObject] = field(default_factory=list)
    size_bytes: int = 0
    listed: int = 0
    last_key: str = ""


@dataclass(frozen=True, slots=True)
class StepSize:
    """The most images and bytes of one job."""

    images: int
    bytes: float


def preview_import(
    database: Database, request: ImportRequest, source: Source, most_listed: int | None = None
) -> ImportPreview:
    """What the import would take, from the beginning of the source, of up to ``most_listed`` objects."""
    found = islice(source.objects(request.prefix), None if most_listed is None else most_listed + 1)
    listed = matched = size_bytes = known = 0
    sample: list[SampledObject] = []
    is_complete = True
    for step in steps(found, request, StepSize(_AT_ONCE, math.inf)):
        is_complete = most_listed is None or listed + step.listed <= most_listed
        taken = _known(database, request.name, step.matched)
        listed, matched, size_bytes = listed + step.listed, matched + len(step.matched), size_bytes + step.size_bytes
        known += len(taken)
        new = (each for each in step.matched if object_hash(each) not in taken)
        sample += [SampledObject(path=each.path, size_bytes=each.size_bytes, modified_at=each.modified_at)
                   for each in islice(new, SAMPLE - len(sample))]  # fmt: skip
    return ImportPreview(
        listed=listed, matched=matched, matched_bytes=size_bytes, known=known, is_complete=is_complete, sample=sample
    )


def run_import(database: Database, settings: Settings, source: Source, import_id: UUID, max_s: float) -> ImportRow:
    """Take objects until the source is listed, ``max_s`` is over, or the import has to wait; return how far it came.

    Does nothing when another process lists it, or it is not running. Raises StoreUnavailable and DatabaseUnavailable
    after it has postponed the import.
    """
    lister = _Lister(database, settings, import_id)
    leased = lister.lease()
    if leased is not None:
        try:
            lister.run(leased, source, time.monotonic() + max_s)
        except OverQuota as error:
            lister.postpone(str(error), error.retry_after_s)
        except BlurlineError as error:
            lister.postpone(str(error), _PAUSE_S)
            raise
    found = find_import(database, import_id)
    assert found is not None
    return found


def steps(objects: Iterable[SourceObject], request: ImportRequest, size: StepSize) -> Iterator[Step]:
    """Group objects, so that each group makes at most one job. Every object is counted in one group. Pure."""
    step = Step()
    for each in objects:
        if is_wanted(each, request):
            if step.matched and step.size_bytes + each.size_bytes > size.bytes:
                yield step
                step = Step()
            step.matched.append(each)
            step.size_bytes += each.size_bytes
        step.listed += 1
        step.last_key = each.key
        if len(step.matched) >= size.images or step.listed >= _MOST_LISTED:
            yield step
            step = Step()
    if step.listed:
        yield step


def is_wanted(found: SourceObject, request: ImportRequest) -> bool:
    """Whether the object passes the filters. Pure."""
    return (
        (not request.suffixes or found.path.lower().endswith(tuple(request.suffixes)))
        and found.size_bytes >= request.min_bytes
        and (request.max_bytes is None or found.size_bytes <= request.max_bytes)
        and (request.modified_from is None or found.modified_at >= request.modified_from)
        and (request.modified_until is None or found.modified_at < request.modified_until)
    )


def object_hash(found: SourceObject) -> bytes:
    """What identifies the object with this content."""
    return hashlib.sha256(f"{found.key}\0{found.etag}".encode()).digest()


class _Lister:
    """One process that lists the source of one import, under a lease."""

    def __init__(self, database: Database, settings: Settings, import_id: UUID) -> None:
        self._database, self._settings, self._import_id = database, settings, import_id
        self._lease_id = new_id()

    @property
    def _lease(self) -> dict[str, UUID | float]:
        return {"id": self._import_id, "lease_id": self._lease_id}

    def lease(self) -> ImportRow | None:
        """Take the lease, and return the import. None when another process has it, or the import is not running."""
        with self._database.transaction() as transaction:
            row = transaction.one("lease_import", **self._lease, lease_s=LEASE_S)
        return parse_import(row) if row else None

    def run(self, leased: ImportRow, source: Source, ends_at_s: float) -> None:
        """Take objects from where the last process stopped."""
        request = leased.asked
        found = source.objects(request.prefix, leased.cursor_key)
        for step in steps(found, request, self._step_size(leased)):
            if step.matched and self._is_full():
                most = self._settings.imports.import_open_images
                return self.postpone(f"It waits until fewer than {most} of its images are unfinished.", _PAUSE_S)
            if not self._take(leased, step):
                return None
            if time.monotonic() > ends_at_s:
                return self.postpone(None, 0)
        with self._database.transaction() as transaction:
            transaction.run("complete_import", **self._lease)
        return None

    def postpone(self, message: str | None, delay_s: float) -> None:
        """Give the lease back. The reconciler has the import continued when the delay is over."""
        log.info("import_postponed", import_id=str(self._import_id), delay_s=delay_s, reason=message)
        with self._database.transaction() as transaction:
            transaction.run("postpone_import", **self._lease, message=message, delay_s=delay_s)

    def _take(self, leased: ImportRow, step: Step) -> bool:
        """Write a job of the objects that are new, and the position. False when the lease is lost."""
        ids = [new_id() for _ in step.matched]
        hashes = [object_hash(each) for each in step.matched]
        with self._database.transaction() as transaction:
            if transaction.one("lock_leased_import", **self._lease, lease_s=LEASE_S) is None:
                return False
            rows = transaction.all("take_objects", id=leased.id, hashes=hashes, image_ids=ids)
            taken = {row["image_id"] for row in rows}
            new = [(id_, each) for id_, each in zip(ids, step.matched, strict=True) if id_ in taken]
            if new:
                self._write_job(transaction, leased, new)
            transaction.run(
                "advance_import",
                id=leased.id,
                cursor_key=step.last_key,
                listed=step.listed,
                matched=len(step.matched),
                known=len(step.matched) - len(new),
                imported=len(new),
                imported_bytes=sum(each.size_bytes for _, each in new),
            )
        return True

    def _write_job(self, transaction: Transaction, leased: ImportRow, new: Sequence[tuple[UUID, SourceObject]]) -> None:
        originals = [
            Original(
                _printable(each.path), direct_key(leased.owner), each.etag, each.size_bytes, source=leased.source,
                source_key=each.key, id=id_,
            )
            for id_, each in new
        ]  # fmt: skip
        labels = {"import": leased.name, **leased.asked.labels}
        policy = Policy.model_validate(leased.policy)
        job = NewJob(leased.owner, policy, originals, "backlog", leased.asked.preset, labels)
        charge(transaction, leased.owner, default_quotas(self._settings), len(originals), job.size_bytes)
        job_id = write_job(transaction, job, batch_size(self._settings))
        transaction.run("insert_import_job", id=leased.id, job_id=job_id)
        if leased.destination is not None:
            paths = [each.path for _, each in new]
            ids = [id_ for id_, _ in new]
            add_destination_results(transaction, leased.destination, leased.source, ids, paths)

    def _is_full(self) -> bool:
        most = self._settings.imports.import_open_images
        with self._database.transaction() as transaction:
            row = transaction.one("count_open_images", id=self._import_id, limit=most)
        assert row is not None
        return bool(row["images"] >= most)

    def _step_size(self, leased: ImportRow) -> StepSize:
        """The size of a job that the request asks for, and that the owner's quotas of a day allow."""
        quotas, _ = look_up(self._database, leased.owner, default_quotas(self._settings))
        images = [leased.asked.job_images, self._settings.requests.max_images_per_job, quotas.images_per_day]
        size_bytes = math.inf if quotas.bytes_per_day is None else quotas.bytes_per_day
        return StepSize(max(1, min(each for each in images if each is not None)), size_bytes)


def _known(database: Database, name: str, objects: Sequence[SourceObject]) -> set[bytes]:
    hashes = [object_hash(each) for each in objects]
    with database.transaction() as transaction:
        rows = transaction.all("known_objects", name=name, hashes=hashes)
    return {bytes(row["object_hash"]) for row in rows}


def _printable(path: str) -> str:
    return "".join(letter for letter in path if letter.isprintable())[-_MAX_NAME:]
