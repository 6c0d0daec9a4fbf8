"""The state of the whole service, for the metrics and the page System."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
from psycopg.rows import dict_row

from blurline.errors import DatabaseUnavailable
from sql.engine.database import Row, Transaction
from sql.engine.sessions import session
from sql.upkeep.housekeeping import Success, successes

_CONNECT_TIMEOUT_S = 2
_STATEMENT_TIMEOUT_S = 5


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many wait, and the age of the oldest; 0 when none waits."""

    count: int
    oldest_age_s: float = 0


@dataclass(frozen=True, slots=True)
class ServiceMetrics:
    """Images by state, failures by error code, backlogs, missing objects, removals that fail, and legal holds."""

    images: dict[str, int]
    failed: dict[str, int]
    held: dict[str, Backlog]
    waiting: dict[str, Backlog]
    outbox: Backlog
    undelivered: Backlog
    disabled_webhooks: int
    missing_originals: int
    missing_results: int
    failing_removals: Backlog
    holds: int
    housekeeping: list[Success]


def read_service_metrics(dsn: str) -> ServiceMetrics:
    """Read over a separate connection with short timeouts. Raises DatabaseUnavailable."""
    limits = {**session(_STATEMENT_TIMEOUT_S), "connect_timeout": _CONNECT_TIMEOUT_S}
    try:
        with psycopg.connect(dsn, row_factory=dict_row, **limits) as connection:
            return _read(Transaction(connection))
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(f"PostgreSQL did not answer: {error}") from error


def _read(transaction: Transaction) -> ServiceMetrics:
    due, undelivered = transaction.one("count_due"), transaction.one("count_undelivered")
    disabled = transaction.one("count_disabled_webhooks")
    missing, holds = transaction.one("count_missing_objects"), transaction.one("count_holds")
    failing = transaction.one("count_failing_removals")
    assert due and undelivered and disabled and missing and holds and failing
    return ServiceMetrics(
        images={row["state"]: row["images"] for row in transaction.all("count_images")},
        failed={row["error_code"]: row["images"] for row in transaction.all("count_failed")},
        held={row["error_code"]: _backlog(row, "images") for row in transaction.all("count_held")},
        waiting={row["queue"]: _backlog(row, "images") for row in transaction.all("count_waiting")},
        outbox=_backlog(due, "batches"),
        undelivered=_backlog(undelivered, "deliveries"),
        disabled_webhooks=disabled["webhooks"],
        missing_originals=missing["originals"],
        missing_results=missing["results"],
        failing_removals=_backlog(failing, "images"),
        holds=holds["holds"],
        housekeeping=successes(transaction),
    )


def _backlog(row: Row, counted: str) -> Backlog:
    return Backlog(row[counted], row["oldest_age_s"])
