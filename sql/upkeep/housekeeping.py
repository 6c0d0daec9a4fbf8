"""When the flows that keep order last got to their end, and what they did."""

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
    """A flow's last run that got to its end. ``counts``: how many of each kind it dealt with."""

    flow: Flow
    succeeded_at: datetime
    counts: dict[str, int]


def note_success(database: Database, flow: Flow, counts: Mapping[str, int]) -> None:
    """Write down that a run of the flow has got to its end."""
    with database.transaction() as transaction:
        transaction.run("note_housekeeping", flow=flow, counts=Jsonb(dict(counts)))


def successes(transaction: Transaction) -> list[Success]:
    """The last of each flow. One that never ran has that of the installation, without counts."""
    return [Success(**row) for row in transaction.all("housekeeping")]
