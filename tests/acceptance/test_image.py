"""Programs from a real build of the image, as its user, beside the other parts of a running stack."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from tests.acceptance.stack import Stack, answers, fetch, finished, free_ports, submit
from tests.deployments.containers.buildah import TOOLS, USER, Image, built_image
from tests.pictures import HOPPER, decoded, psnr_db
from tests.waiting import TIMEOUT_S, wait_for

pytestmark = pytest.mark.long

_MOST_MB = 600
_KEYS = ("issuer_key.pem", "audit_key.pem", "noise_key.pem")


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Image]:
    if os.geteuid() != 0 or any(shutil.which(tool) is None for tool in TOOLS):
        pytest.skip(f"An image is built as root, with {' and '.join(TOOLS)} from Debian.")
    with built_image(tmp_path_factory.mktemp("image")) as image:
        yield image


@pytest.fixture
def home(stack: Stack, tmp_path: Path) -> Path:
    """A volume for the image's user with the keys that all hosts share."""
    folder = tmp_path / "home"
    folder.mkdir()
    for name in _KEYS:
        if (stack.home / name).exists():
            shutil.copy(stack.home / name, folder)
    for path in (folder, *folder.iterdir()):
        os.chown(path, USER, USER)
    return folder


@contextmanager
def running(image: Image, home: Path, variables: Mapping[str, str], *command: str) -> Iterator[subprocess.Popen[str]]:
    """A program of the image until the end of the block."""
    process = image.popen(home, variables, *command)
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.communicate(timeout=TIMEOUT_S)


def test_our_part_of_the_image_is_small(image: Image) -> None:
    assert image.size_bytes - image.base_bytes < _MOST_MB * 1e6


def test_pictures_are_redacted_without_a_server(image: Image, home: Path) -> None:
    shutil.copy(HOPPER, home / "in.jpg")
    code, written = image.run(home, {}, "redact", "/var/lib/blurline/in.jpg", "-o", "/var/lib/blurline/out")
    assert code == 0, written
    result = home / "out" / "in.jpg"
    assert result.stat().st_uid == USER
    done, original = decoded(result.read_bytes()), decoded(HOPPER.read_bytes())
    assert psnr_db(done[130:320, 190:320], original[130:320, 190:320]) < 20


def test_the_doctor_finds_no_fault_in_the_image(image: Image, stack: Stack, home: Path) -> None:
    code, written = image.run(home, stack.variables(), "doctor")
    assert code == 0, written
    assert "onnxruntime" in written


def test_the_api_and_the_worker_run_from_the_image(image: Image, stack: Stack, home: Path) -> None:
    [port] = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    worker = psutil.Process(stack.pids()["worker"])
    with running(image, home, stack.variables(), "api", "--port", str(port)):
        wait_for("the API of the image answers", lambda: answers(f"{url}/liveness"))
        for each in (own := [worker, *worker.children(recursive=True)]):
            each.suspend()
        try:
            with (
                running(image, home, stack.variables(), "worker", "--limit", "1"),
                stack.client() as client,
                httpx.Client(base_url=url, headers=client.headers, timeout=TIMEOUT_S) as site,
            ):
                found = finished(site, submit(site, [("hopper.jpg", HOPPER.read_bytes())]))
                assert found["hopper.jpg"]["state"] == "published"
                assert fetch(site, found["hopper.jpg"])
        finally:
            for each in own:
                each.resume()
