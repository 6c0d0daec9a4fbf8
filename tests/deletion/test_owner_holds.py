"""Legal holds on owners, and what every hold keeps of results that are replaced."""

from __future__ import annotations

import threading
from collections.abc import Callable
from uuid import UUID

import httpx
import pytest

from blurline.access.tokens import Scope
from blurline.contract.corrections import MarkedBox
from blurline.settings import Settings
from blurline.storage.inventory import ImageBucket
from sql.deletion.deletions import delete_image, delete_job, grace_periods
from sql.deletion.legal_holds import (
    OnHold,
    check_not_held,
    hold_image,
    hold_job,
    hold_owner,
    list_holds,
    release,
    release_owner,
)
from sql.engine.database import Database
from sql.jobs.publishing import publish
from sql.review.reviews import correct_image
from sql.upkeep.consistency import inspect
from tests.api_requests import bearer, images_of, problem, submit, underway
from tests.deletion.retention_runs import SIZE, rerun_job, run_retention
from tests.factories import result
from tests.stored_images import StoredImages
from tests.waiting import wait_for

PLACES: dict[str, tuple[Callable[..., object], Callable[..., object]]] = {
    "image": (
        lambda database, _, image: hold_image(database, image, "Complaint", "olga"),
        lambda database, _, image: release(database, image, "olga"),
    ),
    "job": (
        lambda database, job, _: hold_job(database, job, "Complaint", "olga"),
        lambda database, job, _: release(database, job, "olga"),
    ),
    "owner": (
        lambda database, *_: hold_owner(database, "ann", "Complaint", "olga"),
        lambda database, *_: release_owner(database, "ann", "olga"),
    ),
}


def _image_and_key(stored_images: StoredImages) -> tuple[UUID, str]:
    ((image_id, key),) = stored_images.rows("SELECT id, result_key FROM images")
    assert isinstance(image_id, UUID) and isinstance(key, str)
    return image_id, key


def _publish_again(stored_images: StoredImages) -> str | None:
    """Publish the open attempt; the key of the result that may be removed."""
    (attempt,) = underway(stored_images.database, stored_images.settings)
    key = stored_images.put_result(attempt.image_id, attempt.id)
    with stored_images.database.transaction() as transaction:
        return publish(transaction, attempt, result(key)).replaced_key


def _orphans(stored_images: StoredImages) -> int:
    return inspect(stored_images.database, stored_images.store, ImageBucket.RESULTS, 0).orphan_count


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("by", ["a re-run", "a correction"])
def test_a_hold_keeps_the_file_of_a_result_that_is_replaced(stored_images: StoredImages, place: str, by: str) -> None:
    job_id = stored_images.published()
    image_id, before = _image_and_key(stored_images)
    put, take = PLACES[place]
    put(stored_images.database, job_id, image_id)
    if by == "a re-run":
        rerun_job(stored_images, job_id)
    else:
        mark = MarkedBox(x1=50.0, y1=10.0, x2=70.0, y2=30.0)
        correct_image(stored_images.database, "rita", image_id, [mark], SIZE, note="", is_held=False)
        assert stored_images.rows("SELECT state FROM images") == [("needs_review",)], "withdrawn all the same"
    assert _publish_again(stored_images) is None
    _, after = _image_and_key(stored_images)
    assert after != before
    assert {before, after} <= stored_images.keys(ImageBucket.RESULTS)
    assert _orphans(stored_images) == 0
    take(stored_images.database, job_id, image_id)
    assert _orphans(stored_images) == 2, "the earlier result and its preview"


def test_without_a_hold_the_replaced_file_is_removed(stored_images: StoredImages) -> None:
    job_id = stored_images.published()
    _, before = _image_and_key(stored_images)
    hold_owner(stored_images.database, "bob", "Another owner", "olga")
    hold_job(stored_images.database, job_id, "Released", "olga")
    release(stored_images.database, job_id, "olga")
    rerun_job(stored_images, job_id)
    assert _publish_again(stored_images) == before


def test_a_hold_on_an_owner_protects_present_and_future_jobs(stored_images: StoredImages) -> None:
    database, grace = stored_images.database, grace_periods(stored_images.settings)
    present = stored_images.published(days_ago=10)
    hold_owner(database, "ann", "Complaint", "olga")
    future = stored_images.published(days_ago=10)
    assert run_retention(stored_images, originals_days=1, results_days=1, rows_days=1) == "nothing to do"
    for job_id in (present, future):
        with pytest.raises(OnHold, match="owner is under a legal hold"):
            delete_job(database, None, job_id, "ann", grace)
        ((image_id,),) = stored_images.rows("SELECT id FROM images WHERE job_id = %s", job_id)
        assert isinstance(image_id, UUID)
        with pytest.raises(OnHold):
            delete_image(database, None, image_id, "ann", grace)
        (hold,) = list_holds(database, job_id)
        assert (hold.job_id, hold.owner, hold.reason) == (job_id, "ann", "Complaint")
    release_owner(database, "ann", "olga")
    assert run_retention(stored_images, rows_days=1) == "erased: 2, images: 2, jobs: 2"


@pytest.mark.parametrize("first", ["deletion", "hold"])
def test_a_hold_on_an_owner_and_a_deletion_wait_for_each_other(stored_images: StoredImages, first: str) -> None:
    job_id = stored_images.published()
    refused: list[OnHold] = []

    def delete() -> None:
        try:
            delete_job(stored_images.database, None, job_id, "ann", grace_periods(stored_images.settings))
        except OnHold as error:
            refused.append(error)

    with stored_images.database.transaction() as transaction:
        if first == "deletion":
            check_not_held(transaction, job_id)
            other = threading.Thread(target=hold_owner, args=(stored_images.database, "ann", "Complaint", "olga"))
        else:
            transaction.one("lock_owner", owner="ann")
            transaction.one("insert_owner_hold", id=job_id, owner="ann", reason="Complaint", placed_by="olga")
            other = threading.Thread(target=delete)
        other.start()
        wait_for("the other waits", lambda: stored_images.rows("SELECT 1 FROM pg_locks WHERE NOT granted"))
    other.join()
    assert len(refused) == (first == "hold")


def test_operators_hold_an_owner_over_the_api(client: httpx.Client, settings: Settings, database: Database) -> None:
    job = submit(client, "a.jpg")
    (image,) = images_of(client, job).values()
    olga, rita = (
        {"Authorization": bearer(settings, who, scope)}
        for who, scope in (("olga", Scope.OPERATE), ("rita", Scope.REVIEW))
    )
    path, body = "/v1/users/ann/hold", {"reason": "Complaint 7"}
    for headers in ({}, rita):
        problem(client.put(path, json=body, headers=headers), 403, "missing_scope")
    hold = client.put(path, json=body, headers=olga).raise_for_status().json()
    assert (hold["owner"], hold["job_id"], hold["image_id"], hold["placed_by"]) == ("ann", None, None, "olga")
    assert client.put(path, json={"reason": "Another"}, headers=olga).is_success
    problem(client.delete(f"/v1/jobs/{job['id']}"), 409, "on_hold")
    problem(client.delete(f"/v1/images/{image['id']}", headers=olga), 409, "on_hold")
    later = submit(client, "b.jpg")
    problem(client.delete(f"/v1/jobs/{later['id']}"), 409, "on_hold")
    listed = client.get("/v1/users/ann/holds", headers=rita).json()["holds"]
    assert [(each["reason"], each["released_by"]) for each in listed] == [("Complaint 7", "olga"), ("Another", None)]
    of_job = client.get(f"/v1/jobs/{job['id']}/holds", headers=rita).json()["holds"]
    assert [(each["job_id"], each["owner"]) for each in of_job] == [(job["id"], "ann")] * 2
    problem(client.get("/v1/users/ann/holds"), 403, "missing_scope")
    assert client.delete(path, headers=olga).json()["released_by"] == "olga"
    problem(client.delete(path, headers=olga), 404, "not_found")
    assert client.delete(f"/v1/jobs/{job['id']}").is_success
