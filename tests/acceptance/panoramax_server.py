"""A real Panoramax server: geovisio from PyPI on Debian's PostGIS, with its picture workers, and `panoramax_cli`."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.acceptance.stack import LEASH, answers, free_ports
from tests.waiting import TIMEOUT_S, wait_for

GEOVISIO, CLI = "geovisio==2.15.1", "panoramax-cli==1.4.1"
"""Each is installed into an environment of its own: their dependencies conflict."""

_POSTGIS = "postgresql-15-postgis-3"
_POSTGRES = Path("/usr/lib/postgresql/15/bin")
_CONTROL = Path("/usr/share/postgresql/15/extension/postgis.control")


@dataclass(frozen=True, slots=True)
class PanoramaxServer:
    """The running server, with the folder of its pictures and the programs of `panoramax_cli`."""

    http: httpx.Client
    pictures: Path
    log: Path
    cli: Path

    def upload(self, folder: Path) -> subprocess.CompletedProcess[str]:
        """Upload a folder of pictures as one sequence; returns when all files are sent."""
        options = ["--api-url", str(self.http.base_url), "--no-split", "--no-wait"]
        return _run([self.cli / "panoramax_cli", "upload", *options, folder])

    def items(self) -> list[dict[str, Any]]:
        """The pictures of all sequences that the API shows."""
        return [
            item
            for sequence in self._get("/api/collections")["collections"]
            for item in self._get(f"/api/collections/{sequence['id']}/items?limit=1000")["features"]
        ]

    def status(self) -> list[dict[str, Any]]:
        """The pictures as the page of each sequence's progress has them, broken ones too."""
        return [
            item | {"collection": sequence["id"]}
            for sequence in self._get("/api/collections")["collections"]
            for item in self._get(f"/api/collections/{sequence['id']}/geovisio_status")["items"]
        ]

    def is_idle(self) -> bool:
        """Whether no picture, sequence or retry waits or is being processed."""
        return bool(self._get("/api/jobs/stats")["total_jobs"] == 0)

    def prepare(self, item: dict[str, Any]) -> None:
        """Ask for a broken picture again, as docs/panoramax.md says."""
        self.http.post(f"/api/collections/{item['collection']}/items/{item['id']}/prepare").raise_for_status()

    def _get(self, path: str) -> Any:
        return self.http.get(path).raise_for_status().json()


def install(folder: Path) -> tuple[Path, Path]:
    """The programs of the server and of the client; PostGIS is installed too. Skips the test where it cannot be."""
    if not _CONTROL.exists() and os.geteuid() == 0 and shutil.which("apt-get"):
        _run(["apt-get", "update", "-q"])
        _run(["apt-get", "install", "-q", "-y", "--no-install-recommends", _POSTGIS])
    if not _CONTROL.exists():
        pytest.skip(f"needs Debian's {_POSTGIS}, which only root can install, with apt-get")
    return _environment(folder / "geovisio", GEOVISIO), _environment(folder / "cli", CLI)


@contextmanager
def running_panoramax(
    folder: Path, programs: Path, cli: Path, workers: Sequence[dict[str, str]]
) -> Iterator[PanoramaxServer]:
    """The server, with one picture worker for each set of variables."""
    port, database_port = free_ports(2)
    pictures = folder / "pictures"
    pictures.mkdir()
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("BLURLINE_", "PREFECT_", "NETRC"))}
    environment = clean | {
        "FLASK_APP": "geovisio",
        "DB_URL": f"postgresql://panoramax@127.0.0.1:{database_port}/panoramax",
        "FS_URL": str(pictures),
        "PICTURE_PROCESS_THREADS_LIMIT": "0",
        **workers[0],
    }
    log = folder / "panoramax.log"
    flask = [programs / "flask"]
    with contextlib.ExitStack() as running, log.open("a") as output:
        running.enter_context(_postgis(folder / "database", database_port, output))
        upgraded = _run([*flask, "db", "upgrade"], environment)
        assert upgraded.returncode == 0, upgraded.stdout + upgraded.stderr
        running.enter_context(_process([*flask, "run", "--port", port], environment, output, signal.SIGTERM))
        url = f"http://127.0.0.1:{port}"
        wait_for("the Panoramax server is up", lambda: answers(f"{url}/api/"))
        for variables in workers:
            worker = environment | variables
            # At SIGTERM, it would first work off the whole queue.
            running.enter_context(_process([*flask, "picture-worker"], worker, output, signal.SIGKILL))
        http = running.enter_context(httpx.Client(base_url=url, timeout=TIMEOUT_S))
        yield PanoramaxServer(http, pictures, log, cli)


@contextmanager
def _postgis(folder: Path, port: int, output: Any) -> Iterator[None]:
    as_user = [sys.executable, LEASH, "SIGINT", "not-root"]
    made = _run([*as_user, _POSTGRES / "initdb", "-D", folder, "-U", "panoramax", "-A", "trust", "-E", "UTF8", "-N"])
    assert made.returncode == 0, made.stdout + made.stderr
    options = ["-p", port, "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
    with _process([*as_user, _POSTGRES / "postgres", "-D", folder, *options], {**os.environ}, output, signal.SIGINT):
        psql = [_POSTGRES / "psql", "-h", "127.0.0.1", "-p", port, "-U", "panoramax"]
        create = [*psql, "-d", "postgres", "-c", "CREATE DATABASE panoramax"]
        wait_for("PostgreSQL is up", lambda: _run(create).returncode == 0)
        done = _run([*psql, "-d", "panoramax", "-c", "CREATE EXTENSION postgis"])
        assert done.returncode == 0, done.stderr
        yield


@contextmanager
def _process(command: Sequence[object], environment: dict[str, str], output: Any, ending: int) -> Iterator[None]:
    process = subprocess.Popen([str(each) for each in command], env=environment, stdout=output, stderr=output)
    try:
        yield
    finally:
        process.send_signal(ending)
        process.wait(TIMEOUT_S)


def _environment(folder: Path, requirement: str) -> Path:
    uv = Path(sys.executable).with_name("uv")
    made = _run([uv, "venv", "-q", "--python", sys.executable, folder])
    assert made.returncode == 0, made.stderr
    done = _run([uv, "pip", "install", "-q", "--python", folder, requirement])
    if done.returncode != 0:
        pytest.skip(f"{requirement} cannot be installed from PyPI: {done.stderr[-300:]}")
    return folder / "bin"


def _run(command: Sequence[object], environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    words = [str(each) for each in command]
    return subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
