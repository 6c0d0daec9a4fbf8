from __future__ import annotations

import json
import os
import shutil
import socket
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest

from blurline.access.tokens import LocalIssuer
from blurline.settings import Settings
from deployments.doctor import Severity
from deployments.doctor.installation import machine
from deployments.embedded.home import Home
from tests.deployments.doctor.findings import findings, wrong


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A data folder, and a port of its API that is free."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    home = Home(tmp_path)
    home.write_private("ports.json", json.dumps({"api": port}))
    yield home
    home.release()


@pytest.fixture
def local(home: Home) -> Settings:
    return Settings(home=home.path)


def _port(home: Home) -> int:
    port: int = json.loads((home.path / "ports.json").read_text())["api"]
    return port


def test_secrets_that_others_can_read_are_an_error(home: Home, local: Settings) -> None:
    LocalIssuer(home.path)
    home.secrets()
    assert "2 files" in findings(machine, local)["machine.secrets"].says
    (home.path / "issuer_key.pem").chmod(0o640)
    found = wrong(machine, local)
    assert set(found) == {"machine.secrets"}
    assert found["machine.secrets"].severity is Severity.ERROR
    assert f"chmod 600 {home.path / 'issuer_key.pem'}" in str(found["machine.secrets"].remedy)


def test_a_disk_that_fills_up_is_predicted(local: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    found = wrong(machine, local.replace(max_request_mb=1e12))
    assert set(found) == {"machine.temporary"}
    assert found["machine.temporary"].severity is Severity.WARNING
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=5e8))
    full = wrong(machine, local)
    assert full["machine.home"].severity is Severity.ERROR
    assert "BLURLINE_HOME" in str(full["machine.home"].remedy)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=3e9))
    assert wrong(machine, local)["machine.home"].severity is Severity.WARNING


def test_a_missing_folder_has_the_free_space_of_its_parent(tmp_path: Path) -> None:
    assert wrong(machine, Settings(home=tmp_path / "not" / "yet")) == {}


def test_an_occupied_port_is_a_warning_while_the_stack_does_not_run(home: Home, local: Settings) -> None:
    assert "its ports are free" in findings(machine, local)["machine.ports"].says
    with socket.create_server(("127.0.0.1", _port(home))):
        found = wrong(machine, local)
    assert set(found) == {"machine.ports"}
    assert found["machine.ports"].severity is Severity.WARNING
    assert f"api {_port(home)}" in found["machine.ports"].says


def test_a_part_that_does_not_listen_is_an_error_while_the_stack_runs(home: Home, local: Settings) -> None:
    home.record({"api": os.getpid()})
    found = wrong(machine, local)
    assert set(found) == {"machine.ports"}
    assert found["machine.ports"].severity is Severity.ERROR
    assert "api.log" in str(found["machine.ports"].remedy)
    with socket.create_server(("127.0.0.1", _port(home))):
        assert wrong(machine, local) == {}


def test_another_process_at_the_metrics_port_is_an_error(tmp_path: Path, local: Settings) -> None:
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as stranger:
        threading.Thread(target=stranger.serve_forever, args=(0.05,), daemon=True).start()
        with_metrics = local.replace(worker_metrics_port=stranger.server_port)
        found = wrong(machine, with_metrics)
        (tmp_path / "metrics").write_text("# HELP blurline_images_total …\n")
        assert "serves its metrics" in findings(machine, with_metrics)["machine.metrics_port"].says
        stranger.shutdown()
    assert found["machine.metrics_port"].severity is Severity.ERROR
    assert "BLURLINE_WORKER_METRICS_PORT" in str(found["machine.metrics_port"].remedy)
    assert "is free" in findings(machine, with_metrics)["machine.metrics_port"].says
