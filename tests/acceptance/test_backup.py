"""An installation is backed up while it works, deleted, and restored from the backup in another folder."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg
import pytest

from tests.acceptance.stack import BLURLINE, Stack, fetch, finished, submit
from tests.pictures import HOPPER
from tests.waiting import TIMEOUT_S, wait_for

pytestmark = pytest.mark.long

FAULTS = Path(__file__).with_name("faults")
DRAWN = {"x1": 300.0, "y1": 430.0, "x2": 380.0, "y2": 520.0}
PHOTO = HOPPER.read_bytes()


@pytest.fixture
def first(tmp_path: Path) -> Iterator[Stack]:
    """A stack whose only worker process waits at images that are named after a task."""
    (tmp_path / "switch").mkdir()
    (tmp_path / "switch" / "hold").touch()
    (tmp_path / "first").mkdir()
    stack = Stack(
        tmp_path / "first",
        workers=1,
        PYTHONPATH=str(FAULTS),
        TEST_FAULTS=str(tmp_path / "switch"),
        BLURLINE_BATCH_MAX_IMAGES="1",
    )
    try:
        stack.start()
        yield stack
    finally:
        _end(stack)


@pytest.fixture
def second(tmp_path: Path) -> Iterator[Stack]:
    """A data folder that no stack has used."""
    (tmp_path / "second").mkdir()
    stack = Stack(tmp_path / "second")
    yield stack
    _end(stack)


def _end(stack: Stack) -> None:
    if stack.process is not None and stack.process.poll() is None:
        stack.stop()


def _fill(stack: Stack, client: httpx.Client, at_work: Path) -> list[str]:
    """Jobs with images that are published, failed, held, corrected, processing and queued."""
    ended = submit(client, [("published.jpg", PHOTO), ("failed.jpg", b"text")])
    held = submit(client, [("held.jpg", PHOTO), ("corrected.jpg", PHOTO)], review="always")
    finished(client, ended)
    image = finished(client, held)["corrected.jpg"]
    with stack.client("rita", "review") as reviewer:
        url = f"/v1/images/{image['id']}"
        reviewer.post(f"{url}/claim").raise_for_status()
        reviewer.post(f"{url}/correct", json={"destroy": [DRAWN]}).raise_for_status()
        wait_for("it is corrected", lambda: reviewer.get(url).json()["state"] == "published")
    unfinished = submit(client, [("detect.jpg", PHOTO), ("queued.jpg", PHOTO)])
    wait_for("work is under way", at_work.exists)
    return [ended, held, unfinished]


def _shown(client: httpx.Client, job_ids: list[str]) -> list[dict[str, Any]]:
    """Everything that the API returns for the images, including results."""
    shown = []
    for job_id in job_ids:
        for image in client.get(f"/v1/jobs/{job_id}/images").raise_for_status().json()["images"]:
            whole = client.get(f"/v1/images/{image['id']}").raise_for_status().json()
            shown.append(whole | {"result": fetch(client, image) if image["result_url"] else None})
    return shown


def _decisions(stack: Stack) -> list[tuple[Any, ...]]:
    with psycopg.connect(stack.variables()["BLURLINE_DATABASE_URL"]) as connection:
        return connection.execute("SELECT * FROM decisions ORDER BY id").fetchall()


def _destroy(stack: Stack) -> None:
    """Delete all data of the stack."""
    assert stack.process is not None
    stack.process.kill()
    stack.process.wait()
    for process in stack.processes():
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    wait_for("every process is gone", lambda: not stack.processes())
    shutil.rmtree(stack.home)


def _reconcile(stack: Stack) -> None:
    """Run the flow now instead of on schedule."""
    with stack.prefect() as prefect:
        deployment = prefect.get("/deployments/name/reconcile/reconcile").raise_for_status().json()
        prefect.post(f"/deployments/{deployment['id']}/create_flow_run", json={}).raise_for_status()


def test_a_deleted_stack_is_restored_from_its_backup(first: Stack, second: Stack, tmp_path: Path) -> None:
    with first.client() as client:
        token = client.headers["Authorization"]
        ended, held, unfinished = _fill(first, client, tmp_path / "switch" / "at-detect.jpg")
        before, decisions = _shown(client, [ended, held]), _decisions(first)
        states = {image["name"]: image["state"] for image in _shown(client, [unfinished])}
    first.command("backup", str(tmp_path / "backup"))
    assert states == {"detect.jpg": "processing", "queued.jpg": "queued"}
    refused = subprocess.run(
        [BLURLINE, "restore", str(tmp_path / "backup")],
        env=first.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 1
    assert "Stop it first" in refused.stderr

    _destroy(first)
    said = second.command("restore", str(tmp_path / "backup"))
    assert "blurline doctor" in said
    second.start()

    url = second.variables()["BLURLINE_API_URL"]
    with httpx.Client(base_url=url, headers={"Authorization": token}, timeout=TIMEOUT_S) as client:
        assert _shown(client, [ended, held]) == before
        assert _decisions(second) == decisions
        assert len(decisions) == 1
        _reconcile(second)
        images = finished(client, unfinished)
        assert {name: image["state"] for name, image in images.items()} == dict.fromkeys(states, "published")
        assert all(fetch(client, image) for image in images.values())
    with psycopg.connect(second.variables()["BLURLINE_DATABASE_URL"]) as connection:
        published = connection.execute(
            "SELECT image_id, count(*) FROM events WHERE job_id = %s AND type = 'image.published' GROUP BY image_id",
            (unfinished,),
        ).fetchall()
    assert [count for _, count in published] == [1, 1], "nothing was done twice"
    findings = json.loads(second.command("doctor", "--json"))
    assert not [each for each in findings if each["severity"] == "error"]
    second.command("consistency")
