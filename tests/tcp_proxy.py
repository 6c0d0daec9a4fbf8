"""A proxy that forwards requests to another server, except those that a test answers differently."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

_NOT_PASSED_ON = {"connection", "transfer-encoding", "content-encoding", "content-length", "date", "server"}


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the proxy itself."""

    status: int
    body: str = ""
    media_type: str = "text/plain"


@contextmanager
def forwarding(to: str, answers: Mapping[str, Answer], date: str | None = None) -> Iterator[str]:
    """The server's URL. ``answers``: by method and end of the path, as `GET /version`; ``date`` is its clock."""

    class Handler(BaseHTTPRequestHandler):
        def _handle(self) -> None:
            asked = self.rfile.read(int(self.headers.get("content-length", 0)))
            path = self.path.partition("?")[0]
            answer = next((each for key, each in answers.items() if _is_meant(key, self.command, path)), None)
            if answer is None:
                passed = client.request(self.command, to + self.path, content=asked, headers=dict(self.headers))
                status, body = passed.status_code, passed.content
                headers = {k: v for k, v in passed.headers.items() if k.lower() not in _NOT_PASSED_ON}
            else:
                status, body, headers = answer.status, answer.body.encode(), {"Content-Type": answer.media_type}
            self.send_response_only(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            if date is not None:
                self.send_header("Date", date)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = do_OPTIONS = _handle  # noqa: N815

        def log_message(self, *_arguments: object) -> None:
            pass

    with httpx.Client() as client, ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def _is_meant(key: str, method: str, path: str) -> bool:
    wanted, _, end = key.partition(" ")
    return method == wanted and path.endswith(end)
