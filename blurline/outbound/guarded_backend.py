"""A network backend for httpcore that connects only to checked addresses, within a time limit.

A name is resolved once, all its addresses must be allowed, and the connection uses the checked address. So DNS
rebinding has no effect.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from ipaddress import ip_address
from typing import Any

import httpcore

from blurline.errors import AddressRefused
from blurline.outbound.addresses import Address, Network, may_be_reached

_CONNECT_S = 5


class Deadline:
    """The end of a request's time limit."""

    def __init__(self, timeout_s: float) -> None:
        self._at = time.monotonic() + timeout_s

    def left_s(self) -> float:
        """The remaining seconds. Raises httpcore.TimeoutException when there are none."""
        left_s = self._at - time.monotonic()
        if left_s <= 0:
            raise httpcore.TimeoutException("the request's time limit is over")
        return left_s


class GuardedBackend(httpcore.NetworkBackend):
    """Connects only to checked addresses. Raises AddressRefused."""

    def __init__(self, networks: Sequence[Network], deadline: Deadline) -> None:
        self._networks, self._deadline = networks, deadline
        self._backend = httpcore.SyncBackend()

    def connect_tcp(self, host: str, port: int, *_: Any, **__: Any) -> httpcore.NetworkStream:
        """Connect to the first address of ``host`` that accepts, within the deadline."""
        addresses = _resolve(host, port, self._deadline.left_s())
        check_addresses(addresses, self._networks)
        fault: Exception = httpcore.ConnectError("the name has no address")
        for address in addresses:
            try:
                stream = self._backend.connect_tcp(str(address), port, min(_CONNECT_S, self._deadline.left_s()))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                fault = error
            else:
                return _TimedStream(stream, self._deadline)
        raise fault


def check_addresses(addresses: Sequence[Address], networks: Sequence[Network]) -> None:
    """Raise AddressRefused unless all ``addresses`` are allowed."""
    if not all(may_be_reached(address, networks) for address in addresses):
        raise AddressRefused("The URL leads to an address that is not allowed. Use a public one.")


def look_up(host: str, port: int, flags: int = 0) -> list[Address]:
    """All addresses of a host, from the system's resolver. Raises OSError."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    except UnicodeError as error:  # a label that is empty or too long
        raise OSError("not a name") from error
    return [ip_address(socket_address[0]) for *_, socket_address in found]


def _resolve(host: str, port: int, timeout_s: float) -> list[Address]:
    """`look_up` within a time limit. Runs in a thread, because resolvers have their own time limits."""
    answer: Future[list[Address]] = Future()

    def ask() -> None:
        try:
            answer.set_result(look_up(host, port))
        except Exception as error:
            answer.set_exception(error)

    threading.Thread(target=ask, name="resolve", daemon=True).start()
    try:
        return answer.result(timeout_s)
    except TimeoutError as error:
        raise httpcore.ConnectTimeout(error) from error
    except OSError as error:
        raise httpcore.ConnectError(error) from error


class _TimedStream(httpcore.NetworkStream):
    """A connection on which every operation ends at the request's time limit, even if bytes arrive slowly."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left_s())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left_s())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, self._deadline.left_s())
        return _TimedStream(secured, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
