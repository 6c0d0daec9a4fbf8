"""Processes, found by the application names of their database sessions (`blurline.version`)."""

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
    """The connected API processes, the oldest first."""
    with database.transaction() as transaction:
        return [ApiProcessRow(**row) for row in transaction.all("api_processes")]


def list_worker_sessions(database: Database) -> set[str]:
    """The application names of the sessions by which workers show that they run."""
    with database.transaction() as transaction:
        return {row["application_name"] for row in transaction.all("worker_sessions")}
