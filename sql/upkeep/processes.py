"""The processes that are connected to the database, as far as they say who they are (`blurline.version`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sql.engine.database import Database


@dataclass(frozen=True, slots=True)
class ApiProcessRow:
    """An API process: ``name`` is its process id and host."""

    name: str
    version: str
    since: datetime


def list_api_processes(database: Database) -> list[ApiProcessRow]:
    """The API processes that are connected, the longest first."""
    with database.transaction() as transaction:
        return [ApiProcessRow(**row) for row in transaction.all("api_processes")]
