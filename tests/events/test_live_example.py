"""The example of docs/live.md, as a reader runs it, through restarts and outages."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from websockets.exceptions import ConnectionClosed

from api.app import create_app
from blurline.settings import Settings
from sql.engine.database import Database
from tests.api_server import serving
from tests.events.live_socket import job_underway, settle, token
from tests.waiting import TIMEOUT_S, wait_for

DOCUMENT = Path(__file__).parents[2] / "docs" / "live.md"
UNAVAILABLE = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Reader:
    """Runs the example in a thread; ``said`` is what it prints, ``error`` how it ends."""

    def __init__(self, url: str, fresh_token: Callable[[], str]) -> None:
        self.said: list[str] = []
        self.error: BaseException | None = None
        code = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)[-1]
        definitions, _, last = code.strip().rpartition("\n")
        assert last == 'asyncio.run(follow("ws://127.0.0.1:8000/ws", fresh_token))'
        names: dict[str, Any] = {"print": lambda *words: self.said.append(" ".join(map(str, words)))}
        exec(definitions, names)

        def run() -> None:
            try:
                asyncio.run(names["follow"](url, fresh_token))
            except Exception as error:
                self.error = error

        self.thread = threading.Thread(target=run)
        self.thread.start()

    def count(self, word: str) -> int:
        """The number of lines that begin with this word."""
        return sum(line.startswith(word) for line in self.said)

    def wait_for(self, word: str, count: int) -> None:
        """Wait until this many lines begin with the word."""
        wait_for(f"{count} {word}", lambda: self.error or self.count(word) >= count, every_s=0.02)
        assert self.error is None


def test_the_example_continues_through_restarts_and_expiries(without_prefect: Settings, database: Database) -> None:
    _, attempts = job_underway(database, 3)
    given: list[str] = []
    is_wrong = False

    def fresh_token() -> str:
        given.append("wrong" if is_wrong else token(without_prefect, ttl_s=60 if not given else 10))
        return given[-1]

    with serving(create_app(without_prefect)) as url:
        port = int(url.rpartition(":")[2])
        reader = Reader(f"ws://127.0.0.1:{port}/ws", fresh_token)
        reader.wait_for("ready", 1)
        settle(database, attempts[0])
        reader.wait_for("image.published", 1)
    settle(database, attempts[1])
    _refuse_handshakes(port)
    with serving(create_app(without_prefect), port):
        reader.wait_for("image.published", 2)
        tokens = len(given)
        reader.wait_for("ready", reader.count("ready") + 1)  # the token has expired
        assert len(given) > tokens
        settle(database, attempts[2])
        reader.wait_for("image.published", 3)
        is_wrong = True
        reader.thread.join(TIMEOUT_S)
    assert isinstance(reader.error, ConnectionClosed)
    assert reader.count("image.published") == 3
    assert reader.count("job.finished") == 1
    assert any("503" in line for line in reader.said)


def _refuse_handshakes(port: int) -> None:
    """Answer one request with 503, and cut off the next."""
    with socket.create_server(("127.0.0.1", port)) as listener:
        for answer in (UNAVAILABLE, b""):
            connection, _ = listener.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(answer)
