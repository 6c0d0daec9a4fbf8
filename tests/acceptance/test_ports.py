"""Every listening socket of the stack refuses another account of the machine that has no key."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from tests import stranger
from tests.acceptance.stack import Stack
from tests.waiting import TIMEOUT_S

_PATHS = (
    # of the servers in general
    "/", "/status", "/metrics", "/debug/pprof/cmdline", "/_stcore/metrics",
    # of the store
    "/healthz", "/dir/status", "/vol/status", "/vol/list", "/cluster/status", "/stats/counter", "/ui/index.html",
    "/buckets/", "/buckets/blurline-originals/", "/blurline-originals", "/blurline-originals?list-type=2&prefix=a",
    # of the API
    "/liveness", "/healthcheck", "/docs", "/openapi.json", "/v1/audit-keys",
    "/v1/me", "/v1/jobs", "/v1/images", "/v1/reviews/next", "/v1/operator/users",
    # of Prefect
    "/api/ready", "/api/health", "/ui-settings", "/api/admin/settings", "/api/admin/version", "/api/flow_runs/count",
    "/api/work_pools/filter", "/api/csrf-token",
)  # fmt: skip
_PUBLIC = {
    "api": {"/liveness", "/healthcheck", "/docs", "/openapi.json", "/v1/audit-keys"},
    "dashboard": {"/", "/_stcore/metrics"},
    "prefect": {"/", "/docs", "/openapi.json", "/ui-settings", "/api/ready", "/api/health"},
    "s3": {"/status", "/healthz"},
}
"""What anyone may read: whether a part is alive, documentation, keys for checking records, pages before the sign-in."""


def test_every_port_refuses_another_account_that_has_no_key(stack: Stack) -> None:
    ports = set(_listening_ports(stack))
    names = {port: name for name, port in json.loads((stack.home / "ports.json").read_text()).items()}
    assert set(names) <= ports, "a port of the stack is not open: the test does not see every process"
    found = _asked_by_a_stranger(ports=sorted(ports))
    answered = {(names.get(port, str(port)), what) for port, what in found}
    assert answered <= {(name, f"GET {path}") for name, paths in _PUBLIC.items() for path in paths}


def test_unix_sockets_refuse_another_account(stack: Stack) -> None:
    if os.geteuid() != 0:
        pytest.skip("Only root can become another account.")
    sockets = sorted({each for process in stack.processes() for each in _unix_sockets(process)})
    assert any(path.endswith("s3.sock") for path in sockets)
    assert _asked_by_a_stranger(sockets=sockets) == []


def test_the_database_needs_a_password(stack: Stack) -> None:
    port = json.loads((stack.home / "ports.json").read_text())["postgres"]
    for user in ("blurline", "postgres"):
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(host="127.0.0.1", port=port, user=user, dbname="blurline", passfile="/dev/null")


def _asked_by_a_stranger(**sockets: list[int] | list[str]) -> list[tuple[int | str, str]]:
    """What `stranger.py` gets as another account if the test is root, and else as this one."""
    asked = {"ports": [], "sockets": [], "paths": _PATHS, **sockets}
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", Path(stranger.__file__).read_text()],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env={},
        timeout=TIMEOUT_S,
    )
    assert done.returncode == 0, done.stderr
    return [(where, what) for where, what in json.loads(done.stdout)]


def _listening_ports(stack: Stack) -> Iterator[int]:
    for process in stack.processes():
        for connection in process.net_connections("inet"):
            if connection.status == psutil.CONN_LISTEN:
                yield connection.laddr.port


def _unix_sockets(process: psutil.Process) -> Iterator[str]:
    """The paths of the process's Unix sockets, from its own folder where they are relative."""
    for connection in process.net_connections("unix"):
        path = str(connection.laddr)
        if path and not path.startswith("@"):
            yield str(Path(process.cwd()) / path)
