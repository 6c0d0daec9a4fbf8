"""When the retention and sweep flows last succeeded, and what they did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from psycopg.types.json import Jsonb

from sql.engine.database import Database, Transaction

Flow = Literal["retention", "sweep"]


@dataclass(frozen=True, slots=True)
class Success:
    """The last successful run of a flow. ``counts``: how many of each kind it processed."""

    flow: Flow
    succeeded_at: datetime
    counts: dict[str, int]


def note_success(database: Database, flow: Flow, counts: Mapping[str, int]) -> None:
    """Record that a run of the flow has succeeded."""
    with database.transaction() as transaction:
        transaction.run("note_housekeeping", flow=flow, counts=Jsonb(dict(counts)))


def successes(transaction: Transaction) -> list[Success]:
    """The last success of each flow. A flow that never ran has the time of the installation and no counts."""
    return [Success(**row) for row in transaction.all("housekeeping")]
