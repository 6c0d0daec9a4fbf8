"""A real Panoramax server that has its pictures blurred by a real stack, as docs/panoramax.md says."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil
import psycopg
import pytest
from numpy.typing import NDArray

from blurline import open_photo
from blurline.policy.presets import PRESETS
from models import find_faces
from tests.acceptance.panoramax_server import PanoramaxServer, install, running_panoramax
from tests.acceptance.services import shorten_patience
from tests.acceptance.stack import Stack
from tests.acceptance.street_pictures import COUNT, CROWD, SPHERE, faces_of_the_sphere, write_drive
from tests.pictures import decoded, psnr_db
from tests.waiting import TIMEOUT_S, wait_for

pytestmark = [pytest.mark.long, pytest.mark.timeout(6000)]

_OWNER = "panoramax"
_TREATED_WITHIN_S = 4 * TIMEOUT_S


@dataclass(frozen=True, slots=True)
class Drive:
    """A sequence that was uploaded to the server while a worker was killed, once all its pictures are treated."""

    server: PanoramaxServer
    stack: Stack
    originals: Path
    shown: dict[str, NDArray[np.uint8]]

    def images(self, **filters: str) -> list[dict[str, Any]]:
        """Blurline's images of the server's user."""
        with self.stack.client(_OWNER) as client:
            return _images(client, **filters)

    def by_name(self) -> dict[str, dict[str, Any]]:
        """The pictures that the server displays, by the names of their files."""
        return {item["properties"]["original_file:name"]: item for item in self.server.items()}

    def hd(self, item: dict[str, Any]) -> bytes:
        """The displayed picture in its full size."""
        return self.server.http.get(item["assets"]["hd"]["href"]).raise_for_status().content


@pytest.fixture(scope="module")
def drive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drive]:
    programs, cli = install(tmp_path_factory.mktemp("programs"))
    stack = Stack(tmp_path_factory.mktemp("blurline"), BLURLINE_LEAST_REVIEW="doubtful", BLURLINE_ATTEMPT_BACKOFF_S="1")
    folder = tmp_path_factory.mktemp("panoramax")
    stack.start()
    try:
        with stack.prefect() as prefect:
            shorten_patience(prefect)
        shown = write_drive(folder / "drive")
        with running_panoramax(folder, programs, cli, _workers(stack, folder)) as server:
            uploaded = server.upload(folder / "drive")
            assert uploaded.returncode == 0, uploaded.stdout + uploaded.stderr
            _kill_a_worker_at_work(stack)
            wait_for("no picture is under way", server.is_idle, _TREATED_WITHIN_S, every_s=2)
            yield Drive(server, stack, folder / "drive", shown)
    finally:
        stack.stop()


def _workers(stack: Stack, folder: Path) -> list[dict[str, str]]:
    """One picture worker with the credentials in a file, as recommended, and one with them in the URL."""
    url = stack.variables()["BLURLINE_API_URL"]
    token = stack.command("token", "--user", _OWNER, "--scope", "submit")
    netrc = folder / "blurline.netrc"
    netrc.write_text(f"machine 127.0.0.1 login panoramax password {token}\n")
    in_the_url = url.replace("://", f"://panoramax:{token}@")
    return [
        {"API_BLUR_URL": f"{url}/panoramax", "NETRC": str(netrc)},
        {"API_BLUR_URL": f"{in_the_url}/panoramax", "PICTURE_PROCESS_KEEP_UNBLURRED_PARTS": "true"},
    ]


def _kill_a_worker_at_work(stack: Stack) -> None:
    with stack.client(_OWNER) as client:
        wait_for("a picture is being processed", lambda: _images(client, state="processing"), every_s=0.02)
    for process in (worker := psutil.Process(stack.pids()["worker"])).children(recursive=True):
        process.kill()
    os.kill(worker.pid, signal.SIGKILL)


def _images(client: httpx.Client, **filters: str) -> list[dict[str, Any]]:
    page = client.get("/v1/images", params={"limit": "1000", **filters}).raise_for_status().json()
    images: list[dict[str, Any]] = page["images"]
    return images


def test_every_picture_but_the_held_one_is_displayed_without_its_faces(drive: Drive) -> None:
    displayed = drive.by_name()
    assert displayed.keys() == drive.shown.keys() - {CROWD}
    results = {image["result_sha256"] for image in drive.images(state="published")}
    for name, item in displayed.items():
        data = drive.hd(item)
        assert sha256(data).hexdigest() in results
        assert decoded(data).shape == drive.shown[name].shape  # upright
        (left,) = find_faces(open_photo(data), PRESETS["street"][1])
        assert left == (), name
        for smaller in ("sd", "thumb"):
            assert drive.server.http.get(item["assets"][smaller]["href"]).headers["content-type"] == "image/jpeg"


def test_a_360_degree_picture_stays_one_without_its_faces(drive: Drive) -> None:
    item = drive.by_name()[SPHERE]
    assert item["properties"]["pers:interior_orientation"]["field_of_view"] == 360
    result, original = decoded(drive.hd(item)), drive.shown[SPHERE]
    for under in faces_of_the_sphere():
        assert psnr_db(result[under], original[under]) < 22
    tile = item["asset_templates"]["tiles"]["href"].format(TileCol=1, TileRow=1)
    assert drive.server.http.get(tile).headers["content-type"] == "image/jpeg"


def test_nothing_is_lost_or_doubled_although_a_worker_was_killed(drive: Drive) -> None:
    images = drive.images()
    assert len({image["original_sha256"] for image in images}) == len(images) == COUNT
    assert len(drive.server.status()) == COUNT
    with psycopg.connect(drive.stack.variables()["BLURLINE_DATABASE_URL"]) as connection:
        attempts = connection.execute("SELECT outcome, error_code FROM attempts").fetchall()
        events = connection.execute(
            "SELECT count(*) FROM events WHERE type = 'image.published' GROUP BY image_id"
        ).fetchall()
    outcomes = Counter(outcome for outcome, _ in attempts)
    assert (outcomes["published"], outcomes["held"], outcomes[None]) == (COUNT - 1, 1, 0)
    assert ("retried", "flow_run_crashed") in attempts  # the killed worker was at work
    assert events == [(1,)] * (COUNT - 1)


def test_a_held_picture_is_displayed_once_it_is_approved(drive: Drive) -> None:
    (held,) = drive.images(state="needs_review")
    (broken,) = [item for item in drive.server.status() if item["status"] == "broken"]
    assert "503" in broken["process_error"]
    assert not drive.server.http.get(f"/api/pictures/{broken['id']}/hd.jpg").is_success

    with drive.stack.client("rita", "review") as reviewer:
        approval = {"result_sha256": held["result_sha256"]}
        reviewer.post(f"/v1/images/{held['id']}/approve", json=approval).raise_for_status()
    drive.server.prepare(broken)
    wait_for("the picture is displayed", lambda: CROWD in drive.by_name())
    assert sha256(drive.hd(drive.by_name()[CROWD])).hexdigest() == held["result_sha256"]
    assert len(drive.images()) == COUNT
