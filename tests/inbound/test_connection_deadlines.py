"""Connections that wait for their client for too long are closed; slow but steady ones are not."""

from __future__ import annotations

import asyncio
import resource
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from fastapi.responses import StreamingResponse

from blurline.inbound.connection_deadlines import Deadlines, deadlines_of_server
from tests.acceptance.stack import answers, free_ports
from tests.api_server import serving
from tests.waiting import TIMEOUT_S, wait_for

_SHORT = Deadlines(head_s=0.5, body_s=0.5, body_bytes=10, linger_s=0.5, unread_s=0.5, tick_s=0.05)
_PATIENT = Deadlines(
    head_s=TIMEOUT_S, body_s=TIMEOUT_S, linger_s=TIMEOUT_S, unread_s=TIMEOUT_S, tick_s=0.05, most_connections=20
)
_SHORT_ANSWER_BYTES = 20_000_000
_POST = b"POST /count HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"

_SERVER = """
import asyncio, sys
import uvicorn
from fastapi import FastAPI
from blurline.inbound.connection_deadlines import install_as_default

app = FastAPI()

@app.get("/")
def hello() -> str:
    return "hello"

@app.get("/for-ever")
async def wait() -> None:
    print("waits", flush=True)
    await asyncio.Event().wait()

install_as_default()
uvicorn.Server(uvicorn.Config(app, port=int(sys.argv[1]), log_level="error")).run()
"""


def _app() -> FastAPI:
    app = FastAPI()

    @app.get("/")
    def hello() -> str:
        return "hello"

    @app.get("/slow")
    async def slow() -> str:
        await asyncio.sleep(1.5)
        return "hello"

    @app.post("/count")
    async def count(request: Request) -> int:
        app.state.counted = getattr(app.state, "counted", 0) + 1
        return len(await request.body())

    @app.post("/refused", status_code=401)
    async def refused() -> str:
        return "no"

    @app.get("/endless")
    def endless() -> StreamingResponse:
        def chunks() -> Iterator[bytes]:
            while True:
                yield bytes(1 << 18)

        return StreamingResponse(chunks())

    @app.get("/short")
    def short() -> Response:
        return Response(bytes(_SHORT_ANSWER_BYTES))

    return app


@contextmanager
def _connected(url: str, sent: bytes = b"", receive_bytes: int = 0) -> Iterator[socket.socket]:
    """A connection, with this size of its receive buffer unless it is 0."""
    address = urlsplit(url)
    with socket.socket() as connection:
        connection.settimeout(TIMEOUT_S)
        if receive_bytes:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        connection.connect((address.hostname, address.port))
        connection.sendall(sent)
        yield connection


def _answer(connection: socket.socket) -> bytes:
    """What the server sends before it closes."""
    parts = []
    try:
        while part := connection.recv(1 << 16):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


@pytest.mark.parametrize("sent", [b"", b"G", b"GET / HTTP/1.1\r\nHost: x\r\n"])
def test_half_a_head_is_not_waited_for(sent: bytes) -> None:
    with serving(_app(), deadlines=_SHORT) as url, _connected(url, sent) as connection:
        assert _answer(connection) == b""


def test_half_a_head_after_a_request_is_not_waited_for() -> None:
    head = b"GET / HTTP/1.1\r\nHost: x\r\n"
    with serving(_app(), deadlines=_SHORT) as url, _connected(url, head + b"\r\n" + head) as connection:
        assert _answer(connection).count(b"hello") == 1


def test_a_dripping_head_is_not_waited_for() -> None:
    with serving(_app(), deadlines=_SHORT) as url, _connected(url, b"GET / HTTP/1.1\r\n") as connection:
        thread = threading.Thread(target=_drip, args=(connection, b"X-A: b\r\n"))
        thread.start()
        assert _answer(connection) == b""
        thread.join()


@pytest.mark.parametrize("sent", [_POST, _POST + b"1234"])
def test_half_a_body_is_refused_with_408(sent: bytes) -> None:
    with serving(_app(), deadlines=_SHORT) as url, _connected(url, sent) as connection:
        answer = _answer(connection)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"request_timeout"' in answer


def test_a_dripping_body_is_refused() -> None:
    with serving(_app(), deadlines=_SHORT) as url, _connected(url, _POST) as connection:
        thread = threading.Thread(target=_drip, args=(connection, b"1"))
        thread.start()
        assert _answer(connection).startswith(b"HTTP/1.1 408 ")
        thread.join()


def test_a_slow_but_steady_body_is_waited_for() -> None:
    with serving(_app(), deadlines=_SHORT) as url, _connected(url, _POST) as connection:
        for _ in range(40):
            connection.sendall(bytes(25))
            time.sleep(0.05)
        assert connection.recv(1 << 16).startswith(b"HTTP/1.1 200 ")


def test_a_body_that_was_refused_is_not_read_for_ever() -> None:
    head = _POST.replace(b"/count", b"/refused")
    with serving(_app(), deadlines=_SHORT) as url, _connected(url, head) as connection:
        thread = threading.Thread(target=_drip, args=(connection, bytes(10)))
        thread.start()
        assert _answer(connection).startswith(b"HTTP/1.1 401 ")
        thread.join()


def test_an_answer_that_nobody_reads_is_given_up() -> None:
    with (
        serving(_app(), deadlines=_SHORT) as url,
        _connected(url, b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n") as paused,
    ):
        assert paused.recv(16).startswith(b"HTTP/1.1 200 ")
        time.sleep(2)
        assert len(_answer(paused)) < 20_000_000  # what the buffers of the connection held


@pytest.mark.parametrize("path", ["/endless", "/short"])
def test_an_answer_that_is_read_by_the_drop_is_given_up(path: str) -> None:
    with (
        serving(_app(), deadlines=_SHORT) as url,
        _connected(url, receive_bytes=1 << 12) as dripping,
    ):
        dripping.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        read, ends = 0, time.monotonic() + 2
        while time.monotonic() < ends:
            read += len(dripping.recv(100))
            time.sleep(0.01)
        read += len(_answer(dripping))
        assert read < _SHORT_ANSWER_BYTES  # what the buffers of the connection held


def test_an_answer_that_is_read_slowly_is_not_given_up() -> None:
    with serving(_app(), deadlines=_SHORT) as url, _connected(url, b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n") as slow:
        for _ in range(40):
            slow.recv(1 << 20)
            time.sleep(0.05)
        assert slow.recv(1 << 20)


def test_the_time_of_the_application_does_not_count() -> None:
    with serving(_app(), deadlines=_SHORT) as url:
        assert httpx.get(f"{url}/slow", timeout=TIMEOUT_S).status_code == 200


def test_new_connections_replace_those_without_a_request() -> None:
    with serving(_app(), deadlines=_PATIENT) as url, ExitStack() as half_open:
        waiting = [half_open.enter_context(_connected(url, b"GET /")) for _ in range(50)]
        assert httpx.get(f"{url}/", timeout=TIMEOUT_S).status_code == 200
        for connection in waiting[:30]:
            assert _answer(connection) == b""


def test_requests_in_progress_are_not_replaced() -> None:
    app = _app()
    with serving(app, deadlines=_PATIENT) as url, ExitStack() as busy:
        held = [busy.enter_context(_connected(url, _POST)) for _ in range(20)]
        wait_for("all are in progress", lambda: getattr(app.state, "counted", 0) == 20)
        with pytest.raises(httpx.TransportError):
            httpx.get(f"{url}/", timeout=TIMEOUT_S)
        for connection in held:
            connection.sendall(bytes(1000))
            assert connection.recv(1 << 16).startswith(b"HTTP/1.1 200 ")


def test_the_limit_of_connections_leaves_open_files() -> None:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert 0 < deadlines_of_server().most_connections < max(soft, resource.getrlimit(resource.RLIMIT_NOFILE)[0])


def _drip(connection: socket.socket, part: bytes) -> None:
    """Send until the server closes the connection."""
    try:
        while True:
            connection.sendall(part)
            time.sleep(0.1)
    except OSError:
        pass


def test_a_server_of_another_library_ends_although_a_client_still_waits() -> None:
    (port,) = free_ports(1)
    with subprocess.Popen([sys.executable, "-c", _SERVER, str(port)], stdout=subprocess.PIPE) as server:
        try:
            wait_for("the server is up", lambda: answers(f"http://127.0.0.1:{port}/"))
            with socket.create_connection(("127.0.0.1", port)) as client:
                client.sendall(b"GET /for-ever HTTP/1.1\r\nHost: x\r\n\r\n")
                assert server.stdout is not None
                assert server.stdout.readline() == b"waits\n"
                server.terminate()
                server.wait(TIMEOUT_S)
        finally:
            server.kill()
