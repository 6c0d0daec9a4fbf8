"""Comparing the store with the database, and repairing what differs.

`inspect` only reads, with constant memory. It confirms every suspected difference, first in the database and then in
the store, because images come and go meanwhile. `repair_bucket` checks again before it removes anything.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TypeVar

import structlog

from blurline.errors import PermanentError
from blurline.settings import Settings
from blurline.storage.inventory import (
    Expected,
    ImageBucket,
    Listed,
    Missing,
    Orphan,
    Returned,
    Suspicion,
    compare,
    is_ours,
    place_of,
    stem_of,
)
from blurline.storage.store import Store
from sql.deletion.deletions import grace_periods
from sql.engine.database import Database
from sql.upkeep.store_rows import expected, note_missing, note_returned, still_named, unnamed
from sql.upkeep.sweep_positions import START, Position

log = structlog.get_logger()

T = TypeVar("T")

_AT_ONCE = 500
_THREADS = 8
_MARGIN_S = 3600
_PLAUSIBLE_ORPHANS = 20
_PLAUSIBLE_SHARE = 0.2


class TooManyOrphans(PermanentError):
    """So many objects have no row that the database probably does not belong to this store."""

    code = "too_many_orphans"


@dataclass(slots=True)
class Findings:
    """How a bucket differs from the database. The lists end at ``listed_at_most``; the counts are complete.

    ``young``: objects that no row names yet, because they may belong to running work. ``foreign``: objects whose keys
    are not Blurline's; they stay. ``known_missing``: missing objects that are already marked in their rows.
    ``position``: where the comparison stopped.
    """

    bucket: ImageBucket
    listed_at_most: int
    position: Position = START
    objects: int = 0
    images: int = 0
    young: int = 0
    foreign: int = 0
    orphan_count: int = 0
    orphan_bytes: int = 0
    missing_count: int = 0
    known_missing: int = 0
    returned_count: int = 0
    is_complete: bool = True
    orphans: list[Listed] = field(default_factory=list)
    missing: list[Expected] = field(default_factory=list)
    returned: list[Expected] = field(default_factory=list)

    @property
    def differences(self) -> int:
        """Objects without a row, rows without an object, and objects that are wrongly marked as missing."""
        return self.orphan_count + self.missing_count + self.returned_count


@dataclass(frozen=True, slots=True)
class Repairs:
    """What a repair changed."""

    orphans_removed: int = 0
    missing_noted: int = 0
    returned_noted: int = 0


def grace_s(settings: Settings) -> float:
    """The age from which no row can still come to name an object: uploads and attempts have ended by then."""
    return max(settings.retention.uploads_hours * 3600, grace_periods(settings).attempt_s) + _MARGIN_S


def inspect(
    database: Database,
    store: Store,
    bucket: ImageBucket,
    grace_s: float,
    listed_at_most: int = 10_000,
    ends_at_s: float | None = None,
    start: Position = START,
    most_objects: float = math.inf,
) -> Findings:
    """Compare a bucket with the database from ``start`` on.

    It ends at the end of the bucket, at the monotonic time ``ends_at_s``, or after about ``most_objects``.
    """
    findings = Findings(bucket, listed_at_most, start)
    oldest_young = datetime.now(UTC) - timedelta(seconds=grace_s)
    key, place = start.key, start.place
    for stretch, is_last in _stretches(bucket, store.list_all(bucket, key)):
        ours = [each for each in stretch if is_ours(bucket, each.key)]
        until = None if is_last else place_of(bucket, ours[-1].key) if ours else place
        findings.objects += len(stretch)
        findings.foreign += len(stretch) - len(ours)
        rows = expected(database, bucket, place, until) if ours or is_last else ()
        suspicions = compare(bucket, ours, _counted(findings, rows))
        while suspects := list(islice(suspicions, _AT_ONCE)):
            _note_orphans(findings, database, suspects, oldest_young)
            _note_rows(findings, database, store, suspects)
        key, place = stretch[-1].key if stretch else key, until
        if is_last:
            break
        is_late = ends_at_s is not None and time.monotonic() > ends_at_s
        if is_late or findings.objects >= most_objects:
            findings.is_complete = False
            break
    findings.position = Position(
        key,
        place,
        start.objects + findings.objects,
        start.images + findings.images,
        start.orphans + findings.orphan_count,
        is_done=findings.is_complete,
    )
    return findings


def check_plausible(findings: Findings) -> None:
    """Raise TooManyOrphans when there are too many orphans to remove without a person's decision."""
    seen = findings.position
    is_strange = findings.orphan_count > 0 and seen.images == 0
    if is_strange or seen.orphans > max(_PLAUSIBLE_ORPHANS, _PLAUSIBLE_SHARE * seen.objects):
        raise TooManyOrphans(
            f"{seen.orphans} of {seen.objects} objects in the bucket of {findings.bucket} have no row, so "
            "nothing was removed. Check that this database belongs to the store; if it does, run "
            "`blurline consistency --repair`."
        )


def repair_bucket(database: Database, store: Store, findings: Findings) -> Repairs:
    """Remove the listed orphans that no row names by now, and mark or unmark images whose object is missing or back."""
    bucket, removed = findings.bucket, 0
    for group in _groups(findings.orphans):
        still = unnamed(database, bucket, {stem_of(each.key) for each in group})
        keys = [each.key for each in group if stem_of(each.key) in still]
        removal = store.remove_all(bucket, keys)
        removed += removal.objects
        if removal.error is not None:
            log.warning("orphans_not_removed", bucket=bucket, error=str(removal.error))
    missing = sum(note_missing(database, bucket, group) for group in _groups(findings.missing))
    returned = sum(note_returned(database, bucket, group) for group in _groups(findings.returned))
    return Repairs(removed, missing, returned)


def _counted(findings: Findings, rows: Iterable[Expected]) -> Iterator[Expected]:
    for row in rows:
        findings.images += 1
        yield row


def _stretches(bucket: ImageBucket, listing: Iterator[Listed]) -> Iterator[tuple[list[Listed], bool]]:
    """Cut a listing where the place changes, each stretch with whether it is the last. An empty listing is one."""
    stretch: list[Listed] = []
    for each in listing:
        if len(stretch) >= _AT_ONCE and place_of(bucket, each.key) != place_of(bucket, stretch[-1].key):
            yield stretch, False
            stretch = []
        stretch.append(each)
    yield stretch, True


def _note_orphans(findings: Findings, database: Database, suspects: list[Suspicion], oldest_young: datetime) -> None:
    found = [suspect.object for suspect in suspects if isinstance(suspect, Orphan)]
    still = unnamed(database, findings.bucket, {stem_of(each.key) for each in found}) if found else set()
    for each in found:
        if stem_of(each.key) not in still:
            continue
        if each.modified_at > oldest_young:
            findings.young += 1
            continue
        findings.orphan_count += 1
        findings.orphan_bytes += each.size_bytes
        _keep(findings, findings.orphans, each)


def _note_rows(findings: Findings, database: Database, store: Store, suspects: list[Suspicion]) -> None:
    named = [suspect.expected for suspect in suspects if isinstance(suspect, Missing | Returned)]
    if not named:
        return
    named = still_named(database, findings.bucket, named)
    with ThreadPoolExecutor(_THREADS) as threads:
        is_there = list(threads.map(lambda row: store.has(findings.bucket, row.key or ""), named))
    for row, has_object in zip(named, is_there, strict=True):
        if not has_object and row.is_noted:
            findings.known_missing += 1
        elif not has_object:
            findings.missing_count += 1
            _keep(findings, findings.missing, row)
        elif row.is_noted:
            findings.returned_count += 1
            _keep(findings, findings.returned, row)


def _keep(findings: Findings, found: list[T], each: T) -> None:
    if len(found) < findings.listed_at_most:
        found.append(each)


def _groups(found: list[T]) -> Iterator[list[T]]:
    return (found[start : start + _AT_ONCE] for start in range(0, len(found), _AT_ONCE))
