"""What operators and owners do to work under way: cancel, re-run, retry, add workers."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil
import psycopg
import pyarrow.parquet
import pytest
from minio import Minio
from PIL import Image
from playwright.sync_api import expect, sync_playwright

from blurline.settings import Settings
from tests.acceptance.stack import BLURLINE, Stack, fetch, finished, is_corrected, submit
from tests.clock import age
from tests.pictures import GROUP, HOPPER, encoded
from tests.waiting import TIMEOUT_S, wait_for

FAULTS = Path(__file__).with_name("faults")
NICENESS = 3


@pytest.fixture(scope="module")
def switch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("switch")


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory, switch: Path) -> Iterator[Stack]:
    """A stack whose workers obey the fault switch, so that tests can hold work in progress."""
    stack = Stack(
        tmp_path_factory.mktemp("held"),
        PYTHONPATH=str(FAULTS),
        TEST_FAULTS=str(switch),
        BLURLINE_ATTEMPT_BACKOFF_S="1",
        BLURLINE_BATCH_MAX_IMAGES="4",
        BLURLINE_WORKER_NICENESS=str(NICENESS),
    )
    stack.start()
    yield stack
    stack.stop()


@pytest.fixture(scope="module")
def client(held: Stack) -> Iterator[httpx.Client]:
    with held.client() as client:
        yield client


@pytest.fixture(scope="module")
def prefect(held: Stack) -> Iterator[httpx.Client]:
    with held.prefect() as client:
        yield client


@pytest.fixture
def hold(switch: Path) -> Iterator[Path]:
    """Work on images named after a task waits at that task until this file is deleted."""
    for mark in switch.iterdir():
        mark.unlink()
    hold = switch / "hold"
    hold.touch()
    yield hold
    hold.unlink(missing_ok=True)


def _flow_runs(prefect: httpx.Client, job_id: str) -> list[dict[str, Any]]:
    wanted = {"flow_runs": {"tags": {"all_": [f"job:{job_id}"]}}}
    runs: list[dict[str, Any]] = prefect.post("/flow_runs/filter", json=wanted).raise_for_status().json()
    return runs


def _run(prefect: httpx.Client, deployment: str, **parameters: Any) -> dict[str, Any]:
    """Run a deployment as its form in the UI does; the finished flow run."""
    found = prefect.get(f"/deployments/name/{deployment}").raise_for_status().json()
    made = prefect.post(f"/deployments/{found['id']}/create_flow_run", json={"parameters": parameters})
    run_id = made.raise_for_status().json()["id"]

    def ended() -> dict[str, Any] | None:
        run: dict[str, Any] = prefect.get(f"/flow_runs/{run_id}").json()
        return run if run["state_type"] in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED") else None

    run = wait_for(f"{deployment} ends", ended)
    assert run["state_type"] == "COMPLETED", run["state"]
    return run


def _metric(stack: Stack, name: str) -> float:
    _, url = stack.metrics_urls()
    return next(float(line.split()[1]) for line in stack.metrics(url) if line.startswith(f"{name} "))


def _children(stack: Stack) -> set[int]:
    return {child.pid for child in psutil.Process(stack.pids()["worker"]).children()}


def test_an_owner_cancels_a_job(held: Stack, client: httpx.Client, hold: Path, switch: Path) -> None:
    children = _children(held)
    job_id = submit(client, [("detect.jpg", HOPPER.read_bytes())] + [("x.jpg", HOPPER.read_bytes())] * 3)
    wait_for("work is under way", (switch / "at-detect.jpg").exists)
    answer = client.post(f"/v1/jobs/{job_id}/cancel").raise_for_status().json()
    assert answer["state"] == "finished"
    image = finished(client, job_id)["detect.jpg"]
    assert (image["state"], image["error"]["code"]) == ("failed", "job_cancelled")
    with held.client(user="bob") as bob:
        assert bob.post(f"/v1/jobs/{job_id}/cancel").status_code == 404
    with held.prefect() as prefect:
        wait_for(
            "the flow run has ended while its work is held",
            lambda: all(run["state_type"] in ("CANCELLED", "COMPLETED") for run in _flow_runs(prefect, job_id)),
        )
    assert _children(held) >= children, "the children were kept"


def test_slots_give_way_to_whatever_somebody_waits_for(held: Stack) -> None:
    worker = psutil.Process(held.pids()["worker"])
    slots = _metric(held, "blurline_worker_slots")

    def niceness() -> Counter[int]:
        """How often each value occurs, of processes and, where Linux schedules them, of their sessions."""
        found = Counter[int]()
        with contextlib.suppress(psutil.NoSuchProcess, OSError):  # one is being replaced
            for child in worker.children():
                if "spawn_main" in " ".join(child.cmdline()):
                    group = Path(f"/proc/{child.pid}/autogroup")
                    of_session = int(group.read_text().split()[-1]) if group.exists() else child.nice() - worker.nice()
                    found[min(child.nice() - worker.nice(), of_session)] += 1
        return found

    wait_for("the slots give way", lambda: niceness()[NICENESS] == slots)
    wait_for("the process for `express` does not", lambda: niceness()[0])


def test_worker_processes_return_the_memory_of_large_pictures(held: Stack, client: httpx.Client) -> None:
    with Image.open(GROUP) as image:
        large = encoded(image.convert("RGB").resize((6000, 3750)), "JPEG")
    children = _children(held)
    (done,) = finished(client, submit(client, [("large.jpg", large)])).values()
    assert done["state"] == "published"
    wait_for(
        "no worker process keeps the memory of the picture",
        lambda: all(psutil.Process(pid).memory_info().rss < 450e6 for pid in _children(held)),
    )
    assert _children(held) >= children, "no process was replaced"


def test_an_operator_cancels_a_flow_run_in_the_browser(
    held: Stack, client: httpx.Client, prefect: httpx.Client, hold: Path, switch: Path
) -> None:
    job_id = submit(client, [("blur.jpg", HOPPER.read_bytes())])
    wait_for("work is under way", (switch / "at-blur.jpg").exists)
    (run,) = _flow_runs(prefect, job_id)
    ui = held.variables()["BLURLINE_PREFECT_UI_URL"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        page.goto(ui)
        page.locator("input").first.fill(held.variables()["PREFECT_API_AUTH_STRING"])
        page.keyboard.press("Enter")
        expect(page.get_by_text("Dashboard").first).to_be_visible()
        page.goto(f"{ui}/runs/flow-run/{run['id']}")
        page.get_by_role("button", name="Cancel").first.click()
        page.get_by_role("button", name="Confirm").click()
        wait_for(
            "Prefect says that it is cancelled",
            lambda: _flow_runs(prefect, job_id)[0]["state_type"] == "CANCELLED",
        )
        page.screenshot(path=str(held.home / "cancelled.png"))
        browser.close()
    image = finished(client, job_id)["blur.jpg"]
    assert (image["state"], image["error"]["code"]) == ("failed", "cancelled")


def test_called_off_work_leaves_prefect_and_holds_up_nobody(
    held: Stack, client: httpx.Client, prefect: httpx.Client, hold: Path, switch: Path
) -> None:
    names = [f"detect.{at}.jpg" for at in range(int(_metric(held, "blurline_worker_slots")))]
    pair = [("other.jpg", HOPPER.read_bytes())]  # a single picture has a process beside the slots
    busy = [submit(client, [(name, HOPPER.read_bytes()), *pair]) for name in names]
    wait_for("every process is busy", lambda: all((switch / f"at-{name}").exists() for name in names))
    jobs = [submit(client, [(f"{at}.jpg", HOPPER.read_bytes()) for at in range(24)]) for _ in range(3)]
    wait_for("72 images wait in Prefect", lambda: sum(len(_flow_runs(prefect, job_id)) for job_id in jobs) == 24)
    for job_id in jobs:
        client.post(f"/v1/jobs/{job_id}/cancel").raise_for_status()
    runs = wait_for(
        "they have left Prefect",
        lambda: _all_cancelled([run for job_id in jobs for run in _flow_runs(prefect, job_id)]),
    )
    assert {run["run_count"] for run in runs} == {0}, "no worker has started one"
    next_job = submit(client, [("next.jpg", HOPPER.read_bytes()), *pair])
    hold.unlink()
    for job_id in (*busy, next_job):
        assert {image["state"] for image in finished(client, job_id).values()} == {"published"}


def _all_cancelled(runs: list[dict[str, Any]]) -> list[dict[str, Any]] | None:
    return runs if all(run["state_type"] == "CANCELLED" for run in runs) else None


def _only_running(prefect: httpx.Client, job_id: str) -> dict[str, Any] | None:
    """The one flow run of the job that is running, or None if several are."""
    running = [run for run in _flow_runs(prefect, job_id) if run["state_type"] == "RUNNING"]
    return running[0] if len(running) == 1 else None


def test_a_retry_in_the_ui_does_only_the_remaining_work(
    held: Stack, client: httpx.Client, prefect: httpx.Client, hold: Path, switch: Path
) -> None:
    job_id = submit(client, [("blur.jpg", HOPPER.read_bytes()), ("text.jpg", b"text")])
    wait_for("work is under way", (switch / "at-blur.jpg").exists)
    run = wait_for("only the held run is under way", lambda: _only_running(prefect, job_id))
    prefect.post(f"/flow_runs/{run['id']}/set_state", json={"state": {"type": "CANCELLING"}}).raise_for_status()
    assert finished(client, job_id)["blur.jpg"]["error"]["code"] == "cancelled"
    hold.unlink()
    retry = {"state": {"type": "SCHEDULED", "name": "AwaitingRetry"}, "force": True}  # what the UI's button sends
    prefect.post(f"/flow_runs/{run['id']}/set_state", json=retry).raise_for_status()
    wait_for(
        "the retried run publishes what was left",
        lambda: finished(client, job_id)["blur.jpg"]["state"] == "published",
    )
    assert finished(client, job_id)["text.jpg"]["error"]["code"] == "unsupported_format"


def test_a_backlog_is_re_run_from_prefect(held: Stack, client: httpx.Client, prefect: httpx.Client) -> None:
    job_id = submit(client, [(f"{at}.jpg", HOPPER.read_bytes()) for at in range(6)])
    before = finished(client, job_id)
    chosen = {"states": ["published"], "job_id": job_id, "policy_overrides": {"style": "solid"}}
    _run(prefect, "rerun-backlog/rerun-backlog", **chosen)
    assert finished(client, job_id) == before, "a dry run changes nothing"
    _run(prefect, "rerun-backlog/rerun-backlog", **chosen, dry_run=False)
    wait_for(
        "every image has its new result",
        lambda: all(image["policy"]["style"] == "solid" for image in finished(client, job_id).values()),
    )
    for name, image in finished(client, job_id).items():
        assert image["result_sha256"] != before[name]["result_sha256"]
        assert fetch(client, image)


def test_a_re_run_cancelled_half_way_leaves_no_trace(
    held: Stack, client: httpx.Client, hold: Path, switch: Path
) -> None:
    hold.unlink()
    names = [f"detect.{at}.jpg" for at in range(12)]
    job_id = submit(client, [(name, HOPPER.read_bytes()) for name in names] + [("text.jpg", b"text")])
    before = finished(client, job_id)
    hold.touch()
    listed = held.command("rerun", "--job", job_id, "--state", "published", "--state", "failed")
    assert "13 images would be re-run (dry run)" in listed
    assert "detect.0.jpg" in listed
    said = held.command("rerun", "--job", job_id, "--state", "published", "--state", "failed", "--yes")
    wait_for("the re-run is under way", lambda: list(switch.glob("at-*")))
    images = {image["name"]: image for image in client.get(f"/v1/jobs/{job_id}/images").json()["images"]}
    assert all(image["is_underway"] for image in images.values())
    undisturbed = {name: image | {"is_underway": False} for name, image in images.items()}
    assert undisturbed == before, "what is published is not disturbed"
    assert fetch(client, images[names[0]])
    called_off = held.command("rerun", "--cancel", said.split()[-1])
    assert "returned to their state before" in called_off
    hold.unlink()
    with psycopg.connect(held.variables()["BLURLINE_DATABASE_URL"]) as connection:
        query = "SELECT count(*) FROM images WHERE job_id = %s AND open_attempt_id IS NOT NULL"
        row = connection.execute(query, (job_id,)).fetchone()
    assert row == (0,)
    after = finished(client, job_id)
    changed = {name for name in before if after[name] != before[name]}
    assert not changed


def test_a_re_run_is_cancelled_from_prefect(
    held: Stack, client: httpx.Client, prefect: httpx.Client, hold: Path, switch: Path
) -> None:
    hold.unlink()
    job_id = submit(client, [("detect.jpg", HOPPER.read_bytes())])
    before = finished(client, job_id)
    switch.joinpath("at-detect.jpg").unlink(missing_ok=True)
    hold.touch()
    run = _run(prefect, "rerun-backlog/rerun-backlog", states=["published"], job_id=job_id, dry_run=False)
    wait_for("the re-run is under way", (switch / "at-detect.jpg").exists)
    slots = int(_metric(held, "blurline_worker_slots"))
    names = [f"blur.{at}.jpg" for at in range(slots - 1)]
    pair = [("other.jpg", HOPPER.read_bytes())]
    busy = [submit(client, [(name, HOPPER.read_bytes()), *pair]) for name in names]
    wait_for("every slot is busy", lambda: all((switch / f"at-{name}").exists() for name in names))
    _run(prefect, "cancel-rerun/cancel-rerun", rerun_id=run["id"])
    assert finished(client, job_id) == before, "the image is as it was, while its work is held"
    hold.unlink()
    for busy_id in busy:
        finished(client, busy_id)


def test_the_workers_models_are_known_to_the_api(held: Stack, client: httpx.Client) -> None:
    job_id = submit(client, [("a.jpg", HOPPER.read_bytes())])
    finished(client, job_id)
    with held.client("olga", "operate") as olga:
        for another, images in ((False, 1), (True, 0)):
            wanted = {"states": ["published"], "job_id": job_id, "made_with_another_model": another}
            assert olga.post("/v1/reruns", json=wanted).raise_for_status().json()["images"] == images


@pytest.mark.long
def test_two_workers_share_a_backlog_without_doing_an_image_twice(held: Stack, client: httpx.Client) -> None:
    second = subprocess.Popen([BLURLINE, "worker", "--limit", "2"], env=held.environment(), start_new_session=True)
    try:
        with held.prefect() as prefect:
            path = "/work_pools/blurline/workers/filter"
            wait_for("both have joined", lambda: len(prefect.post(path, json={}).json()) >= 2)
        job_id = submit(client, [(f"{at}.jpg", HOPPER.read_bytes()) for at in range(80)])
        images = finished(client, job_id)
        assert {image["state"] for image in images.values()} == {"published"}
        with psycopg.connect(held.variables()["BLURLINE_DATABASE_URL"]) as connection:
            rows = connection.execute(
                "SELECT count(*), max(number) FROM attempts JOIN images ON images.id = image_id WHERE job_id = %s",
                (job_id,),
            ).fetchall()
        assert rows == [(80, 1)]
        with held.prefect() as prefect:
            used = {run["infrastructure_pid"] for run in _flow_runs(prefect, job_id)}
        assert len(used) > 2, "processes of both workers took part"
    finally:
        second.terminate()
        assert second.wait(TIMEOUT_S) == 0


def test_interactive_work_takes_precedence_over_a_backlog(held: Stack, client: httpx.Client) -> None:
    backlog = submit(client, [(f"{at}.jpg", HOPPER.read_bytes()) for at in range(60)])
    finished(client, submit(client, [("quick.jpg", HOPPER.read_bytes()), ("also.jpg", HOPPER.read_bytes())]))
    job = client.get(f"/v1/jobs/{backlog}").json()
    assert job["state"] in ("queued", "processing")
    finished(client, backlog)


def test_a_correction_and_a_single_picture_never_wait_for_the_pictures_in_the_slots(
    held: Stack, client: httpx.Client, hold: Path, switch: Path
) -> None:
    small = [("small.jpg", HOPPER.read_bytes())]
    (published,) = finished(client, submit(client, small)).values()
    slots = os.cpu_count() or 1
    large = submit(client, [(f"detect.{at}.jpg", HOPPER.read_bytes()) for at in range(4 * slots)])
    wait_for("every slot has a batch", lambda: len(list(switch.glob("at-detect.*"))) >= slots)
    (single,) = finished(client, submit(client, small)).values()
    assert single["state"] == "published"
    url = f"/v1/images/{published['id']}"
    with held.client("rita", "review") as reviewer:
        box = {"x1": 10, "y1": 10, "x2": 60, "y2": 60}
        reviewer.post(f"{url}/correct", json={"destroy": [box]}).raise_for_status()
    wait_for("the correction is published", lambda: is_corrected(client, url, published["result_sha256"]))
    assert client.get(f"/v1/jobs/{large}").json()["state"] == "processing"
    hold.unlink()
    assert {image["state"] for image in finished(client, large).values()} == {"published"}


def test_a_worker_that_gets_one_signal_finishes_its_run(
    held: Stack, client: httpx.Client, hold: Path, switch: Path
) -> None:
    job_id = submit(client, [("upload.jpg", HOPPER.read_bytes())])
    wait_for("work is under way", (switch / "at-upload.jpg").exists)
    worker = psutil.Process(held.pids()["worker"])
    worker.terminate()
    with pytest.raises(psutil.TimeoutExpired):
        worker.wait(1)
    hold.unlink()
    assert finished(client, job_id)["upload.jpg"]["state"] == "published"
    wait_for("the worker has ended", lambda: not worker.is_running())
    with psycopg.connect(held.variables()["BLURLINE_DATABASE_URL"]) as connection:
        query = "SELECT max(number) FROM attempts JOIN images ON images.id = image_id WHERE job_id = %s"
        assert connection.execute(query, (job_id,)).fetchone() == (1,)


@pytest.mark.long
def test_a_worker_that_gets_two_signals_stops_at_once_and_the_run_is_retried(
    held: Stack, client: httpx.Client, hold: Path, switch: Path
) -> None:
    job_id = submit(client, [("upload.jpg", HOPPER.read_bytes())])
    wait_for("work is under way", (switch / "at-upload.jpg").exists)
    log = held.home / "logs" / "worker.log"
    drains = log.read_text().count("worker_drains")
    worker = psutil.Process(held.pids()["worker"])
    worker.terminate()
    wait_for("it drains", lambda: log.read_text().count("worker_drains") > drains)
    worker.terminate()
    worker.wait(TIMEOUT_S)
    hold.unlink()
    assert finished(client, job_id)["upload.jpg"]["state"] == "published"


def test_the_reconciler_dispatches_what_the_api_does_not(held: Stack, client: httpx.Client) -> None:
    job_id = submit(client, [("a.jpg", HOPPER.read_bytes())])
    finished(client, job_id)
    api = psutil.Process(held.pids()["api"])
    query = "SELECT result_attempt_id FROM images WHERE job_id = %s AND open_attempt_id IS NULL"
    with psycopg.connect(held.variables()["BLURLINE_DATABASE_URL"], autocommit=True) as connection:
        before = connection.execute(query, (job_id,)).fetchone()
        api.suspend()
        try:
            held.command("rerun", "--job", job_id, "--state", "published", "--really")
            age(held.variables()["BLURLINE_DATABASE_URL"], "outbox", timedelta(minutes=5))
            wait_for(
                "the batch was dispatched and done",
                lambda: connection.execute(query, (job_id,)).fetchone() not in (None, before),
            )
        finally:
            api.resume()
    assert finished(client, job_id)["a.jpg"]["state"] == "published"


def test_prefect_is_set_up_to_notice_silent_runs_and_shows_workers_and_queues(
    held: Stack, prefect: httpx.Client
) -> None:
    (automation,) = [
        each for each in prefect.post("/automations/filter", json={}).json() if each["name"].startswith("Blurline")
    ]
    assert automation["enabled"]
    assert automation["trigger"]["within"] == 90
    workers = prefect.post("/work_pools/blurline/workers/filter", json={}).json()
    assert any(worker["status"] == "ONLINE" for worker in workers)
    queues = {queue["name"]: queue for queue in prefect.post("/work_pools/blurline/queues/filter", json={}).json()}
    assert queues["interactive"]["priority"] < queues["backlog"]["priority"]


def test_the_nightly_export_writes_the_changed_days(held: Stack, client: httpx.Client, prefect: httpx.Client) -> None:
    job_id = submit(client, [("h.jpg", HOPPER.read_bytes()), ("text.jpg", b"text")])
    finished(client, job_id)
    age(held.variables()["BLURLINE_DATABASE_URL"], "images", timedelta(days=2), "job_id = %s", job_id)
    day = finished(client, job_id)["h.jpg"]["created_at"][:10]
    _run(prefect, "export/export")
    settings = Settings.of(held.variables())
    access_key, secret_key = settings.store.keys
    address = urlsplit(settings.store.endpoint).netloc
    minio = Minio(endpoint=address, access_key=access_key, secret_key=secret_key, secure=False)
    answer = minio.get_object(settings.store.exports_bucket, f"images/day={day}/part.parquet")
    table = pyarrow.parquet.read_table(io.BytesIO(answer.read()))
    answer.close()
    assert sorted(table.column("name").to_pylist()) == ["h.jpg", "text.jpg"]
    assert sorted(table.column("state").to_pylist()) == ["failed", "published"]
