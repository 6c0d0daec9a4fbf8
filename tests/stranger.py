"""What another account of the machine gets from a listening socket without any key.

A script without imports of ours, because that account may not read them:

    python -I -S stranger.py < sockets

The input is a JSON object with `ports` (numbers), `sockets` (paths) and `paths` (of HTTP); the output a list of what
was answered, each as `[port or path, what]`. It only reads. Root becomes the account `nobody` first.
"""

from __future__ import annotations

import contextlib
import encodings.idna  # noqa: F401 - loaded before the account changes
import http.client
import json
import os
import socket
import ssl
import sys
from collections.abc import Iterator

_NOBODY = 65534
_TIMEOUT_S = 20
_HELLO = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
_SETTINGS = 4


def _pages(port: int, paths: list[str], trust: ssl.SSLContext | None) -> Iterator[str]:
    """The paths that are answered, but for those that only repeat the first one (a single-page application)."""
    first = None
    for path in paths:
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = (
                http.client.HTTPSConnection("127.0.0.1", port, timeout=_TIMEOUT_S, context=trust)
                if trust
                else http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S)
            )
            with contextlib.closing(connection):
                connection.request("GET", path)
                answer = connection.getresponse()
                body = answer.read()
                if answer.status < 300 and body != first:
                    yield f"GET {path}"
                if path == paths[0] and answer.status < 300:
                    first = body


def _speaks_grpc(port: int, trust: ssl.SSLContext | None) -> bool:
    with contextlib.suppress(OSError), contextlib.ExitStack() as open_sockets:
        line = open_sockets.enter_context(socket.create_connection(("127.0.0.1", port), _TIMEOUT_S))
        if trust:
            line = open_sockets.enter_context(trust.wrap_socket(line))
        line.sendall(_HELLO)
        return line.recv(9)[3:4] == bytes([_SETTINGS])
    return False


def _accepting(protocol: str) -> ssl.SSLContext:
    """A context that accepts any server's certificate and shows none."""
    context = ssl._create_unverified_context()
    context.set_alpn_protocols([protocol])
    return context


def _opens(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as line:
        return line.connect_ex(path) == 0


def main() -> None:
    """Read the sockets from standard input, and write what they answer."""
    asked = json.load(sys.stdin)
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(_NOBODY)
        os.setuid(_NOBODY)
    found: list[tuple[int | str, str]] = []
    for port in asked["ports"]:
        found += [(port, page) for page in _pages(port, asked["paths"], None)]
        found += [(port, f"{page} over TLS") for page in _pages(port, asked["paths"], _accepting("http/1.1"))]
        found += [(port, "gRPC")] if _speaks_grpc(port, None) else []
        found += [(port, "gRPC over TLS")] if _speaks_grpc(port, _accepting("h2")) else []
    found += [(path, "connect") for path in asked["sockets"] if _opens(path)]
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
