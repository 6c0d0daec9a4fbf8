"""Where the sweep stopped in each bucket, so that a run which ends early, is killed or crashes loses little."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from blurline.storage.inventory import ImageBucket
from sql.engine.database import Database


@dataclass(frozen=True, slots=True)
class Position:
    """The last object that was compared (``key``), its place in the order of the rows, and the counts up to there.

    ``is_done``: this bucket has reached its end and waits for the other one.
    """

    key: str | None = None
    place: str | None = None
    objects: int = 0
    images: int = 0
    orphans: int = 0
    is_done: bool = False


START = Position()


def read_positions(database: Database) -> dict[ImageBucket, Position]:
    """The position in each bucket."""
    with database.transaction() as transaction:
        rows = transaction.all("sweep_positions")
    saved = {ImageBucket(row.pop("bucket")): Position(**row) for row in rows}
    return {bucket: saved.get(bucket, START) for bucket in ImageBucket}


def save_position(database: Database, bucket: ImageBucket, position: Position) -> None:
    """Save the position in a bucket."""
    with database.transaction() as transaction:
        transaction.run("save_sweep_position", bucket=bucket, **asdict(position))


def clear_positions(database: Database) -> None:
    """Have the next sweep start at the beginning."""
    with database.transaction() as transaction:
        transaction.run("clear_sweep_positions")
