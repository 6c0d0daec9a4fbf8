"""The blurring service for Panoramax: one image for the same bytes, and no picture without a published result."""

from __future__ import annotations

import email
import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from uuid import UUID

import httpx
import pytest

from api.app import create_app
from api.panoramax.answer import annotations_of
from blurline.access.tokens import LocalIssuer, Scope
from blurline.contract.corrections import MarkedBox
from blurline.settings import Settings
from blurline.storage.inventory import ImageBucket
from blurline.storage.store import Store
from sql.engine.database import Database
from sql.jobs.attempts import Attempt
from sql.jobs.job_queries import DetectionRow
from sql.jobs.publishing import ReviewReason, publish
from sql.jobs.settlement import fail
from sql.review.reviews import approve_image, correct_image, reject_image
from tests.api_requests import bearer, original_bytes, problem, underway
from tests.api_server import serving
from tests.factories import SIZE, result
from tests.pictures import HOPPER
from tests.simulated_worker import redacted, running_worker
from tests.stored_images import StoredImages
from tests.waiting import TIMEOUT_S, wait_for

_AT = "/panoramax/blur/"
_FORM = "multipart/form-data"
_HELD = ReviewReason("doubtful", "Look.")


class Panoramax:
    """Sends pictures as a Panoramax server does: with a form, HTTP Basic and nothing else."""

    def __init__(self, http: httpx.Client, token: str) -> None:
        self.http, self.token = http, token

    def blur(self, data: bytes = b"picture", accept: str = _FORM, **query: Any) -> httpx.Response:
        """Send a picture."""
        files = {"picture": ("picture.jpg", data, "image/jpeg")}
        return self.http.post(_AT, files=files, headers={"Accept": accept}, params=query, auth=("any", self.token))

    def get(self, path: str) -> dict[str, Any]:
        """What the user of the token gets there."""
        response = self.http.get(path, headers={"Authorization": f"Bearer {self.token}"})
        got: dict[str, Any] = response.raise_for_status().json()
        return got

    def images(self) -> list[dict[str, Any]]:
        """The user's images."""
        images: list[dict[str, Any]] = self.get("/v1/images")["images"]
        return images


@pytest.fixture
def anonymous(client: httpx.Client) -> httpx.Client:
    """A client that sends no token of its own."""
    del client.headers["Authorization"]
    return client


@pytest.fixture
def server(anonymous: httpx.Client, settings: Settings) -> Panoramax:
    """ann's server."""
    return Panoramax(anonymous, _token(settings, "ann"))


@pytest.fixture
def hasty(without_prefect: Settings) -> Iterator[Panoramax]:
    """ann's server at an API at which no request waits for long."""
    app = create_app(without_prefect.replace(panoramax_wait_s=0.3))
    with serving(app) as url, httpx.Client(base_url=url, timeout=TIMEOUT_S) as client:
        yield Panoramax(client, _token(without_prefect, "ann"))


def _token(settings: Settings, user: str, *scopes: Scope) -> str:
    return LocalIssuer(settings.home).issue(user, scopes or [Scope.SUBMIT], 600)


def _parts(response: httpx.Response) -> dict[str, bytes]:
    assert response.status_code == 200, response.text
    assert response.headers["content-type"].startswith(f"{_FORM}; boundary=")
    assert int(response.headers["content-length"]) == len(response.content)
    head = f"Content-Type: {response.headers['content-type']}\r\n\r\n".encode()
    message: Any = email.message_from_bytes(head + response.content)
    return {
        part.get_param("name", header="content-disposition"): part.get_payload(decode=True)
        for part in message.get_payload()
    }


def _refused(response: httpx.Response) -> str:
    detail = problem(response, 503, "no_result")
    assert int(response.headers["retry-after"]) > 0
    return detail


def _settle(
    settings: Settings, database: Database, store: Store, held: ReviewReason | None = None, *, fails: bool = False
) -> list[Attempt]:
    """End every open attempt, as the worker would."""
    attempts = underway(database, settings)
    for attempt in attempts:
        data = redacted(original_bytes(store, attempt.original_key))
        made = replace(
            result(f"{attempt.image_id}/{attempt.id}.jpg"),
            size_bytes=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
        )
        store.put_result(made.key, data, made.media_type)
        with database.transaction() as transaction:
            if fails:
                fail(transaction, attempt, "unreadable_picture", "The file is cut short. Send it again.")
            else:
                publish(transaction, attempt, made, held)
    return attempts


def test_the_answer_has_the_picture_and_its_metadata(
    server: Panoramax, settings: Settings, database: Database, store: Store
) -> None:
    with running_worker(settings, database, store):
        parts = _parts(server.blur(b"picture", keep=1))
    assert parts["image"] == redacted(b"picture")
    (image,) = server.images()
    metadata = json.loads(parts["metadata"])
    assert metadata["service_name"] == "Blurline"
    assert metadata["blurring_id"] == image["id"]
    (face,) = metadata["annotations"]
    assert face["shape"] == [1, 2, 3, 4]
    assert face["semantics"][0] == {"key": "blurred", "value": "face"}
    job = server.get(f"/v1/jobs/{image['job_id']}")
    assert (job["preset"], job["labels"]) == ("street", {"source": "panoramax"})
    assert (job["policy"]["metadata"], job["policy"]["output_format"]) == ("mapping", "jpeg")


@pytest.mark.parametrize("accept", ["*/*", "image/jpeg"])
def test_older_servers_get_the_jpeg_and_a_header(
    server: Panoramax, settings: Settings, database: Database, store: Store, accept: str
) -> None:
    with running_worker(settings, database, store):
        response = server.blur(accept=accept)
    assert (response.status_code, response.headers["content-type"]) == (200, "image/jpeg")
    assert response.content == redacted(b"picture")
    assert json.loads(response.headers["x-sgblur"])["service_name"] == "Blurline"


def test_requests_with_the_same_bytes_share_one_image(
    server: Panoramax, settings: Settings, database: Database, store: Store, stored_images: StoredImages
) -> None:
    with ThreadPoolExecutor(8) as threads:
        sent = [threads.submit(server.blur, data) for data in [b"one", b"two"] * 4]
        wait_for("two images", lambda: len(server.images()) == 2)
        with running_worker(settings, database, store):
            answers = [each.result() for each in sent]
    assert {_parts(each)["image"] for each in answers} == {redacted(b"one"), redacted(b"two")}
    assert len(server.images()) == 2
    assert len(stored_images.keys(ImageBucket.ORIGINALS)) == 2
    assert _parts(server.blur(b"one"))["image"] == redacted(b"one")  # without a worker
    assert server.get("/v1/me")["usage"]["images_today"] == 2


def test_a_late_result_is_fetched_by_the_next_request(
    hasty: Panoramax, settings: Settings, database: Database, store: Store
) -> None:
    for _ in range(2):
        assert "still being processed" in _refused(hasty.blur())
    _settle(settings, database, store)
    assert _parts(hasty.blur())["image"] == redacted(b"picture")
    assert len(hasty.images()) == 1


def test_a_held_picture_comes_out_once_it_is_approved(
    hasty: Panoramax, settings: Settings, database: Database, store: Store
) -> None:
    _refused(hasty.blur())
    (attempt,) = _settle(settings, database, store, _HELD)
    reviewing = Panoramax(hasty.http, _token(settings, "ann", *Scope))
    for each in (hasty, reviewing):
        assert "waits for a reviewer's approval" in _refused(each.blur())
    approve_image(database, "rita", attempt.image_id, hashlib.sha256(redacted(b"picture")).hexdigest())
    assert _parts(hasty.blur())["image"] == redacted(b"picture")
    assert len(hasty.images()) == 1


@pytest.mark.parametrize("was_published", [False, True])
def test_a_rejected_picture_never_comes_out(
    hasty: Panoramax, settings: Settings, database: Database, store: Store, was_published: bool
) -> None:
    _refused(hasty.blur())
    (attempt,) = _settle(settings, database, store, None if was_published else _HELD)
    reject_image(database, "rita", attempt.image_id, "A face.")
    for _ in range(2):
        assert "A face." in _refused(hasty.blur())
    assert underway(database, settings) == []
    assert [image["state"] for image in hasty.images()] == ["failed"]


def test_a_failed_picture_is_not_processed_again(
    hasty: Panoramax, settings: Settings, database: Database, store: Store
) -> None:
    _refused(hasty.blur())
    _settle(settings, database, store, fails=True)
    assert "cut short" in _refused(hasty.blur())
    assert len(hasty.images()) == 1
    assert underway(database, settings) == []


def test_a_deleted_picture_is_a_new_one(hasty: Panoramax, settings: Settings, database: Database, store: Store) -> None:
    _refused(hasty.blur())
    _settle(settings, database, store)
    (image,) = hasty.images()
    hasty.http.delete(
        f"/v1/images/{image['id']}", headers={"Authorization": f"Bearer {hasty.token}"}
    ).raise_for_status()
    _refused(hasty.blur())
    (again,) = hasty.images()
    assert again["id"] != image["id"]


@pytest.mark.parametrize(("decision", "review"), [(None, "never"), ("corrected", "always"), ("held", "always")])
def test_a_picture_whose_result_expired_is_processed_again(
    hasty: Panoramax,
    settings: Settings,
    database: Database,
    store: Store,
    stored_images: StoredImages,
    decision: str | None,
    review: str,
) -> None:
    """What a reviewer has drawn is lost with the result: a person looks at the new one too."""
    _refused(hasty.blur())
    (attempt,) = _settle(settings, database, store, _HELD if decision == "held" else None)
    if decision == "corrected":
        box = MarkedBox(x1=10.0, y1=10.0, x2=50.0, y2=40.0)
        correct_image(database, "rita", attempt.image_id, [box], SIZE, note="", is_held=False)
        _settle(settings, database, store)
    stored_images.rows("UPDATE images SET result_gone_at = now(), result_gone_why = 'expired'")
    for _ in range(2):
        _refused(hasty.blur())
    new, _ = hasty.images()
    assert new["id"] != str(attempt.image_id)
    assert hasty.get(f"/v1/jobs/{new['job_id']}")["policy"]["review"] == review


def test_each_owner_has_images_of_their_own(hasty: Panoramax, settings: Settings) -> None:
    _refused(hasty.blur())
    bob = Panoramax(hasty.http, _token(settings, "bob"))
    _refused(bob.blur())
    assert [len(each.images()) for each in (hasty, bob)] == [1, 1]


def test_an_exhausted_quota_refuses_only_new_pictures(
    hasty: Panoramax, settings: Settings, database: Database, store: Store
) -> None:
    operator = {"Authorization": bearer(settings, "olga", Scope.OPERATE)}
    _refused(hasty.blur())
    hasty.http.put("/v1/users/ann/quotas", json={"images_per_day": 1}, headers=operator).raise_for_status()
    refused = hasty.blur(b"another")
    problem(refused, 429, "quota_exceeded")
    assert int(refused.headers["retry-after"]) > 0
    _settle(settings, database, store)
    assert _parts(hasty.blur())["image"] == redacted(b"picture")


@pytest.mark.parametrize("wrong", [None, "Basic", "Basic %%%", "Basic ///w", "Basic YW5u", "Digest x"])
def test_other_credentials_are_refused(server: Panoramax, wrong: str | None) -> None:
    headers = {} if wrong is None else {"Authorization": wrong}
    problem(server.http.post(_AT, files={"picture": b"x"}, headers=headers), 401, "invalid_token")


def test_basic_credentials_are_accepted_nowhere_else(server: Panoramax) -> None:
    for path in ("/v1/me", "/v1/jobs", "/panoramax"):
        answer = server.http.get(path, auth=("any", server.token))
        assert answer.status_code == (404 if path == "/panoramax" else 401)


def test_a_bearer_token_is_accepted_too(server: Panoramax, settings: Settings) -> None:
    headers = {"Authorization": bearer(settings, "ann", Scope.REVIEW)}
    problem(server.http.post(_AT, files={"picture": b"x"}, headers=headers), 403, "missing_scope")


@pytest.mark.parametrize(
    "files",
    [
        [("photo", ("a.jpg", b"x"))],
        [("picture", (None, b"x"))],
        [("picture", ("a.jpg", b"x")), ("preset", (None, b"fast"))],
    ],
)
def test_other_forms_are_refused(hasty: Panoramax, files: Any) -> None:
    response = hasty.http.post(_AT, files=files, auth=("any", hasty.token))
    problem(response, response.status_code, response.json()["code"])
    assert response.status_code in (400, 422)
    assert hasty.images() == []


def test_other_bodies_are_refused(hasty: Panoramax) -> None:
    plain = hasty.http.post(_AT, content=b"x", headers={"Content-Type": "image/jpeg"}, auth=("any", hasty.token))
    problem(plain, 415, "unsupported_media_type")
    assert "no query parameter" in problem(hasty.blur(preset="fast"), 422, "invalid_request")


def test_a_picture_can_be_as_large_as_any_submission(
    hasty: Panoramax, settings: Settings, database: Database, store: Store
) -> None:
    data = HOPPER.read_bytes() + bytes(3_000_000)
    _refused(hasty.blur(data))
    _settle(settings, database, store)
    assert _parts(hasty.blur(data))["image"] == redacted(data)


def test_annotations_are_the_destroyed_boxes_inside_the_picture() -> None:
    row: Any = type("Row", (), {"width_px": 100, "height_px": 50, "id": UUID(int=1)})()
    boxes = [
        DetectionRow(0, -3.5, 1.2, 20.1, 30.9, 0.9, True, "face"),
        DetectionRow(0, 90.0, 40.0, 130.0, 60.0, 0.5, True, "plate"),
        DetectionRow(0, 1.0, 1.0, 2.0, 2.0, 0.2, False, "face"),
    ]
    shown = annotations_of(row, boxes)
    assert [each["shape"] for each in shown] == [[0, 1, 21, 31], [90, 40, 100, 50]]
    assert shown[1]["semantics"][0] == {"key": "blurred", "value": "plate"}


def test_a_long_list_of_annotations_is_left_out_of_the_header(
    server: Panoramax, settings: Settings, database: Database, store: Store, stored_images: StoredImages
) -> None:
    with running_worker(settings, database, store):
        _parts(server.blur())
    stored_images.rows(
        "INSERT INTO detections (attempt_id, ordinal, frame, x1, y1, x2, y2, score, destroyed, class_name)"
        " SELECT attempt_id, ordinal + n, frame, x1, y1, x2, y2, score, true, class_name"
        " FROM detections, generate_series(100, 140) AS n WHERE ordinal = 0"
    )
    assert len(json.loads(_parts(server.blur())["metadata"])["annotations"]) > 40
    assert json.loads(server.blur(accept="*/*").headers["x-sgblur"])["annotations"] == []
