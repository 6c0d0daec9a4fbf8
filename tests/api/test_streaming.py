"""Streamed responses close what they hold when the client leaves, and not only when the garbage is collected."""

from __future__ import annotations

import asyncio
import gc
import io
import time
from collections.abc import Iterator
from types import SimpleNamespace
from urllib.parse import urlsplit

import httpx
import psutil
import psycopg
import pytest
from anyio import CapacityLimiter
from starlette.types import Message

from api.http.streaming import StreamedFile
from blurline.access.tokens import Scope
from blurline.settings import Settings
from blurline.storage.store import Store
from sql.engine.database import Database
from tests.api_requests import bearer, images_of, problem, publish_all, submit
from tests.waiting import wait_for

_BYTES = 30_000_000  # more than the buffers of a connection hold
_READERS = 12


@pytest.fixture
def _without_garbage_collection() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


class _Source(Iterator[bytes]):
    """Chunks without end, or an error at the third."""

    def __init__(self, *, is_broken: bool = False) -> None:
        self.is_closed, self._left = False, 2 if is_broken else -1

    def __next__(self) -> bytes:
        if self._left == 0:
            raise OSError("the source broke off")
        self._left -= 1
        return b"chunk"

    def close(self) -> None:
        self.is_closed = True


@pytest.mark.parametrize("sent", [0, 1, 3], ids=["before the head", "after the head", "after two chunks"])
def test_a_source_is_closed_when_the_client_leaves(sent: int) -> None:
    source = _Source()
    assert _serve(StreamedFile(source, 200, {}, "image/jpeg"), sent) == sent
    assert source.is_closed


def test_a_source_that_fails_is_closed() -> None:
    source = _Source(is_broken=True)
    with pytest.raises(OSError, match="broke off"):
        _serve(StreamedFile(source, 200, {}, "image/jpeg"), 1000)
    assert source.is_closed


@pytest.mark.parametrize("path", ["images", "detections", "corrections"])
def test_an_error_before_the_first_chunk_is_a_problem(client: httpx.Client, settings: Settings, path: str) -> None:
    headers = {"Authorization": bearer(settings, "olga", Scope.OPERATE)}
    for owner in ("\0", "ann\0"):
        problem(client.get(f"/v1/exports/{path}", params={"owner": owner}, headers=headers), 422, "invalid_request")


def test_few_chunks_are_made_at_the_same_time() -> None:
    making, most = 0, 0

    def source() -> Iterator[bytes]:
        nonlocal making, most
        for _ in range(20):
            making += 1
            most = max(most, making)
            time.sleep(0.001)
            making -= 1
            yield b"chunk"

    async def serve_all() -> None:
        limiter = CapacityLimiter(2)
        await asyncio.gather(*(_sent(StreamedFile(source()), 22, limiter) for _ in range(10)))

    asyncio.run(serve_all())
    assert most == 2


def _serve(response: StreamedFile, most: int) -> int:
    return asyncio.run(_sent(response, most, CapacityLimiter(1)))


async def _sent(response: StreamedFile, most: int, limiter: CapacityLimiter) -> int:
    """Send the response to a client that leaves after that many messages; how many it took."""
    taken = 0

    async def receive() -> Message:
        while taken < most:
            await asyncio.sleep(0)
        return {"type": "http.disconnect"}

    async def send(_message: Message) -> None:
        nonlocal taken
        if taken == most:
            await asyncio.sleep(3600)
        taken += 1

    app = SimpleNamespace(state=SimpleNamespace(context=SimpleNamespace(stream_threads=limiter)))
    asgi = {"spec_version": "2.3"}
    scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "asgi": asgi, "app": app}
    await response(scope, receive, send)
    return taken


@pytest.mark.usefixtures("_without_garbage_collection")
@pytest.mark.parametrize("path", ["result", "archive"])
def test_readers_that_leave_keep_no_connection_to_the_store(
    client: httpx.Client, settings: Settings, database: Database, store: Store, path: str
) -> None:
    job = submit(client, "a.jpg")
    publish_all(database, settings, store, bytes(_BYTES))
    (image,) = images_of(client, job).values()
    url = image["result_url"] if path == "result" else f"/v1/jobs/{job['id']}/archive"
    client.get(url).raise_for_status()
    before = _connections_to_store(settings)
    for _ in range(_READERS):
        with client.stream("GET", url) as response:
            assert next(response.iter_raw())
    wait_for("the connections are closed", lambda: _connections_to_store(settings) <= before)


@pytest.mark.parametrize("path", ["result", "archive", "original"])
def test_a_paused_reader_keeps_no_transaction_open(
    client: httpx.Client, settings: Settings, database: Database, store: Store, path: str
) -> None:
    job = submit(client, "a.jpg")
    publish_all(database, settings, store, bytes(_BYTES))
    (image,) = images_of(client, job).values()
    if path == "original":
        with psycopg.connect(settings.database.conninfo) as connection:
            ((key,),) = connection.execute("SELECT original_key FROM images").fetchall()
            stored = store.put_original(key, io.BytesIO(bytes(_BYTES)), _BYTES)
            connection.execute("UPDATE images SET original_etag = %s, original_sha256 = NULL", [stored.etag])
    client.headers["Authorization"] = bearer(settings, "rita", Scope.REVIEW)
    url = f"/v1/jobs/{job['id']}/archive" if path == "archive" else f"/v1/images/{image['id']}/{path}"
    with client.stream("GET", url) as response:
        assert next(response.iter_raw())
        wait_for("no transaction is open", lambda: not _open_transactions(settings))


def _open_transactions(settings: Settings) -> int:
    """Transactions that wait for their client. The dispatcher has one, but only for moments."""
    with psycopg.connect(settings.database.conninfo) as connection:
        ((count,),) = connection.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND state LIKE 'idle in transaction%'"
        ).fetchall()
    return int(count)


def _connections_to_store(settings: Settings) -> int:
    """Connections of this process, in which the API runs, to the S3 server."""
    port = urlsplit(settings.store.endpoint).port
    return sum(bool(each.raddr) and each.raddr.port == port for each in psutil.Process().net_connections("tcp"))
