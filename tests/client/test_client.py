"""The client against the real API, and against servers and connections that fail."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI, Response

from api.app import create_app
from blurline.access.tokens import LocalIssuer, Scope
from blurline.client import (
    ApiRefused,
    ApiUnavailable,
    ApiUnreachable,
    Client,
    NotTheApi,
    QuotaExceeded,
    UploadRefused,
)
from blurline.client.errors import Unavailable, UploadFailed
from blurline.contract import JobOptions, JobRequest, Quotas, SubmittedImage
from blurline.errors import ConfigurationError, PermanentError, RetryableError
from blurline.ids import new_id
from blurline.policy import Policy, Style
from blurline.settings import Settings
from blurline.storage.store import Store
from sql.engine.database import Database
from sql.jobs.publishing import ReviewReason, publish
from tests.api_requests import original_bytes, publish_all, underway
from tests.api_server import serving
from tests.broken_connections import breaking
from tests.factories import result
from tests.pictures import HOPPER


@dataclass
class Api:
    url: str
    settings: Settings

    def token(self, subject: str = "ann", *scopes: Scope, ttl_s: int = 60) -> str:
        return LocalIssuer(self.settings.home).issue(subject, scopes or [Scope.SUBMIT], ttl_s)


@pytest.fixture
def api(without_prefect: Settings) -> Iterator[Api]:
    with serving(create_app(without_prefect)) as url:
        yield Api(url, without_prefect)


@pytest.fixture
def client(api: Api) -> Iterator[Client]:
    with Client(api.url, api.token()) as client:
        yield client


def _uploaded(client: Client, data: bytes = b"x") -> str:
    (upload,) = client.create_uploads()
    client.upload(upload, io.BytesIO(data))
    return upload.key


def test_a_job_runs_from_its_uploads_to_its_deletion(
    client: Client, settings: Settings, database: Database, store: Store
) -> None:
    assert (client.me().id, client.me().scopes) == ("ann", ["submit"])
    assert "careful" in [preset.name for preset in client.presets()]
    uploads = client.create_uploads(2)
    with HOPPER.open("rb") as file:
        for upload in uploads:
            client.upload(upload, file)
            assert original_bytes(store, upload.key) == HOPPER.read_bytes()
    images = [SubmittedImage(key=upload.key, name=f"{at}.jpg") for at, upload in enumerate(uploads)]
    request = JobRequest(images=images, preset="careful", policy=Policy(style=Style.SOLID), labels={"trip": "1"})
    job = client.submit(request, idempotency_key="k")
    assert client.submit(request, idempotency_key="k").id == job.id
    assert (job.policy["style"], job.policy["profile"], job.labels) == ("solid", "thorough", {"trip": "1"})
    assert [found.id for found in client.jobs(labels={"trip": "1"})] == [job.id]
    assert list(client.jobs(labels={"trip": "2"})) == []
    publish_all(database, settings, store)
    assert client.job(job.id).progress.published == 2
    shown = list(client.images(job.id))
    assert [image.name for image in shown] == ["0.jpg", "1.jpg"]
    assert client.image(shown[0].id).detections[0].destroyed
    file_of_result, file_of_archive = io.BytesIO(), io.BytesIO()
    client.result(shown[0].id, file_of_result)
    assert file_of_result.getvalue() == b"picture!!!"
    client.archive(job.id, file_of_archive)
    assert zipfile.ZipFile(file_of_archive).namelist() == ["0.jpg", "1.jpg", "manifest.json"]
    assert [(row.state, row.images) for row in client.statistics()] == [("published", 2)]
    receipt = client.delete_job(job.id)
    assert client.deletion(receipt.id).images == 2
    with pytest.raises(ApiRefused) as refused:
        client.job(job.id)
    assert refused.value.code == "not_found"


def test_files_are_sent_with_the_request(client: Client, store: Store) -> None:
    options = JobOptions(preset="fast", policy=Policy(style=Style.BLUR), labels={"trip": "1"})
    job = client.submit_files([HOPPER, HOPPER], options)
    assert (job.policy["profile"], job.policy["style"], job.preset, job.labels) == (
        "fast", "blur", "fast", {"trip": "1"},
    )  # fmt: skip
    assert [image.name for image in client.images(job.id)] == ["hopper.jpg", "hopper.jpg"]
    assert client.cancel(job.id).state == "finished"
    (image, _) = client.images(job.id, state="failed")
    assert image.error is not None
    assert image.error.code == "job_cancelled"


def test_a_file_with_an_undecodable_name_is_sent(client: Client, tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.jpg"))
    path.write_bytes(b"x")
    (image,) = client.images(client.submit_files([path]).id)
    assert image.name == "caf?.jpg"


def test_a_reviewer_approves(api: Api, client: Client, database: Database, store: Store) -> None:
    client.submit_files([HOPPER])
    (attempt,) = underway(database, api.settings)
    store.put_result("held.jpg", b"redacted!!", "image/jpeg")
    with database.transaction() as transaction:
        publish(transaction, attempt, result("held.jpg"), ReviewReason("doubtful", "Look at it."))
    with Client(api.url, api.token("rita", Scope.REVIEW)) as reviewer:
        assert reviewer.approve(attempt.image_id, "a").state == "published"
        with pytest.raises(ApiRefused, match="has no result"):
            reviewer.approve(attempt.image_id, "a")


def test_lists_are_read_to_their_end(client: Client) -> None:
    jobs = [client.submit_files([HOPPER] * 3).id for _ in range(3)]
    assert [job.id for job in client.jobs(page_size=2)] == jobs[::-1]
    assert [image.position for image in client.images(jobs[0], page_size=2)] == [0, 1, 2]


def test_an_error_carries_the_message_of_the_api(client: Client) -> None:
    request = JobRequest(images=[SubmittedImage(key=_uploaded(client))], preset="none")
    with pytest.raises(ApiRefused, match="There is no preset 'none'") as refused:
        client.submit(request)
    error = refused.value
    assert (error.status, error.code, error.detail) == (422, "unknown_preset", str(error))
    assert error.request_id
    assert isinstance(error, PermanentError)


def test_an_expired_token_is_renewed_once(api: Api) -> None:
    tokens = [api.token(ttl_s=-60), api.token(), "not asked for"]
    with Client(api.url, lambda: tokens.pop(0)) as client:
        assert client.me().id == "ann"
        assert client.submit_files([HOPPER]).owner == "ann"
    assert tokens == ["not asked for"]
    with Client(api.url, api.token(ttl_s=-60)) as client, pytest.raises(ApiRefused) as refused:
        client.me()
    assert refused.value.status == 401
    tokens = [api.token(ttl_s=-60) for _ in range(3)]
    with Client(api.url, lambda: tokens.pop()) as client, pytest.raises(ApiRefused):
        client.me()
    assert len(tokens) == 1


def test_a_request_whose_answer_was_lost_is_repeated_where_that_is_safe(api: Api, client: Client) -> None:
    with breaking(api.url) as breaks, Client(breaks.url, api.token()) as unlucky:
        request = JobRequest(images=[SubmittedImage(key=_uploaded(client))])
        breaks.plan("POST /v1/jobs")
        job = unlucky.submit(request, idempotency_key="k")
        assert [found.id for found in client.jobs()] == [job.id]
        breaks.plan("GET /v1/me")
        assert unlucky.me().id == "ann"
        breaks.plan("POST /v1/jobs")
        with pytest.raises(ApiUnreachable, match="does not respond"):
            unlucky.submit_files([HOPPER])
        assert len(list(client.jobs())) == 2
        assert breaks.planned == []


def test_an_interrupted_download_is_restarted(
    api: Api, client: Client, settings: Settings, database: Database, store: Store
) -> None:
    client.submit_files([HOPPER])
    (attempt,) = underway(database, settings)
    data = bytes(range(256)) * 4000
    store.put_result("r.jpg", data, "image/jpeg")
    with database.transaction() as transaction:
        publish(transaction, attempt, replace(result("r.jpg"), size_bytes=len(data)))
    file = io.BytesIO()
    with breaking(api.url) as breaks, Client(breaks.url, api.token()) as unlucky:
        breaks.plan(f"GET /v1/images/{attempt.image_id}/result", after_bytes=300_000)
        unlucky.result(attempt.image_id, file)
        assert breaks.planned == []
    assert file.getvalue() == data


def test_a_busy_api_is_asked_again() -> None:
    answers = [503, 429, 200]
    app = FastAPI()

    @app.get("/v1/presets")
    def presets() -> Response:
        return Response('{"presets": []}', answers.pop(0))

    with serving(app) as url, Client(url, "t") as client:
        assert client.presets() == []
        assert answers == []
        answers[:] = [503, 200]
        with Client(url, "t", patience_s=0) as impatient, pytest.raises(ApiUnavailable) as busy:
            impatient.presets()
        assert isinstance(busy.value, RetryableError)
        assert busy.value.code == "http_error"
        assert answers == [200]


@pytest.mark.parametrize(("status", "asked"), [(429, 2), (503, 1)])
def test_a_request_that_must_not_run_twice_is_repeated_only_if_it_was_ignored(status: int, asked: int) -> None:
    seen: list[str] = []
    app = FastAPI()

    @app.delete("/v1/jobs/{job_id}")
    def delete(job_id: UUID) -> Response:
        seen.append(str(job_id))
        return Response(None, status if len(seen) == 1 else 404)

    with serving(app) as url, Client(url, "t") as client, pytest.raises((ApiRefused, ApiUnavailable)):
        client.delete_job(new_id())
    assert len(seen) == asked


def test_a_wait_that_exceeds_the_patience_does_not_start() -> None:
    seen: list[str] = []
    app = FastAPI()

    @app.get("/v1/me")
    def me() -> Response:
        seen.append("")
        return Response(None, 429, {"Retry-After": "3600"})

    with serving(app) as url, Client(url, "t") as client, pytest.raises(ApiUnavailable):
        client.me()
    assert len(seen) == 1


def test_a_quota_is_left_to_the_caller(without_prefect: Settings) -> None:
    closed = without_prefect.replace(quota_open_jobs=0)
    token = LocalIssuer(closed.home).issue("ann", [Scope.SUBMIT], 60)
    waits: list[float] = []
    with (
        serving(create_app(closed)) as url,
        Client(url, token, on_wait=lambda _, pause_s: waits.append(pause_s)) as client,
        pytest.raises(QuotaExceeded, match="Your quota is 0 unfinished jobs") as refused,
    ):
        client.submit_files([HOPPER], idempotency_key="k")
    assert refused.value.retry_after_s > 0
    assert waits == []


def test_an_address_that_never_answered_is_given_up_soon_and_one_that_did_is_not() -> None:
    waits: list[float] = []
    app = FastAPI()

    @app.get("/v1/presets")
    def presets() -> Response:
        return Response('{"presets": []}')

    def note(error: Unavailable, pause_s: float) -> None:
        assert isinstance(error, ApiUnreachable)
        waits.append(pause_s)
        if sum(waits) > 6:
            raise InterruptedError

    with serving(app) as url:
        client = Client(url, "t", on_wait=note)
        assert client.presets() == []
    with client, pytest.raises(InterruptedError):  # it is waited for beyond the first few seconds
        client.presets()
    waits.clear()
    with Client(url, "t", on_wait=note) as client, pytest.raises(ApiUnreachable):
        client.presets()
    assert 0 < sum(waits) <= 5


def test_fields_that_are_wrong_are_named(client: Client) -> None:
    with pytest.raises(ApiRefused) as refused:
        client.submit_text('{"images": [{"key": "k", "nmae": "a.jpg"}]}')
    (error,) = refused.value.errors
    assert error["where"] == "images.0.nmae"
    with pytest.raises(ApiRefused) as refused:
        client.job(new_id())
    assert refused.value.errors == []


@pytest.mark.parametrize("paths", ["hopper.jpg", HOPPER, [str(HOPPER)]])
def test_files_must_be_a_list_of_paths(client: Client, paths: Any) -> None:
    with pytest.raises(TypeError, match=r"must be a list of pathlib\.Path"):
        client.submit_files(paths)


def test_no_files_make_no_job(client: Client) -> None:
    with pytest.raises(ValueError, match="at least one picture"):
        client.submit_files([])


def test_a_single_image_is_read_and_deleted(
    client: Client, settings: Settings, database: Database, store: Store
) -> None:
    job = client.submit_files([HOPPER, HOPPER])
    publish_all(database, settings, store)
    first, second = client.images(job.id)
    found = client.detections(first.id)
    assert (found.image_id, found.detections) == (first.id, client.image(first.id).detections)
    assert client.deletion(client.delete_image(first.id).id).image_id == first.id
    assert [image.id for image in client.images(job.id)] == [second.id]


def test_only_operators_manage_users_and_quotas(api: Api, client: Client) -> None:
    client.me()
    with Client(api.url, api.token("https://issuer.example|olga/1", Scope.OPERATE)) as operator:
        owner = operator.me().id
        assert [user.id for user in operator.users(page_size=1)] == sorted(["ann", owner])
        assert operator.set_quotas("ann", Quotas(images_per_day=5, open_jobs=None)).quotas == {
            "images_per_day": 5, "open_jobs": None,
        }  # fmt: skip
        assert operator.set_quotas(owner, Quotas(bytes_per_day=1)).id == owner
    assert client.me().quotas.images_per_day == 5


def test_an_address_that_is_not_the_api_is_reported() -> None:
    app = FastAPI()

    @app.get("/v1/me")
    def me() -> Response:
        return Response("<html>", media_type="text/html")

    with serving(app) as url, Client(url, "t") as client, pytest.raises(NotTheApi, match="Check the address"):
        client.me()
    with Client("http://127.0.0.1:9", "t", patience_s=0) as client, pytest.raises(ApiUnreachable, match="ConnectError"):
        client.me()
    for wrong in ("localhost:8000", "http://[::"):
        with pytest.raises(ConfigurationError, match="address"):
            Client(wrong, "t")


def test_a_file_that_the_store_refuses_is_reported(without_prefect: Settings, api: Api, tmp_path: Path) -> None:
    large = tmp_path / "large.jpg"
    large.write_bytes(bytes(20_000))
    with (
        serving(create_app(without_prefect.replace(max_file_mb=0.01))) as url,
        Client(url, api.token(), patience_s=0) as client,
        large.open("rb") as file,
    ):
        (upload,) = client.create_uploads()
        with pytest.raises(UploadRefused, match=r"has 0.02 MB; the limit is 0.01 MB"):
            client.upload(upload, file)
        generous = upload.model_copy(update={"max_bytes": 1_000_000})
        with pytest.raises(UploadRefused, match="refused the file: EntityTooLarge"):
            client.upload(generous, file)
        forged = upload.model_copy(update={"fields": {**upload.fields, "key": "another"}})
        with pytest.raises(UploadRefused, match="refused the file"):
            client.upload(forged, io.BytesIO(b"x"))
        nowhere = upload.model_copy(update={"url": "http://127.0.0.1:9/bucket"})
        with pytest.raises(UploadFailed, match="does not respond"):
            client.upload(nowhere, io.BytesIO(b"x"))
