"""The probes, sent to the processes as the kubelet sends them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from blurline.settings import Settings
from tests.deployments.kubernetes import guide
from tests.deployments.kubernetes.kubelet import arguments, as_kubernetes_mounts
from tests.deployments.kubernetes.manifests import EXAMPLE, Workload, rendered, settings_of, workload
from tests.waiting import TIMEOUT_S, wait_for

pytestmark = pytest.mark.long


@dataclass(frozen=True, slots=True)
class Running:
    """The main container of a pod, as a process here."""

    part: Workload
    process: subprocess.Popen[bytes]
    port: int
    folder: Path

    def passes(self, probe: str) -> bool:
        """Whether the probe succeeds. The kubelet addresses the pod, whose name the server does not know."""
        asked = self.part.main[probe]
        if "exec" in asked:
            command = [word.replace("/tmp/", f"{self.folder}/") for word in asked["exec"]["command"]]
            return subprocess.run(command, capture_output=True, check=False).returncode == 0
        url = f"http://127.0.0.1:{self.port}{asked['httpGet']['path']}"
        try:
            answer = httpx.get(url, headers={"Host": f"10.1.2.3:{self.port}"}, timeout=TIMEOUT_S)
        except httpx.HTTPError:
            return False
        return answer.is_success and "html" not in answer.headers["content-type"]  # Streamlit has a page for any path

    def has_started(self) -> bool:
        return self.passes("startupProbe")

    def is_unready(self) -> bool:
        return not self.passes("readinessProbe")


def test_while_prefect_is_unavailable_every_part_lives_and_only_workers_are_unready(
    settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "worker").mkdir()
    (tmp_path / "worker" / "worker.ready").touch()  # of a process before, in the same pod
    with ExitStack() as stack:
        api, dashboard, worker = (
            stack.enter_context(started(workload(rendered(EXAMPLE), name), settings, tmp_path / name))
            for name in ("api", "dashboard", "worker")
        )
        for each in (api, dashboard, worker):
            wait_for(f"{each.part.name} has started", each.has_started)
            assert each.passes("livenessProbe")
        assert api.passes("readinessProbe") and dashboard.passes("readinessProbe")
        wait_for("the worker is unready", worker.is_unready)
        worker.process.terminate()  # a worker that waits for Prefect has nothing to finish
        assert worker.process.wait(TIMEOUT_S) == 0


@contextmanager
def started(part: Workload, settings: Settings, folder: Path) -> Iterator[Running]:
    """The part with its pod's settings, except addresses that differ here."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    given = arguments(part.main["args"], {"WORKER_CHILDREN": "1"})
    if "--port" in given:
        given[given.index("--port") + 1] = str(port)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("BLURLINE_", "PREFECT_"))},
        **settings_of(rendered(EXAMPLE)),
        "HOME": str(folder),
        "BLURLINE_HOME": str(folder / "home"),
        "BLURLINE_SECRETS_DIR": str(as_kubernetes_mounts(folder / "secrets", secrets_of(part, settings))),
        "BLURLINE_S3_ENDPOINT": settings.store.endpoint,
        "BLURLINE_WORKER_METRICS_PORT": str(port),
        "BLURLINE_WORKER_READY_FILE": str(folder / "worker.ready"),
        "PREFECT_API_URL": "http://127.0.0.1:9/api",
    }
    process = subprocess.Popen([sys.executable, "-m", "blurline", *given], env=environment, stderr=subprocess.DEVNULL)
    try:
        yield Running(part, process, port, folder)
    finally:
        process.terminate()
        process.wait(TIMEOUT_S)


def secrets_of(part: Workload, settings: Settings) -> dict[str, str]:
    if part.name == "dashboard":
        return guide.secrets()["dashboard"]
    access_key, secret_key = settings.store.keys
    return {
        "BLURLINE_DATABASE_URL": settings.database.conninfo,
        "BLURLINE_S3_ACCESS_KEY": access_key,
        "BLURLINE_S3_SECRET_KEY": secret_key,
    }
