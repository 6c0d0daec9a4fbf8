"""A proxy between a client and the API that breaks the connection where a test wants it."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Breaks:
    """Breaks off answers to requests that begin with a line, each break once; ``url`` is the proxy's."""

    url: str
    planned: list[tuple[bytes, int]] = field(default_factory=list)

    def plan(self, request: str, after_bytes: int = 0) -> None:
        """Break the answer to the next request that begins with this line, after this many bytes."""
        self.planned.append((request.encode(), after_bytes))

    def take(self, sent: bytes) -> int | None:
        """The number of bytes of the answer to ``sent`` that pass; None for all."""
        for each in self.planned:
            if sent.startswith(each[0]):
                self.planned.remove(each)
                return each[1]
        return None


@contextmanager
def breaking(url: str) -> Iterator[Breaks]:
    """A proxy in front of ``url`` during the block."""
    target = urlsplit(url)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        breaks = Breaks(f"http://127.0.0.1:{listener.getsockname()[1]}")
        threads: list[threading.Thread] = []

        def accept() -> None:
            with contextlib.suppress(OSError):  # the listener is closed at the end
                while True:
                    client, _ = listener.accept()
                    threads.append(threading.Thread(target=_serve, args=(client, target.hostname, target.port, breaks)))
                    threads[-1].start()

        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield breaks
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            for thread in [accepting, *threads]:
                thread.join(30)


def _serve(client: socket.socket, host: str, port: int, breaks: Breaks) -> None:
    passing: list[int | None] = [None]
    with client, socket.create_connection((host, port)) as server:

        def upstream() -> None:
            with contextlib.suppress(OSError):
                while data := client.recv(65_536):
                    allowed = breaks.take(data)
                    passing[0] = allowed if allowed is not None else passing[0]
                    server.sendall(data)
            _end(server)

        thread = threading.Thread(target=upstream)
        thread.start()
        with contextlib.suppress(OSError):
            while data := server.recv(65_536):
                left = passing[0]
                client.sendall(data if left is None else data[:left])
                if left is not None:
                    passing[0] = left - len(data)
                    if left <= len(data):
                        break
        _end(client)
        thread.join(30)


def _end(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
