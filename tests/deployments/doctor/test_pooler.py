"""The doctor behind a real PgBouncer, which `.ci/run` installs."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr

from blurline.settings import Settings
from deployments.doctor import Finding, Severity
from deployments.doctor.database import database
from tests.deployments.doctor.findings import findings
from tests.waiting import TIMEOUT_S, wait_for

PGBOUNCER = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")

pytestmark = pytest.mark.skipif(PGBOUNCER is None, reason="needs Debian's pgbouncer; .ci/run installs it")


@pytest.mark.parametrize(
    ("options", "severity", "says"),
    [
        ("pool_mode = transaction\nignore_startup_parameters = options", Severity.ERROR, "works by transaction"),
        ("pool_mode = session\nignore_startup_parameters = options", Severity.WARNING, "drops the startup parameter"),
        ("pool_mode = session", Severity.ERROR, "refuses the startup parameter"),
    ],
)
def test_a_pooler_that_breaks_sessions_is_reported(
    settings: Settings, tmp_path: Path, options: str, severity: Severity, says: str
) -> None:
    with _pooled(settings, tmp_path, options) as pooled:
        found = findings(database, pooled)
    finding: Finding = found["database.pooler"]
    assert finding.severity is severity
    assert says in finding.says and "Point BLURLINE_DATABASE_URL to PostgreSQL itself" in str(finding.remedy)
    assert {each.name for each in found.values() if each.severity is Severity.ERROR} <= {"database.pooler"}


@contextmanager
def _pooled(settings: Settings, folder: Path, options: str) -> Iterator[Settings]:
    """Settings whose database is reached through a PgBouncer with these options."""
    server = urlsplit(settings.database.conninfo)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    file = folder / "pgbouncer.ini"
    lines = [
        "[databases]",
        f"* = host={server.hostname} port={server.port} user={server.username} password={server.password}",
        "[pgbouncer]",
        f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n{options}",
    ]
    file.write_text("\n".join([*lines, ""]))
    shutil.chown(file, "nobody")
    folder.chmod(0o755)
    assert PGBOUNCER is not None
    process = subprocess.Popen([PGBOUNCER, "-q", "-u", "nobody", file], stderr=subprocess.DEVNULL)
    try:
        wait_for("PgBouncer listens", lambda: _listens(port))
        url = server._replace(netloc=f"{server.username}@127.0.0.1:{port}").geturl()
        yield settings.replace(database_url=SecretStr(url))
    finally:
        process.terminate()
        process.wait(TIMEOUT_S)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
