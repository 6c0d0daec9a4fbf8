"""Deleting jobs and images: rows, originals and results, also while a worker is busy with them."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import httpx
import psycopg
import pytest

from blurline.errors import ObjectMissing
from blurline.settings import Settings
from blurline.storage.store import Store
from sql.engine.channels import Channel
from sql.engine.database import Database
from sql.jobs.publishing import publish
from tests.api_requests import images_of, problem, publish_all, submit, underway
from tests.clock import age
from tests.factories import result
from tests.waiting import TIMEOUT_S, wait_for


def _completed(client: httpx.Client, receipt: dict[str, Any]) -> dict[str, Any]:
    def ask() -> dict[str, Any] | None:
        found: dict[str, Any] = client.get(f"/v1/deletions/{receipt['id']}").raise_for_status().json()
        return found if found["completed_at"] else None

    return wait_for("the deletion is completed", ask)


def _keys(settings: Settings) -> list[tuple[str, str | None]]:
    with psycopg.connect(settings.database.conninfo) as connection:
        return connection.execute("SELECT original_key, result_key FROM images").fetchall()


def _is_left(store: Store, key: str | None, *, is_result: bool) -> bool:
    assert key is not None
    try:
        if is_result:
            store.stream_result(key).close()
        else:
            store.stat_original(key)
    except ObjectMissing:
        return False
    return True


def _rows(settings: Settings) -> int:
    with psycopg.connect(settings.database.conninfo) as connection:
        tables = ("images", "batches", "attempts", "detections", "outbox")
        counts = [connection.execute(f"SELECT count(*) FROM {table}").fetchone() for table in tables]
    return sum(count[0] for count in counts if count)


def test_a_deleted_job_leaves_nothing(
    client: httpx.Client, settings: Settings, database: Database, store: Store
) -> None:
    job = submit(client, "a.jpg", "b.jpg", "c.jpg")
    publish_all(database, settings, store)
    keys = _keys(settings)
    answer = client.delete(f"/v1/jobs/{job['id']}")
    assert answer.status_code == 202
    receipt = _completed(client, answer.json())
    assert (receipt["job_id"], receipt["image_id"], receipt["requested_by"]) == (job["id"], None, "ann")
    assert (receipt["images"], receipt["objects_removed"]) == (3, 6)
    assert _rows(settings) == 0
    for original, published in keys:
        assert not _is_left(store, original, is_result=False)
        assert not _is_left(store, published, is_result=True)
    problem(client.get(f"/v1/jobs/{job['id']}"), 404, "not_found")
    problem(client.delete(f"/v1/jobs/{job['id']}"), 404, "not_found")


def test_a_deleted_image_leaves_the_others(
    client: httpx.Client, settings: Settings, database: Database, store: Store
) -> None:
    job = submit(client, "a.jpg", "b.jpg")
    publish_all(database, settings, store)
    images = images_of(client, job)
    receipt = _completed(client, client.delete(f"/v1/images/{images['a.jpg']['id']}").raise_for_status().json())
    assert (receipt["images"], receipt["objects_removed"]) == (1, 2)
    problem(client.get(f"/v1/images/{images['a.jpg']['id']}"), 404, "not_found")
    problem(client.get(f"/v1/images/{images['a.jpg']['id']}/result"), 404, "not_found")
    assert client.get(f"/v1/images/{images['b.jpg']['id']}/result").content == b"picture!!!"
    left = client.get(f"/v1/jobs/{job['id']}").json()
    assert (left["state"], left["progress"]["images"]) == ("finished", 1)


def test_the_deletion_of_the_last_open_image_finishes_its_job(
    client: httpx.Client, settings: Settings, database: Database
) -> None:
    job = submit(client, "a.jpg")
    (image,) = images_of(client, job).values()
    client.delete(f"/v1/images/{image['id']}").raise_for_status()
    left = client.get(f"/v1/jobs/{job['id']}").json()
    assert (left["state"], left["progress"]["images"]) == ("finished", 0)
    assert left["finished_at"] is not None
    with psycopg.connect(settings.database.conninfo) as connection:
        told = connection.execute("SELECT type FROM events ORDER BY sequence").fetchall()
    assert [each for (each,) in told] == ["image.deleted", "job.finished"]


@pytest.mark.parametrize("what", ["job", "image"])
def test_a_busy_worker_cannot_publish_after_a_deletion_and_its_late_result_is_removed(
    client: httpx.Client, settings: Settings, database: Database, store: Store, what: str
) -> None:
    job = submit(client, "a.jpg")
    (attempt,) = underway(database, settings)
    path = f"/v1/jobs/{job['id']}" if what == "job" else f"/v1/images/{attempt.image_id}"
    receipt = client.delete(path).raise_for_status().json()
    wait_for("the original is gone", lambda: not _is_left(store, attempt.original_key, is_result=False))
    late = f"{attempt.image_id}/{attempt.id}.jpg"
    store.put_result(late, b"late", "image/jpeg")
    with database.transaction() as transaction:
        assert not publish(transaction, attempt, result(late)).is_won
    assert client.get(f"/v1/deletions/{receipt['id']}").json()["completed_at"] is None
    age(settings.database.conninfo, "deleted_images", timedelta(hours=1))  # an hour passes
    with psycopg.connect(settings.database.conninfo) as connection:
        connection.execute("SELECT pg_notify(%s, '')", (Channel.DELETIONS,))
    assert _completed(client, receipt)["objects_removed"] == 2
    assert not _is_left(store, late, is_result=True)


def test_deleting_while_images_are_settled_and_jobs_cancelled_never_deadlocks(
    client: httpx.Client, settings: Settings, database: Database, store: Store
) -> None:
    jobs = [submit(client, *(f"{at}.jpg" for at in range(20))) for _ in range(4)]
    attempts = underway(database, settings)
    faults: list[Exception] = []

    def settle() -> None:
        for attempt in attempts:
            try:
                with database.transaction() as transaction:
                    publish(transaction, attempt, result(str(attempt.id)))
            except Exception as error:
                faults.append(error)

    def ask(method: str, path: str) -> None:
        for job in jobs:
            response = client.request(method, f"/v1/jobs/{job['id']}{path}")
            if response.status_code not in (200, 202, 404):
                faults.append(AssertionError(response.text))

    threads = [
        threading.Thread(target=settle),
        threading.Thread(target=ask, args=("POST", "/cancel")),
        threading.Thread(target=ask, args=("DELETE", "")),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert _rows(settings) == 0


def test_objects_of_an_image_cancelled_while_a_worker_was_busy_are_looked_for_again(
    client: httpx.Client, settings: Settings, database: Database
) -> None:
    job = submit(client, "a.jpg")
    underway(database, settings)
    client.post(f"/v1/jobs/{job['id']}/cancel").raise_for_status()
    receipt = client.delete(f"/v1/jobs/{job['id']}").raise_for_status().json()
    with psycopg.connect(settings.database.conninfo) as connection:

        def again() -> bool:
            return connection.execute("SELECT count(*) FROM deleted_images WHERE not_before > now()").fetchone() == (1,)

        wait_for("the first pass is over", again)
    assert client.get(f"/v1/deletions/{receipt['id']}").json()["completed_at"] is None


def test_a_deleted_upload_can_be_neither_submitted_nor_filled_again(
    client: httpx.Client, settings: Settings, store: Store
) -> None:
    (form,) = client.post("/v1/uploads").raise_for_status().json()["uploads"]
    key = form["key"]

    def fill() -> None:
        httpx.post(form["url"], data=form["fields"], files={"file": b"x"}, timeout=TIMEOUT_S).raise_for_status()

    fill()
    job = client.post("/v1/jobs", json={"images": [{"key": key}]}).raise_for_status().json()
    receipt = client.delete(f"/v1/jobs/{job['id']}").raise_for_status().json()
    wait_for("the original is gone", lambda: not _is_left(store, key, is_result=False))
    fill()
    again = client.post("/v1/jobs", json={"images": [{"key": key}]})
    assert key in problem(again, 409, "upload_already_submitted")
    age(settings.database.conninfo, "deleted_images", timedelta(hours=1))  # the form expires
    with psycopg.connect(settings.database.conninfo) as connection:
        connection.execute("SELECT pg_notify(%s, '')", (Channel.DELETIONS,))
    assert _completed(client, receipt)["objects_removed"] == 2
    assert not _is_left(store, key, is_result=False)
