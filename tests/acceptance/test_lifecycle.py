"""Starting and stopping the stack as a user does, also with kill -9."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from deployments.embedded.stack import DEFAULT_PORTS
from tests.acceptance.stack import BLURLINE, Stack, finished, submit
from tests.pictures import HOPPER
from tests.waiting import TIMEOUT_S, wait_for


def test_a_second_stack_on_the_same_folder_is_refused(stack: Stack) -> None:
    done = subprocess.run([BLURLINE, "up"], env=stack.environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "already runs on" in done.stderr
    assert "Stop it first, or set BLURLINE_HOME" in done.stderr


@pytest.mark.parametrize("verb", ["up", "worker"])
def test_a_wrong_model_file_is_refused_at_start_with_a_sentence(tmp_path: Path, verb: str) -> None:
    wrong = tmp_path / "face.onnx"
    wrong.write_bytes(b"not a model")
    environment = Stack(tmp_path / "home").environment() | {"BLURLINE_MODEL_FILE": str(wrong)}
    done = subprocess.run(
        [BLURLINE, verb], env=environment, capture_output=True, text=True, check=False, timeout=TIMEOUT_S
    )
    assert done.returncode == 1
    assert "face.onnx is not a model that onnxruntime can load" in done.stderr
    assert "Traceback" not in done.stderr


def test_up_says_which_part_it_has_started(stack: Stack) -> None:
    lines = (stack.home / "up.log").read_text().splitlines()
    ready = [line.partition(":")[0].strip() for line in lines if ": ready after" in line]
    assert set(ready[:7]) == {"postgres", "volumes", "store", "prefect", "api", "dashboard", "worker"}
    assert any(line.startswith(f"Starting Blurline in {stack.home}") for line in lines), "a path is cut"


def test_secrets_are_private_and_nothing_listens_beyond_this_machine(stack: Stack) -> None:
    for name in ("secrets.json", "stack.env", "store.json", "issuer_key.pem"):
        assert stat.S_IMODE((stack.home / name).stat().st_mode) == 0o600
    for process in stack.processes():
        for connection in process.net_connections("inet"):
            if connection.status == psutil.CONN_LISTEN:
                assert connection.laddr.ip in ("127.0.0.1", "::1"), (process.name(), connection.laddr)


def test_up_prints_no_secret_and_a_command_shows_the_password_of_prefect(stack: Stack) -> None:
    secrets = json.loads((stack.home / "secrets.json").read_text())
    printed = "".join((stack.home / "up.log").read_text().split())
    assert "blurlineprefect-password" in printed
    assert [name for name, secret in secrets.items() if secret in printed] == []
    assert stack.command("prefect-password") == f"admin:{secrets['prefect_password']}"


@pytest.mark.long
def test_the_stack_of_an_ordinary_user_survives_the_death_of_its_supervisor_and_keeps_its_data(
    tmp_path: Path,
) -> None:
    """Where a usual port is taken; kill -9 of the supervisor; start again; stop cleanly."""
    stack = Stack(tmp_path, is_ordinary_user=True, has_own_ports=False)
    with _taken(DEFAULT_PORTS["prefect"]):
        stack.start()
    with stack.client() as client:
        job_id = submit(client, [("h.jpg", HOPPER.read_bytes())])
        finished(client, job_id)
    assert stack.process is not None
    os.kill(stack.process.pid, signal.SIGKILL)
    stack.process.wait()
    (stack.home / "stack.env").unlink()
    stack.start()
    with stack.client() as client:
        assert finished(client, job_id)["h.jpg"]["state"] == "published"
    assert stack.stop() == 0
    wait_for("every process is gone", lambda: not stack.processes())


@contextlib.contextmanager
def _taken(port: int) -> Iterator[None]:
    """Make sure that some process listens at the port: the test, unless another process does already."""
    with contextlib.ExitStack() as listening:
        with contextlib.suppress(OSError):
            listening.enter_context(socket.create_server(("127.0.0.1", port)))
        yield
