"""Clients of the WebSocket, and settled images that cause events."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.sync.connection import Connection

from blurline.access.tokens import LocalIssuer, Scope
from blurline.settings import Settings
from sql.engine.database import Database
from sql.jobs.attempts import Attempt, start_batch
from sql.jobs.publishing import publish
from tests.factories import add_job, result
from tests.waiting import TIMEOUT_S


def token(settings: Settings, owner: str = "ann", ttl_s: int = 60) -> str:
    """A token that may submit."""
    return LocalIssuer(settings.home).issue(owner, [Scope.SUBMIT], ttl_s)


def connected(url: str, **options: Any) -> Connection:
    """A WebSocket client of the API at this URL that has not sent a message."""
    return connect(url.replace("http", "ws", 1) + "/ws", proxy=None, open_timeout=TIMEOUT_S, **options)


def received(client: Connection) -> dict[str, Any]:
    """The next message."""
    message: dict[str, Any] = json.loads(client.recv(TIMEOUT_S))
    return message


def event(client: Connection) -> dict[str, Any]:
    """The next message that is not about progress."""
    while (message := received(client))["type"] == "job.progress":
        pass
    return message


def introduced(client: Connection, token: str, **more: Any) -> dict[str, Any]:
    """Send a token; the answer."""
    client.send(json.dumps({"token": token, **more}))
    return event(client)


def closed(client: Connection) -> int | None:
    """Read until the connection ends; the close code, or None if it was cut."""
    with pytest.raises(ConnectionClosed) as ended:
        for _ in iter(lambda: client.recv(10), None):
            pass
    return ended.value.rcvd.code if ended.value.rcvd else None


def job_underway(database: Database, images: int, owner: str = "ann") -> tuple[UUID, list[Attempt]]:
    """A job whose batches a worker has all started."""
    job_id = add_job(database, images, owner=owner, queue="backlog")
    with database.transaction() as transaction:
        rows = transaction.all("batches_of_job", job_id=job_id)
    batches = [start_batch(database, row["batch_id"]) for row in rows]
    return job_id, [attempt for batch in batches if batch for attempt in batch.attempts]


def settle(database: Database, *attempts: Attempt) -> None:
    """Publish a result for each attempt, in one transaction each."""
    for attempt in attempts:
        with database.transaction() as transaction:
            publish(transaction, attempt, result())
