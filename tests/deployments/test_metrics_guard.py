from __future__ import annotations

import httpx
import pytest
from prometheus_client import CollectorRegistry, start_http_server

from deployments.worker.metrics_guard import require_token
from tests.waiting import TIMEOUT_S


@pytest.mark.parametrize(
    ("given", "status"),
    [
        (None, 401),
        ("Bearer wrong", 401),
        ("Bearer", 401),
        ("a-token", 401),
        ("bearer \xe4", 401),
        ("Bearer a-token", 200),
    ],
)
def test_metrics_are_answered_only_with_the_token(given: str | None, status: int) -> None:
    server, thread = start_http_server(0, "127.0.0.1", CollectorRegistry())
    try:
        require_token(server, "a-token")
        headers = {} if given is None else {b"Authorization": given.encode("latin-1")}
        for path in ("/metrics", "/"):
            answer = httpx.get(f"http://127.0.0.1:{server.server_port}{path}", headers=headers, timeout=TIMEOUT_S)
            assert answer.status_code == status
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
