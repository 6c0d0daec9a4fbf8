"""Review over the API: the queue, decisions, corrections, originals and previews."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

import httpx
import psycopg
import pytest

from blurline.access.tokens import Scope
from blurline.contract.corrections import Correction
from blurline.decision.correction import corrected_choices
from blurline.errors import MarkMisses
from blurline.ids import new_id
from blurline.settings import Settings
from blurline.storage.preview_keys import PreviewSize, preview_key
from blurline.storage.store import Store
from sql.engine.database import Database
from sql.jobs.attempts import Attempt
from sql.jobs.job_queries import find_image
from sql.jobs.publishing import ReviewReason, publish
from sql.jobs.retries import retry_or_fail
from sql.jobs.settlement import fail
from sql.reruns.reruns import cancel_attempts_of_job
from tasks.notify import _settle
from tasks.work import Item, Work
from tests.api_requests import bearer, problem, submit, underway
from tests.clock import age
from tests.factories import RETRY_POLICY, result
from tests.pictures import HOPPER
from tests.waiting import TIMEOUT_S

SEEN = {"result_sha256": "a"}


@pytest.fixture
def held(client: httpx.Client, settings: Settings, database: Database, store: Store) -> dict[str, Attempt]:
    """Attempts at four held images with different doubts, by name; each has a result in the store."""
    doubts = {"a.jpg": 0.3, "b.jpg": 0.9, "c.jpg": 0.6, "d.jpg": 0.1}
    submit(client, *doubts)
    attempts = {attempt.name: attempt for attempt in underway(database, settings)}
    for attempt in attempts.values():
        key = f"{attempt.image_id}/{attempt.id}.jpg"
        store.put_result(key, b"redacted!!", "image/jpeg")
        with database.transaction() as transaction:
            made = replace(result(key, doubts[attempt.name]), original_sha256=sha256(HOPPER.read_bytes()).hexdigest())
            publish(transaction, attempt, made, ReviewReason("doubtful", "Look at it."))
    return attempts


def _reviewer(client: httpx.Client, settings: Settings, name: str = "rita") -> httpx.Client:
    headers = {"Authorization": bearer(settings, name, Scope.REVIEW)}
    return httpx.Client(base_url=client.base_url, headers=headers, timeout=TIMEOUT_S)


def _next(reviewer: httpx.Client, *skip: str) -> str | None:
    task = reviewer.post("/v1/reviews/next", json={"skip": list(skip)}).raise_for_status().json()["task"]
    return None if task is None else str(task["image"]["name"])


def test_the_queue_is_ordered_by_doubt_and_no_two_reviewers_get_the_same_image(
    client: httpx.Client, settings: Settings, held: dict[str, Attempt]
) -> None:
    with _reviewer(client, settings) as rita, _reviewer(client, settings, "rob") as rob:
        assert _next(rita) == "b.jpg"
        assert _next(rita) == "b.jpg"
        assert _next(rob) == "c.jpg"
        assert _next(rita, str(held["b.jpg"].image_id)) == "a.jpg"
        problem(rob.post(f"/v1/images/{held['a.jpg'].image_id}/claim"), 409, "review_claimed")
        problem(rob.post(f"/v1/images/{held['a.jpg'].image_id}/approve", json=SEEN), 409, "review_claimed")
        rita.post(f"/v1/images/{held['a.jpg'].image_id}/release").raise_for_status()
        assert rob.post(f"/v1/images/{held['a.jpg'].image_id}/claim").is_success
        age(settings.database.conninfo, "review_claims", timedelta(hours=1), "reviewer = 'rob'")
        assert rita.post(f"/v1/images/{held['a.jpg'].image_id}/claim").json()["waiting"] == 4


def test_many_reviewers_at_once_get_different_images(
    client: httpx.Client, settings: Settings, held: dict[str, Attempt]
) -> None:
    def ask(name: str) -> str | None:
        with _reviewer(client, settings, name) as reviewer:
            return _next(reviewer)

    with ThreadPoolExecutor(8) as threads:
        got = list(threads.map(ask, [f"r{at}" for at in range(8)]))
    assert sorted(filter(None, got)) == ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]


def test_decisions_are_recorded(client: httpx.Client, settings: Settings, held: dict[str, Attempt]) -> None:
    urls = {name: f"/v1/images/{attempt.image_id}" for name, attempt in held.items()}
    with _reviewer(client, settings) as rita:
        assert rita.post(f"{urls['a.jpg']}/approve", json=SEEN).json()["state"] == "published"
        rejected = rita.post(f"{urls['b.jpg']}/reject", json={"note": "A mirror."}).json()
        assert (rejected["state"], rejected["error"]) == ("failed", {"code": "rejected", "message": "A mirror."})
        problem(rita.post(f"{urls['a.jpg']}/approve", json=SEEN), 409, "not_held")
        problem(rita.post(f"{urls['b.jpg']}/reject"), 409, "not_held")
        assert rita.post(f"{urls['a.jpg']}/reject").json()["state"] == "failed"
        kinds = [each["kind"] for each in rita.get(f"{urls['a.jpg']}/decisions").json()["decisions"]]
        assert kinds == ["approved", "rejected"]
    problem(client.get(f"{urls['a.jpg']}/result"), 409, "not_published")
    problem(client.get(f"{urls['a.jpg']}/decisions"), 403, "missing_scope")


def test_a_picture_of_several_frames_is_approved_only_when_each_was_shown(
    client: httpx.Client, settings: Settings, held: dict[str, Attempt]
) -> None:
    url = f"/v1/images/{held['a.jpg'].image_id}/approve"
    with psycopg.connect(settings.database.conninfo) as connection:
        connection.execute("UPDATE images SET frames = 3 WHERE name = 'a.jpg'")
    with _reviewer(client, settings) as rita:
        for shown in ({}, {"frames_shown": [0, 1]}, {"frames_shown": [0, 1, 1, 3]}):
            assert "3 frames" in problem(rita.post(url, json=SEEN | shown), 409, "frames_unseen")
        problem(rita.post(url, json=SEEN | {"frames_shown": [-1]}), 422, "invalid_request")
        assert rita.post(url, json=SEEN | {"frames_shown": [2, 1, 0]}).json()["state"] == "published"


def _boxes(client: httpx.Client, url: str) -> list[dict[str, Any]]:
    shown = client.get(url).json()["detections"]
    return [
        {name: box[name] for name in ("frame", "x1", "y1", "x2", "y2", "score")} for box in shown if box["destroyed"]
    ]


def test_a_correction_is_rendered_by_a_new_attempt_with_its_boxes(
    client: httpx.Client, settings: Settings, database: Database, held: dict[str, Attempt]
) -> None:
    url = f"/v1/images/{held['a.jpg'].image_id}"
    drawn = {"frame": 0, "x1": 50.0, "y1": 10.0, "x2": 70.0, "y2": 30.0}
    (found,) = _boxes(client, url)
    with _reviewer(client, settings) as rita:
        shown = rita.post(f"{url}/correct", json={"destroy": [drawn], "note": "No face."}).json()
        assert (shown["state"], shown["is_underway"]) == ("needs_review", True)
        problem(rita.post(f"{url}/correct", json={"destroy": []}), 409, "image_underway")
        problem(rita.post(f"{url}/approve", json=SEEN), 409, "image_underway")
        assert _next(rita, *(str(held[name].image_id) for name in ("b.jpg", "c.jpg", "d.jpg"))) is None
        (decision,) = rita.get(f"{url}/decisions").json()["decisions"]
        assert decision["added"] == [drawn | {"score": 1.0}]
        assert decision["dropped"] == [pytest.approx(found)]
        assert (decision["kind"], decision["note"], decision["reviewer"]) == ("corrected", "No face.", "rita")
        (attempt,) = [each for each in underway(database, settings) if each.name == "a.jpg"]
        assert isinstance(attempt.correction, Correction)
        assert [box.x1 for box in attempt.correction.destroy] == [50]
        assert [box.x1 for box in attempt.correction.leave] == pytest.approx([found["x1"]])
        with database.transaction() as transaction:
            publish(transaction, attempt, result("b"))
        again = rita.get(url).json()
        assert (again["state"], again["is_underway"]) == ("published", False)


def test_a_dropped_box_stays_dropped_until_a_face_is_drawn_there(
    client: httpx.Client, settings: Settings, database: Database, held: dict[str, Attempt]
) -> None:
    url = f"/v1/images/{held['a.jpg'].image_id}/correct"
    far, there = {"x1": 80, "y1": 40, "x2": 90, "y2": 50}, {"x1": 0, "y1": 0, "x2": 4, "y2": 5}
    with _reviewer(client, settings) as rita:
        for destroy, left in (([far], 1), ([far, far | {"x1": 70}], 1), ([there], 2)):
            rita.post(url, json={"destroy": destroy}).raise_for_status()
            (attempt,) = [each for each in underway(database, settings) if each.name == "a.jpg"]
            assert attempt.correction is not None
            assert len(attempt.correction.leave) == left
            rendered = replace(result("b"), choices=corrected_choices(attempt.correction, 1))
            with database.transaction() as transaction:
                publish(transaction, attempt, rendered)


def test_invalid_boxes_are_refused(client: httpx.Client, settings: Settings, held: dict[str, Attempt]) -> None:
    url = f"/v1/images/{held['a.jpg'].image_id}/correct"
    good = {"x1": 5, "y1": 5, "x2": 9, "y2": 9}
    with _reviewer(client, settings) as rita:
        for wrong in ({"x2": 5}, {"x1": "a"}, {"y2": 5.5}, {"frame": -1}, {"other": 1}, {"x1": float("1e9")}):
            problem(rita.post(url, json={"destroy": [good | wrong]}), 422, "invalid_request")
        problem(rita.post(f"/v1/images/{new_id()}/correct", json={"destroy": [good]}), 404, "not_found")
    problem(client.post(url, json={"destroy": [good]}), 403, "missing_scope")


def test_boxes_that_miss_the_picture_are_refused(
    client: httpx.Client, settings: Settings, held: dict[str, Attempt]
) -> None:
    url = f"/v1/images/{held['a.jpg'].image_id}/correct"
    good = {"frame": 0, "x1": 5, "y1": 5, "x2": 9, "y2": 9}
    with _reviewer(client, settings) as rita:
        for wrong, why in (
            ({"frame": 1}, "1 frame"),
            ({"x1": 5000, "x2": 5050}, "100 x 50 pixels"),
            ({"y1": -50, "y2": -1}, "100 x 50 pixels"),
            ({"x1": 100, "x2": 120}, "100 x 50 pixels"),
        ):
            detail = problem(rita.post(url, json={"destroy": [good, good | wrong]}), 422, "box_outside")
            assert "Box 2" in detail and why in detail
        rita.post(url, json={"destroy": [good | {"x1": -5, "x2": 5000}]}).raise_for_status()


def test_a_mark_that_misses_withdraws_a_published_result(
    client: httpx.Client, settings: Settings, database: Database, held: dict[str, Attempt]
) -> None:
    url = f"/v1/images/{held['a.jpg'].image_id}"
    with _reviewer(client, settings) as rita:
        rita.post(f"{url}/approve", json=SEEN).raise_for_status()
        rita.post(f"{url}/correct", json={"destroy": []}).raise_for_status()
        (attempt,) = [each for each in underway(database, settings) if each.name == "a.jpg"]
        work = Work(new_id())
        work.items = [Item(attempt, error=MarkMisses("Box 1 covers no pixel."))]
        with database.transaction() as transaction:
            assert _settle(transaction, work, work.items[0]).is_won
        shown = rita.get(url).json()
        assert (shown["state"], shown["error"]["code"], shown["is_underway"]) == ("needs_review", "mark_misses", False)
        assert _next(rita) is not None


MISSED = {"frame": 0, "x1": 50.0, "y1": 10.0, "x2": 70.0, "y2": 30.0}


@pytest.fixture
def published(client: httpx.Client, settings: Settings, held: dict[str, Attempt]) -> str:
    """The path of the image a.jpg, whose result a reviewer has approved."""
    url = f"/v1/images/{held['a.jpg'].image_id}"
    with _reviewer(client, settings) as rita:
        rita.post(f"{url}/approve", json=SEEN).raise_for_status()
    return url


def _mark_a_missed_face(rita: httpx.Client, url: str) -> None:
    found = _boxes(rita, url)
    rita.post(f"{url}/correct", json={"destroy": [*found, MISSED]}).raise_for_status()


def _open_attempt(database: Database, settings: Settings) -> Attempt:
    (attempt,) = [each for each in underway(database, settings) if each.name == "a.jpg"]
    return attempt


def _operator_cancels(database: Database, attempt: Attempt) -> None:
    image = find_image(database, None, attempt.image_id)
    assert image is not None
    cancel_attempts_of_job(database, image.job_id, with_corrections=True)


def _fails(database: Database, attempt: Attempt) -> None:
    with database.transaction() as transaction:
        assert fail(transaction, attempt, "original_changed", "Another file is stored.")


def _is_given_up(database: Database, attempt: Attempt) -> None:
    policy = replace(RETRY_POLICY, max_attempts=1)
    with database.transaction() as transaction:
        retry_or_fail(transaction, [attempt.id], "flow_run_crashed", "The worker died.", policy)


def test_a_missed_face_withdraws_a_published_result_until_it_is_destroyed(
    client: httpx.Client, settings: Settings, database: Database, published: str
) -> None:
    client.get(f"{published}/result").raise_for_status()
    with _reviewer(client, settings) as rita:
        _mark_a_missed_face(rita, published)
        shown = rita.get(published).json()
        assert (shown["state"], shown["error"]["code"], shown["is_underway"]) == ("needs_review", "corrected", True)
        problem(client.get(f"{published}/result"), 409, "not_published")
        client.post(f"/v1/jobs/{shown['job_id']}/cancel").raise_for_status()
        assert rita.get(published).json()["is_underway"], "the owner's cancellation does not end a correction"
        with database.transaction() as transaction:
            publish(transaction, _open_attempt(database, settings), result("b"))
        assert rita.get(published).json()["state"] == "published"
    with psycopg.connect(settings.database.conninfo) as connection:
        query = "SELECT type FROM events WHERE image_id = %s ORDER BY sequence DESC LIMIT 2"
        events = connection.execute(query, (published.rpartition("/")[2],)).fetchall()
    assert events == [("image.published",), ("image.needs_review",)]


@pytest.mark.parametrize("end", [_fails, _is_given_up, _operator_cancels])
@pytest.mark.parametrize("is_missed", [True, False], ids=["a face is missed", "no face is dropped"])
def test_a_correction_that_ends_without_a_result_leaves_the_image_for_review(
    client: httpx.Client,
    settings: Settings,
    database: Database,
    published: str,
    end: Callable[[Database, Attempt], None],
    is_missed: bool,
) -> None:
    with _reviewer(client, settings) as rita:
        if is_missed:
            _mark_a_missed_face(rita, published)
        else:
            rita.post(f"{published}/correct", json={"destroy": []}).raise_for_status()
            assert rita.get(published).json()["state"] == "published", "a dropped box shows no other face"
        end(database, _open_attempt(database, settings))
        shown = rita.get(published).json()
        assert (shown["state"], shown["is_underway"]) == ("needs_review", False)
        assert shown["error"]["code"] in {"original_changed", "flow_run_crashed", "job_cancelled"}
        problem(client.get(f"{published}/result"), 409, "not_published")
        assert _next(rita) is not None


def test_a_re_run_that_ends_without_a_result_keeps_the_published_one(
    client: httpx.Client, settings: Settings, database: Database, published: str
) -> None:
    job_id = client.get(published).json()["job_id"]
    client.post(f"/v1/jobs/{job_id}/rerun", json={"states": ["published"]}).raise_for_status()
    _fails(database, _open_attempt(database, settings))
    assert client.get(published).json()["state"] == "published"


@pytest.mark.parametrize("underway_by", ["a re-run", "a correction"])
def test_a_reviewer_can_reject_an_image_at_any_time(
    client: httpx.Client, settings: Settings, database: Database, published: str, underway_by: str
) -> None:
    with _reviewer(client, settings) as rita:
        if underway_by == "a re-run":
            job_id = client.get(published).json()["job_id"]
            client.post(f"/v1/jobs/{job_id}/rerun", json={"states": ["published"]}).raise_for_status()
        else:
            _mark_a_missed_face(rita, published)
        attempt = _open_attempt(database, settings)
        shown = rita.post(f"{published}/reject").raise_for_status().json()
        assert (shown["state"], shown["error"]["code"], shown["is_underway"]) == ("failed", "rejected", False)
        with database.transaction() as transaction:
            assert not publish(transaction, attempt, result("late")).is_won
        problem(client.get(f"{published}/result"), 409, "not_published")


def test_a_reviewer_can_reject_an_image_that_was_never_published(
    client: httpx.Client, settings: Settings, database: Database
) -> None:
    job = submit(client, "a.jpg")
    (image,) = client.get(f"/v1/jobs/{job['id']}/images").json()["images"]
    attempt = _open_attempt(database, settings)
    with _reviewer(client, settings) as rita:
        shown = rita.post(f"/v1/images/{image['id']}/reject", json={"note": "Not this one."}).json()
        assert (shown["state"], shown["error"]) == ("failed", {"code": "rejected", "message": "Not this one."})
    with database.transaction() as transaction:
        assert not publish(transaction, attempt, result("late")).is_won


def test_a_correction_replaces_a_re_run_that_is_under_way(
    client: httpx.Client, settings: Settings, database: Database, published: str
) -> None:
    job_id = client.get(published).json()["job_id"]
    client.post(f"/v1/jobs/{job_id}/rerun", json={"states": ["published"]}).raise_for_status()
    rerun = _open_attempt(database, settings)
    with _reviewer(client, settings) as rita:
        _mark_a_missed_face(rita, published)
        problem(client.get(f"{published}/result"), 409, "not_published")
        with database.transaction() as transaction:
            assert not publish(transaction, rerun, result("of the re-run")).is_won
        assert _open_attempt(database, settings).correction is not None


@pytest.mark.parametrize("by", ["doubt", "a person"])
def test_a_re_run_does_not_loosen_the_review_of_what_waits_for_it(
    client: httpx.Client, settings: Settings, database: Database, published: str, by: str
) -> None:
    job_id = client.get(published).json()["job_id"]
    if by == "a person":
        with _reviewer(client, settings) as rita:
            _mark_a_missed_face(rita, published)
            _fails(database, _open_attempt(database, settings))
    with psycopg.connect(settings.database.conninfo) as connection:
        connection.execute("UPDATE images SET policy = jsonb_set(policy, '{review}', '\"doubtful\"')")
    request = {"states": ["needs_review"], "policy": {"review": "never"}}
    client.post(f"/v1/jobs/{job_id}/rerun", json=request).raise_for_status()
    with psycopg.connect(settings.database.conninfo) as connection:
        rows = connection.execute(
            "SELECT images.name, batches.policy ->> 'review' FROM images JOIN attempts ON attempts.id = open_attempt_id"
            " JOIN batches ON batches.id = attempts.batch_id"
        ).fetchall()
    reviews: dict[str, str] = dict(rows)
    assert {review for name, review in reviews.items() if name != "a.jpg"} == {"doubtful"}
    assert reviews.get("a.jpg") == ("always" if by == "a person" else None)


def test_only_reviewers_see_originals_and_every_look_is_recorded(
    client: httpx.Client, settings: Settings, store: Store, held: dict[str, Attempt]
) -> None:
    attempt = held["a.jpg"]
    url = f"/v1/images/{attempt.image_id}"
    store.put_original_preview(preview_key(attempt.original_key, PreviewSize.THUMB), b"small", "image/jpeg")
    operator = {"Authorization": bearer(settings, "olga", Scope.OPERATE)}
    for path in ("original", "preview?of=original"):
        problem(client.get(f"{url}/{path}"), 403, "missing_scope")
        problem(client.get(f"{url}/{path}", headers=operator), 403, "missing_scope")
    with _reviewer(client, settings) as rita:
        assert rita.get(f"{url}/original").content == HOPPER.read_bytes()
        assert rita.get(f"{url}/preview?of=original").content == b"small"
        problem(rita.get(f"{url}/preview?of=original&size=view"), 404, "preview_missing")
    with psycopg.connect(settings.database.conninfo) as connection:
        looks = connection.execute("SELECT reviewer, image_id FROM looks").fetchall()
    assert looks == [("rita", attempt.image_id)] * 2


def test_previews_are_visible_to_users_who_may_fetch_the_result(
    client: httpx.Client, settings: Settings, store: Store, held: dict[str, Attempt]
) -> None:
    attempt = held["a.jpg"]
    url = f"/v1/images/{attempt.image_id}"
    thumb = preview_key(f"{attempt.image_id}/{attempt.id}.jpg", PreviewSize.THUMB)
    store.put_result(thumb, b"tiny", "image/jpeg")
    problem(client.get(f"{url}/preview"), 409, "not_published")
    with _reviewer(client, settings) as rita:
        assert rita.get(f"{url}/preview").content == b"tiny"
        rita.post(f"{url}/approve", json=SEEN).raise_for_status()
    response = client.get(f"{url}/preview")
    assert (response.content, response.headers["content-type"]) == (b"tiny", "image/jpeg")
    bob = {"Authorization": bearer(settings, "bob", Scope.SUBMIT)}
    problem(client.get(f"{url}/preview", headers=bob), 404, "not_found")
    store.remove_result(f"{attempt.image_id}/{attempt.id}.jpg")
    problem(client.get(f"{url}/preview"), 404, "preview_missing")


def test_only_the_result_that_was_seen_can_be_approved(
    client: httpx.Client, settings: Settings, database: Database, held: dict[str, Attempt]
) -> None:
    url = f"/v1/images/{held['a.jpg'].image_id}"
    with _reviewer(client, settings) as rita:
        problem(rita.post(f"{url}/approve"), 422, "invalid_request")
        problem(rita.post(f"{url}/approve", json={"result_sha256": "b" * 64}), 409, "result_changed")
        rita.post(f"{url}/correct", json={"destroy": [], "hold": True}).raise_for_status()
        (attempt,) = [each for each in underway(database, settings) if each.name == "a.jpg"]
        with database.transaction() as transaction:
            publish(transaction, attempt, replace(result("new"), sha256="c"), ReviewReason("corrected", "Look at it."))
        problem(rita.post(f"{url}/approve", json=SEEN), 409, "result_changed")
        assert rita.post(f"{url}/approve", json={"result_sha256": "c"}).json()["state"] == "published"


def test_a_rerun_does_not_include_rejected_images(
    client: httpx.Client, settings: Settings, held: dict[str, Attempt]
) -> None:
    image = client.get(f"/v1/images/{held['a.jpg'].image_id}").json()
    with _reviewer(client, settings) as rita:
        rita.post(f"/v1/images/{image['id']}/reject").raise_for_status()
    rerun = client.post(f"/v1/jobs/{image['job_id']}/rerun", json={"states": ["failed", "needs_review"]})
    assert rerun.json()["images"] == 3
    assert not client.get(f"/v1/images/{image['id']}").json()["is_underway"]
