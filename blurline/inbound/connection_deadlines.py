"""Deadlines for the connections of a uvicorn server, and a limit on their number.

uvicorn only limits the time between requests. Here, every second of waiting for the client counts: for the head of a
request, for its body, and for a client that does not read its answer. The time that the application takes does not
count. The rules follow Apache's mod_reqtimeout (a deadline for the head, a minimum rate for the body) and nginx's
lingering_time (a client may finish sending a body that was refused, so that it can read the refusal).
"""

from __future__ import annotations

import asyncio
import resource
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import h11
import structlog
import uvicorn
import uvicorn.config
from uvicorn.protocols.http.h11_impl import H11Protocol

from blurline.error_codes import ERROR_CODES

log = structlog.get_logger()

GRACE_S = 5
"""How long a server that stops waits for its clients."""

_MOST_CONNECTIONS = 4096
_OTHER_FILES = 256  # for the database, the store, temporary files
_MOST_BYTES_A_READ = 1 << 16
_LATE = "request_timeout"
_QUIET_S = 10


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Limits of a connection, in seconds and bytes. A body must bring ``body_bytes`` in every ``body_s``."""

    head_s: float = 20
    body_s: float = 30
    body_bytes: int = 15_000
    linger_s: float = 30
    unread_s: float = 300
    tick_s: float = 1
    most_connections: int = _MOST_CONNECTIONS

    def protocol(self) -> type[TimedProtocol]:
        """The protocol class for uvicorn's option ``http``."""
        return type("TimedProtocol", (TimedProtocol,), {"deadlines": self})


class TimedProtocol(H11Protocol):
    """HTTP/1.1 with deadlines. At the limit of connections, a new one replaces the oldest that has sent no request."""

    deadlines = Deadlines()
    _quiet_until_s = 0.0

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._waited_s = dict.fromkeys(("head", "body", "linger", "unread"), 0.0)
        self._body_bytes, self._unsent_bytes = 0, 0
        self._since_s = self.loop.time()
        self._tick: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Override of asyncio's method."""
        super().connection_made(transport)
        transport.max_size = _MOST_BYTES_A_READ  # type: ignore[attr-defined]  # bounds the memory of each connection
        if len(self.connections) > self.deadlines.most_connections:
            self._make_room()
        self._tick = self.loop.call_later(self.deadlines.tick_s, self._check)

    def connection_lost(self, exc: Exception | None) -> None:
        """Override of asyncio's method."""
        if self._tick is not None:
            self._tick.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Override of asyncio's method."""
        before, self._body_bytes = self.cycle, self._body_bytes + len(data)
        super().data_received(data)
        if self.cycle is not before:
            self._waited_s, self._body_bytes = dict.fromkeys(self._waited_s, 0.0), 0

    def _make_room(self) -> None:
        """If too many connections are open, close the oldest that has sent no request, or this one."""
        alive = [each for each in self.connections if not each.transport.is_closing()]
        if len(alive) <= self.deadlines.most_connections:
            return
        if self.loop.time() >= TimedProtocol._quiet_until_s:
            TimedProtocol._quiet_until_s = self.loop.time() + _QUIET_S
            log.warning("connections_at_limit", connections=len(alive))
        waiting = [each for each in alive if isinstance(each, TimedProtocol) and each.conn.their_state is h11.IDLE]
        min(waiting, key=lambda each: each._since_s, default=self).transport.abort()

    def _check(self) -> None:
        """Count the last second for what it was spent on, and end the connection when that lasts too long."""
        if self.transport.get_protocol() is not self:  # it is a WebSocket now, which has its own deadlines
            return
        limits, phase = self.deadlines, self._phase()
        for each in ("head", "body", "linger", "unread"):
            if each == phase or (each == "unread" and self._is_unread()):
                self._waited_s[each] += limits.tick_s
            elif each in ("head", "unread"):
                self._waited_s[each] = 0.0
        waited_s = self._waited_s
        if waited_s["unread"] >= limits.unread_s or waited_s["linger"] >= limits.linger_s:
            self._end("client_too_slow")
        elif waited_s["head"] >= limits.head_s:
            self._end("head_too_slow")
        elif waited_s["body"] >= limits.body_s:
            if self._body_bytes < limits.body_bytes:
                self._refuse()
            waited_s["body"], self._body_bytes = 0.0, 0
        self._tick = self.loop.call_later(limits.tick_s, self._check)

    def _phase(self) -> str:
        """What the connection waits for; empty for the application, and for uvicorn's own limit between requests."""
        if self.transport.is_closing():
            return ""
        if self.conn.their_state is h11.IDLE:
            return "head" if self.timeout_keep_alive_task is None else ""
        if self.conn.their_state is not h11.SEND_BODY or self.flow.read_paused:
            return ""
        return "linger" if self.cycle.response_complete else "body"

    def _is_unread(self) -> bool:
        """Whether the client has read nothing of its answer since the last check."""
        before, self._unsent_bytes = self._unsent_bytes, self._unsent()
        return 0 < self._unsent_bytes == before

    def _unsent(self) -> int:
        return self.transport.get_write_buffer_size()

    def _refuse(self) -> None:
        """Answer 408 if the application has not answered yet, and end the connection."""
        if self.cycle.response_started:
            self._end("body_too_slow")
            return
        log.info("connection_ended", reason="body_too_slow")
        code = ERROR_CODES[_LATE]
        body = (
            f'{{"type":"about:blank","title":"Request Timeout","status":{code.status},"code":"{_LATE}",'
            f'"detail":"{code.meaning} {code.advice}"}}'
        ).encode()
        headers = [("content-type", "application/problem+json"), ("content-length", str(len(body)))]
        answer = h11.Response(status_code=code.status or 408, headers=[*headers, ("connection", "close")])
        parts = [self.conn.send(each) for each in (answer, h11.Data(data=body), h11.EndOfMessage())]
        self.transport.write(b"".join(filter(None, parts)))
        self.cycle.disconnected = True
        self.cycle.message_event.set()
        self.transport.close()

    def _end(self, reason: str) -> None:
        log.info("connection_ended", reason=reason)
        self.transport.abort()


def deadlines_of_server() -> Deadlines:
    """The deadlines, with a limit of connections that leaves open files for everything else.

    Raises the process's soft limit of open files as far as the limit of connections needs.
    """
    deadlines = Deadlines()
    wanted = deadlines.most_connections + _OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return replace(deadlines, most_connections=min(deadlines.most_connections, max(soft - _OTHER_FILES, soft // 2)))


def install_as_default() -> None:
    """Give every uvicorn server of this process the deadlines, also one that another library starts.

    It ends `GRACE_S` after SIGTERM, whatever its clients do; uvicorn waits for them for ever.
    """
    TimedProtocol.deadlines = deadlines_of_server()
    uvicorn.config.HTTP_PROTOCOLS["auto"] = f"{__name__}:{TimedProtocol.__name__}"
    with_grace = partial(uvicorn.Config, timeout_graceful_shutdown=GRACE_S)
    uvicorn.Config = with_grace  # type: ignore[assignment,misc]
