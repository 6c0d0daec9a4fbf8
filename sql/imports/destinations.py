"""Writing published results to destinations, and removing them there when they are withdrawn or deleted.

Rows are claimed in a short transaction, so no publication waits for the store of a destination. Each is brought to what
its image's state asks for; a store that is away delays that, and loses nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import PurePosixPath
from uuid import UUID

import structlog

from blurline.errors import BlurlineError, ObjectMissing
from blurline.file_names import result_path
from blurline.storage.store import Store
from sql.engine.database import Database, Row, Transaction

log = structlog.get_logger()

_AT_ONCE = 32
_THREADS = 4
_LEASE_S = 900
_MAX_DELAY_S = 300


def add_destination_results(
    transaction: Transaction, destination: str, source: str, image_ids: Sequence[UUID], paths: Sequence[str]
) -> None:
    """Have the results of these images written to the destination once they are published.

    ``paths`` are those of the originals in their ``source``.
    """
    transaction.run(
        "insert_destination_results",
        destination=destination,
        source=source,
        image_ids=list(image_ids),
        paths=list(paths),
    )


def withdraw_results(transaction: Transaction, image_ids: Sequence[UUID]) -> None:
    """Have the results of deleted images removed from their destinations."""
    if transaction.run("withdraw_from_destination", image_ids=list(image_ids)):
        transaction.run("notify_destinations")


def written_paths(path: str, extension: str) -> Iterator[str]:
    """The paths that a result may have, the best first. Pure.

    The first is that of its original, plus the ``extension``, with its dot, where that differs. The others have a
    number: `a.heic (2).jpg`.
    """
    folder, slash, name = path.rpartition("/")
    wanted = result_path(PurePosixPath(name), extension)
    yield f"{folder}{slash}{wanted}"
    for number in count(2):
        yield f"{folder}{slash}{wanted.stem} ({number}){wanted.suffix}"


def update_destinations(database: Database, store: Store) -> int:
    """Bring up to 32 due results to what their images ask for; the number of those that are done."""
    with database.transaction() as transaction:
        transaction.run("lock_destination_claims")
        rows = transaction.all("claim_destination_results", limit=_AT_ONCE, lease_s=_LEASE_S)
    with ThreadPoolExecutor(_THREADS, "destinations") as threads:
        return sum(threads.map(lambda row: _update(database, store, row), rows))


def _update(database: Database, store: Store, row: Row) -> bool:
    try:
        written_path, error = _carried_out(database, store, row)
    except BlurlineError as problem:
        delay_s = min(2 ** min(row["tries"], 20), _MAX_DELAY_S)
        log.warning("destination_postponed", image_id=str(row["image_id"]), delay_s=delay_s, error=str(problem))
        with database.transaction() as transaction:
            transaction.run(
                "postpone_destination_result", image_id=row["image_id"], delay_s=delay_s, error=str(problem)
            )
        return False
    with database.transaction() as transaction:
        if row["action"] == "write":
            transaction.run(
                "note_replaced_results",
                destination=row["destination"],
                source=row["source"],
                path=row["path"],
                image_id=row["image_id"],
            )
        transaction.run(
            "finish_destination_result",
            image_id=row["image_id"],
            version=row["version"],
            written_path=written_path,
            error=error,
        )
        transaction.run("drop_destination_result", image_id=row["image_id"])
    return True


def _carried_out(database: Database, store: Store, row: Row) -> tuple[str | None, str | None]:
    """Write or remove the result; where it lies then, and what is wrong with it. Raises StoreUnavailable."""
    before: str | None = row["written_path"]
    if row["action"] == "keep":
        return before, None
    destination = store.destination(row["destination"])
    if row["action"] == "remove":
        if before is not None and before not in row["other_paths"]:
            destination.remove(before)
        return None, None
    try:
        data = b"".join(store.stream_result(row["result_key"]))
    except ObjectMissing as error:
        return before, str(error)
    if hashlib.sha256(data).hexdigest() != row["sha256"]:
        return before, "The stored result is not the one that was published."
    written = _reserved_path(database, row)
    destination.write(written, data, row["media_type"])
    for stale in {before, *row["other_paths"]} - {None, written}:
        destination.remove(stale)
    return written, None


def _reserved_path(database: Database, row: Row) -> str:
    """The first path for a result at which none of another original lies, from now on its own."""
    original = {name: row[name] for name in ("destination", "source", "path")}
    for path in written_paths(row["path"], PurePosixPath(row["result_key"]).suffix):
        with database.transaction() as transaction:
            reserved = transaction.one("reserve_destination_path", written_path=path, **original)
        assert reserved is not None
        if reserved["is_reserved"]:
            return path
    raise AssertionError("numbers do not end")
