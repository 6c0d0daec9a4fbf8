"""Imports: starting, pausing, resuming and cancelling them, and how far they have come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import structlog
from psycopg.types.json import Jsonb

from blurline.contract.imports import ImportRequest
from blurline.errors import PermanentError, RetryableError
from blurline.ids import new_id
from blurline.policy import Policy
from blurline.policy.least_policy import check_classes, resolve
from blurline.policy.presets import DEFAULT, PRESETS
from blurline.settings import Settings
from sql.engine.database import Database, Row, Transaction
from sql.jobs.presets import find_preset
from sql.reruns.reruns import cancel_attempts_of_job

log = structlog.get_logger()

State = Literal["running", "paused", "cancelled", "completed"]

_START_PATIENCE_S = 300
_KEPT = ("source", "owner", "destination")
_NOT_STORED = {"name", "dry_run", *_KEPT}


class ImportConflict(PermanentError):
    """The name belongs to an import of another source, owner or destination."""

    code = "import_conflict"


class UnknownPreset(PermanentError):
    """No preset has this name."""

    code = "unknown_preset"


@dataclass(frozen=True, slots=True)
class ImportRow:
    """An import. ``request`` has its filters and the options of its jobs, as JSON."""

    id: UUID
    name: str
    source: str
    owner: str
    destination: str | None
    request: dict[str, Any]
    policy: dict[str, Any]
    started_by: str
    state: State
    message: str | None
    cursor_key: str | None
    listed: int
    matched: int
    known: int
    imported: int
    imported_bytes: int
    lease_id: UUID | None
    created_at: datetime
    updated_at: datetime
    finished_at: datetime | None

    @property
    def asked(self) -> ImportRequest:
        """The request, as it was last asked."""
        kept = {name: getattr(self, name) for name in _KEPT}
        return ImportRequest.model_validate({**self.request, **kept, "name": self.name, "dry_run": False})


def check_import(database: Database, request: ImportRequest, settings: Settings) -> Policy:
    """The policy of the jobs. Raises UnknownBucket, UnknownPreset and UnknownClass."""
    settings.imports.source(request.source)
    if request.destination is not None:
        settings.imports.destination(request.destination)
    name = request.preset or DEFAULT
    found = None if name in PRESETS else find_preset(database, name)
    if name not in PRESETS and found is None:
        raise UnknownPreset(f"There is no preset {name!r}. GET /v1/presets lists them.")
    policy = resolve(PRESETS[name][1] if found is None else found.policy, Policy(), settings)
    check_classes(policy.classes_destroyed, settings)
    return policy


def start_import(database: Database, request: ImportRequest, settings: Settings, started_by: str) -> ImportRow:
    """Start an import, or a new pass of the one that has this name.

    The flow that calls this goes on with `run_import`; otherwise `create_due_runs` creates a flow run that does. Raises
    ImportConflict and what `check_import` raises.
    """
    policy = check_import(database, request, settings)
    owner = request.owner or started_by
    stored = {
        "request": Jsonb(request.model_dump(mode="json", exclude=_NOT_STORED)),
        "policy": Jsonb(policy.model_dump(mode="json")),
        "started_by": started_by,
    }
    fixed = {"source": request.source, "owner": owner, "destination": request.destination}
    with database.transaction() as transaction:
        inserted = transaction.one("insert_import", id=new_id(), name=request.name, **fixed, **stored)
        row = transaction.one("lock_import_of_name", name=request.name)
        assert row is not None
        if inserted is None:
            different = [name for name, value in fixed.items() if row[name] != value]
            if different:
                raise ImportConflict(
                    f"The import {request.name!r} has another {different[0]}: {row[different[0]]}. Choose another "
                    f"name, or the same {different[0]}."
                )
            transaction.run("restart_import", id=row["id"], **stored)
        started = _find(transaction, row["id"])
    assert started is not None
    log.info("import_started", import_id=str(started.id), source=started.source, owner=owner, asked_by=started_by)
    return started


def find_import(database: Database, import_id: UUID) -> ImportRow | None:
    """The import, or None."""
    with database.transaction() as transaction:
        return _find(transaction, import_id)


def list_imports(database: Database) -> list[ImportRow]:
    """The imports, the newest first."""
    with database.transaction() as transaction:
        return [parse_import(row) for row in transaction.all("imports", id=None)]


def count_images(database: Database, import_id: UUID) -> dict[str, int]:
    """How many of its images are in which state."""
    with database.transaction() as transaction:
        return {row["state"]: row["images"] for row in transaction.all("count_images_of_import", id=import_id)}


def pause_import(database: Database, import_id: UUID) -> bool:
    """Stop taking objects; images that were taken go on. False unless it is running."""
    return _change(database, import_id, "paused", "running")


def resume_import(database: Database, import_id: UUID) -> bool:
    """Go on where a paused import stopped. False unless it is paused."""
    return _change(database, import_id, "running", "paused")


def cancel_import(database: Database, import_id: UUID) -> int | None:
    """Stop taking objects and cancel its unfinished images; their number. None unless it is running or paused."""
    if not _change(database, import_id, "cancelled", "running", "paused"):
        return None
    with database.transaction() as transaction:
        jobs = [row["job_id"] for row in transaction.all("unfinished_jobs_of_import", id=import_id)]
    return sum(cancel_attempts_of_job(database, job_id) for job_id in jobs)


def create_due_runs(database: Database, create: Callable[[UUID], object]) -> int:
    """Pass the running imports that no flow run lists to ``create``; their number.

    One whose ``create`` raises a RetryableError stays due.
    """
    with database.transaction() as transaction:
        created = 0
        for row in transaction.all("due_imports"):
            try:
                create(row["id"])
            except RetryableError as error:
                log.warning("import_waits_for_prefect", import_id=str(row["id"]), error=str(error))
                break
            transaction.run("expect_import", id=row["id"], patience_s=_START_PATIENCE_S)
            created += 1
    return created


def _change(database: Database, import_id: UUID, state: State, *from_states: State) -> bool:
    with database.transaction() as transaction:
        changed = transaction.one("change_import_state", id=import_id, state=state, from_states=list(from_states))
    return changed is not None


def _find(transaction: Transaction, import_id: UUID) -> ImportRow | None:
    row = transaction.one("imports", id=import_id)
    return parse_import(row) if row else None


def parse_import(row: Row) -> ImportRow:
    """The import in a row of its table."""
    return ImportRow(**{name: row[name] for name in ImportRow.__slots__})
