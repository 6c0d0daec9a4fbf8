from __future__ import annotations

import os
import socket
from importlib.metadata import version

import pytest

from blurline.version import VERSION, process_name, version_of_worker, worker_name


def test_the_version_is_that_of_the_package() -> None:
    assert version("blurline") == VERSION


def test_a_workers_name_contains_its_version() -> None:
    assert worker_name().startswith(f"{socket.gethostname()}-{os.getpid()}")
    assert version_of_worker(worker_name()) == VERSION
    assert version_of_worker("host-v2-711") is None  # of 0.1.0
    assert version_of_worker("host-v2-711-v0.3.0") == "0.3.0"


def test_a_long_host_name_keeps_version_and_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "h" * 100)
    name = process_name("api")
    assert len(name) == 63
    assert name.startswith(f"blurline api {VERSION} {os.getpid()}@hhh")
