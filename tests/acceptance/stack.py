"""A `blurline up` of the test's own, and the API as a client uses it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import httpx
import psutil
from playwright.sync_api import BrowserContext

from blurline.settings import STACK_FILE
from deployments.embedded import leash
from deployments.embedded.stack import DEFAULT_PORTS
from tests.dashboard.signed_in import sign_in
from tests.waiting import TIMEOUT_S, wait_for

BLURLINE = str(Path(sys.executable).with_name("blurline"))
LEASH = Path(leash.__file__)
START_LOCK = Path(tempfile.gettempdir()) / "blurline-tests-start.lock"


class CommandFailed(Exception):
    """A `blurline` command ended with an error; what it wrote."""


@dataclass(frozen=True, slots=True)
class Program:
    """How to run `blurline`: the command, the working folder and further variables."""

    command: tuple[str, ...] = (BLURLINE,)
    folder: Path | None = None
    variables: dict[str, str] = field(default_factory=dict)


class Stack:
    """The stack on ``home``, started and stopped as a user does.

    ``usual``: variables of every stack of this checkout's program, unless it has others.
    """

    usual: ClassVar[dict[str, str]] = {}

    def __init__(
        self,
        home: Path,
        *,
        program: Program | None = None,
        is_ordinary_user: bool = False,
        has_own_ports: bool = True,
        workers: int | None = None,
        **variables: str,
    ) -> None:
        self.home = home
        self.program = program or Program()
        self._variables = ({} if program else self.usual) | variables
        self._arguments = ["--workers", str(workers)] if workers else []
        self._prefix = [sys.executable, str(LEASH), "SIGTERM", "not-root"] if is_ordinary_user else []
        self._has_own_ports = has_own_ports
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start and wait until it says that it is ready. One stack at a time: two would choose the same free ports."""
        with START_LOCK.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if self._has_own_ports and not (self.home / "ports.json").exists():
                # Not the usual ones, which another stack would take while a part that was killed starts again.
                (self.home / "ports.json").write_text(json.dumps(dict(zip(DEFAULT_PORTS, free_ports(), strict=True))))
            self._start()

    def _start(self) -> None:
        log = (self.home / "up.log").open("a")
        self.process = subprocess.Popen(
            [*self._prefix, *self.program.command, "up", *self._arguments],
            env=self.environment() | self._variables,
            cwd=self.program.folder,
            stdout=log,
            stderr=log,
            text=True,
            start_new_session=True,
        )
        log.close()
        process = self.process

        def is_up() -> bool:
            assert process.poll() is None, (self.home / "up.log").read_text()
            return (self.home / STACK_FILE).exists()

        wait_for("the stack is up", is_up)

    def stop(self) -> int:
        """Stop with SIGTERM; the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(TIMEOUT_S)

    def environment(self) -> dict[str, str]:
        """The variables with which commands reach this stack's folder."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("BLURLINE_", "PREFECT_"))}
        return clean | self.program.variables | {"BLURLINE_HOME": str(self.home)}

    def command(self, *arguments: str) -> str:
        """The output of a `blurline` command. Raises CommandFailed."""
        done = subprocess.run(
            [*self.program.command, *arguments],
            env=self.environment(),
            cwd=self.program.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise CommandFailed(done.stdout + done.stderr)
        return done.stdout.strip()

    def variables(self) -> dict[str, str]:
        """The variables that the running stack leaves for other commands."""
        lines = (self.home / STACK_FILE).read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def client(self, user: str = "ann", scope: str = "submit") -> httpx.Client:
        """A client of the API with a new token."""
        token = self.command("token", "--user", user, "--scope", scope)
        url = self.variables()["BLURLINE_API_URL"]
        return httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=TIMEOUT_S)

    def prefect(self) -> httpx.Client:
        """A client of the Prefect API."""
        variables = self.variables()
        user, _, password = variables["PREFECT_API_AUTH_STRING"].partition(":")
        return httpx.Client(base_url=variables["PREFECT_API_URL"], auth=(user, password), timeout=TIMEOUT_S)

    def pids(self) -> dict[str, int]:
        """The parts that run, by name."""
        entries = json.loads((self.home / "processes.json").read_text())
        return {name: entry["pid"] for name, entry in entries.items()}

    def dashboard_url(self) -> str:
        """The dashboard's URL."""
        ports = json.loads((self.home / "ports.json").read_text())
        return f"http://127.0.0.1:{ports['dashboard']}"

    def sign_in(self, context: BrowserContext, user: str = "operator", url: str | None = None) -> None:
        """Sign a browser in, at the dashboard with this URL (default: the stack's)."""
        link = self.command("dashboard-link", "--user", user)
        sign_in(context, link.replace(self.dashboard_url(), url or self.dashboard_url()))

    def metrics_urls(self) -> tuple[str, str]:
        """The URLs of the metrics of the API and the worker."""
        ports = json.loads((self.home / "ports.json").read_text())
        return f"http://127.0.0.1:{ports['api']}/metrics", f"http://127.0.0.1:{ports['worker_metrics']}/metrics"

    def metrics(self, url: str) -> list[str]:
        """The lines of one of these, with the token that the running stack leaves for Prometheus."""
        token = self.variables()["BLURLINE_METRICS_TOKEN"]
        answer = httpx.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=TIMEOUT_S)
        return answer.raise_for_status().text.splitlines()

    def processes(self) -> list[psutil.Process]:
        """Every process of this stack, by the data folder that their environment names."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get("BLURLINE_HOME") == str(self.home):
                    found.append(process)
            except (psutil.AccessDenied, psutil.NoSuchProcess, psutil.ZombieProcess):
                continue
        return found


def free_ports(count: int = len(DEFAULT_PORTS)) -> list[int]:
    """Free ports of 127.0.0.1."""
    with contextlib.ExitStack() as probes:
        listeners = [probes.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [listener.getsockname()[1] for listener in listeners]


def answers(url: str) -> bool:
    """Whether the URL answers with success."""
    try:
        return httpx.get(url).is_success
    except httpx.HTTPError:
        return False


def submit(client: httpx.Client, files: list[tuple[str, bytes]], **policy: Any) -> str:
    """Submit files by multipart; the job's id."""
    response = client.post(
        "/v1/jobs", files=[("files", file) for file in files], data={"policy": json.dumps(policy)}
    ).raise_for_status()
    return str(response.json()["id"])


def finished(client: httpx.Client, job_id: str) -> dict[str, dict[str, Any]]:
    """The job's images by name, once none is under way."""

    def ask() -> dict[str, Any] | None:
        try:
            job = client.get(f"/v1/jobs/{job_id}").raise_for_status().json()
        except httpx.HTTPError:
            return None
        return job if job["state"] == "finished" else None

    wait_for(f"job {job_id} is finished", ask)
    page = client.get(f"/v1/jobs/{job_id}/images", params={"limit": 1000}).raise_for_status().json()
    return {image["name"]: image for image in page["images"]}


def is_corrected(client: httpx.Client, url: str, before: str) -> bool:
    """Whether the image at ``url`` is published with another result than that with the hash ``before``."""
    image = client.get(url).raise_for_status().json()
    return image["state"] == "published" and image["result_sha256"] not in (None, before)


def fetch(client: httpx.Client, image: dict[str, Any]) -> bytes:
    """The published result."""
    return client.get(image["result_url"]).raise_for_status().content
