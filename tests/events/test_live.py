"""Messages to clients of the WebSocket, over a real uvicorn."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from api.app import create_app
from blurline.contract import Progress
from blurline.settings import Settings
from sql.deletion.expired_records import expire_records
from sql.engine.channels import Channel, listen
from sql.engine.database import Database
from sql.reruns.reruns import cancel_attempts_of_job
from tests.api_server import serving
from tests.events.live_socket import closed, connected, event, introduced, job_underway, received, settle, token
from tests.factories import NOTE
from tests.waiting import wait_for


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    return create_app(settings.replace(prefect_api_url="http://127.0.0.1:9/api"))


@pytest.fixture
def url(app: FastAPI) -> Iterator[str]:
    with serving(app) as url:
        yield url


def test_a_client_receives_events_of_its_own_jobs(url: str, settings: Settings, database: Database) -> None:
    job, (first, second) = job_underway(database, 2)
    _, (of_bob,) = job_underway(database, 1, "bob")
    with connected(url) as client:
        ready = introduced(client, token(settings))
        assert (ready["type"], ready["sequence"]) == ("ready", 0)
        assert 50 < (datetime.fromisoformat(ready["expires_at"]) - datetime.now(UTC)).total_seconds() <= 60
        settle(database, of_bob, first)
        told = received(client)
        assert datetime.fromisoformat(told.pop("created_at")) <= datetime.now(UTC)
        assert told == {
            "type": "image.published",
            "sequence": 1,
            "job_id": str(job),
            "image_id": str(first.image_id),
            "faces_found": 1,
            "error_code": None,
            "notes": [NOTE.code],
        }
        progress = received(client)
        assert (progress["type"], progress["job_id"]) == ("job.progress", str(job))
        assert (progress["progress"]["published"], progress["progress"]["processing"]) == (1, 1)
        assert set(progress["progress"]) == set(Progress.model_fields)
        settle(database, second)
        assert [received(client)["type"] for _ in range(3)] == ["image.published", "job.finished", "job.progress"]


def test_progress_is_sent_at_most_once_a_second(url: str, settings: Settings, database: Database) -> None:
    _, attempts = job_underway(database, 40)
    with connected(url) as client:
        introduced(client, token(settings))
        began_s = time.monotonic()
        messages: list[dict[str, Any]] = []
        for attempt in attempts:
            settle(database, attempt)
            messages.append(received(client))
        while messages[-1].get("progress", {}).get("published") != 40:
            messages.append(received(client))
        times = sum(message["type"] == "job.progress" for message in messages)
        assert 2 <= times <= 2 + (time.monotonic() - began_s)


def test_a_client_that_reconnects_gets_the_events_it_missed(url: str, settings: Settings, database: Database) -> None:
    _, attempts = job_underway(database, 250)
    settle(database, *attempts)
    with connected(url) as client:
        assert introduced(client, token(settings), after=3)["sequence"] == 3
        assert [event(client)["sequence"] for _ in range(248)] == list(range(4, 252)), "more than a page"


def test_a_client_that_was_away_for_too_long_is_informed(url: str, settings: Settings, database: Database) -> None:
    _, attempts = job_underway(database, 3)
    settle(database, *attempts[:2])
    expire_records(database, settings.replace(events_kept_days=0))
    for after in (1, 7):
        with connected(url) as client:
            assert introduced(client, token(settings), after=after) == {"type": "reset", "sequence": 2}
            ready = received(client)
            assert (ready["type"], ready["sequence"]) == ("ready", 2)
    with connected(url) as client:
        assert introduced(client, token(settings), after=2)["type"] == "ready", "it has seen everything"
        settle(database, attempts[2])
        assert event(client)["sequence"] == 3


def test_events_during_a_lost_connection_to_the_database_are_sent_afterwards(
    url: str, settings: Settings, database: Database
) -> None:
    _, attempts = job_underway(database, 1)
    with (
        connected(url) as client,
        psycopg.connect(settings.database.conninfo, autocommit=True) as connection,
    ):
        introduced(client, token(settings))
        ended = connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE query = %s",
            (listen(Channel.EVENTS).as_string(),),
        ).fetchall()
        settle(database, *attempts)
        assert ended == [(True,)]
        assert event(client)["type"] == "image.published"


class _Narrow:
    """Middleware that gives connections small kernel buffers and keeps them, to read how much is buffered."""

    def __init__(self, app: ASGIApp, transports: list[Any]) -> None:
        self._app, self._transports = app, transports

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            transport = send.__self__.transport  # type: ignore[attr-defined]
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
            self._transports.append(transport)
        await self._app(scope, receive, send)


def test_a_client_that_reads_nothing_is_dropped_and_delays_no_other(
    app: FastAPI, settings: Settings, database: Database
) -> None:
    transports: list[Any] = []
    app.add_middleware(_Narrow, transports=transports)
    images, most_kept_bytes = 3_000, 70_000  # of about 600,000
    job, _ = job_underway(database, images)
    with serving(app) as url, socket.socket() as narrow:
        narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        narrow.connect(("127.0.0.1", int(url.rpartition(":")[2])))
        stuck = connected(url, sock=narrow, compression=None, max_queue=1)
        with connected(url) as other:
            introduced(stuck, token(settings))
            introduced(other, token(settings))
            cancel_attempts_of_job(database, job)
            kept_bytes: set[int] = set()
            for sequence in range(1, images + 2):
                assert event(other)["sequence"] == sequence
                kept_bytes.add(transports[0].get_write_buffer_size())
            assert 0 < max(kept_bytes) < most_kept_bytes
            wait_for("the stuck client is dropped", lambda: app.state.hub.clients == 1)
            wait_for("nothing is kept for it", lambda: transports[0].get_write_buffer_size() == 0)
            assert not transports[1].is_closing()
        assert closed(stuck) is None
