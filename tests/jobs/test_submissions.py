"""Submissions: idempotency keys, quotas, rate limits, presets, URLs."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest

import api.jobs.create_job
from api.app import create_app
from blurline.access.tokens import Scope
from blurline.errors import DatabaseUnavailable
from blurline.settings import Settings
from blurline.storage.store import Store
from sql.engine.database import Database, Transaction
from sql.jobs.idempotency import InProgress, claim, settle
from sql.jobs.submissions import AlreadySubmitted, write_job
from tests.api_requests import bearer, images_of, problem, submit, upload
from tests.api_server import serving
from tests.clock import age
from tests.pictures import HOPPER
from tests.waiting import TIMEOUT_S


def _count(settings: Settings, table: str) -> int:
    with psycopg.connect(settings.database.conninfo) as connection:
        row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    assert row is not None
    return int(row[0])


def _post(client: httpx.Client, key: str, name: str = "a.jpg", data: bytes = b"x", **options: str) -> httpx.Response:
    return client.post("/v1/jobs", files=[("files", (name, data))], data=options, headers={"Idempotency-Key": key})


def test_a_repeated_form_gets_the_first_answer(client: httpx.Client, settings: Settings) -> None:
    first, again = _post(client, "k-1"), _post(client, "k-1")
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json() == first.json()
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert _count(settings, "jobs") == 1
    assert _post(client, "k-2").json()["id"] != first.json()["id"]


def test_a_repeated_json_request_gets_the_first_answer(client: httpx.Client, settings: Settings) -> None:
    body = {"images": [{"key": upload(client, b"x")}]}
    answers = [client.post("/v1/jobs", json=body, headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert _count(settings, "jobs") == 1


@pytest.mark.parametrize(
    "other", [{"data": b"y"}, {"name": "b.jpg"}, {"policy": '{"style": "solid"}'}, {"labels": '{"a": "b"}'}]
)
def test_another_request_with_the_same_key_is_refused(client: httpx.Client, other: dict[str, str]) -> None:
    _post(client, "k").raise_for_status()
    problem(_post(client, "k", **other), 422, "idempotency_key_reused")  # type: ignore[arg-type]


_PICTURE = ("files", ("a.jpg", b"a", "image/jpeg"))
_NO_NAME = ("files", (None, b"b", "image/jpeg"))


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ([_PICTURE, _NO_NAME], "Part 2 of `files` has no file name"),
        ([_NO_NAME], "Part 1 of `files` has no file name"),
        ([_PICTURE, ("file", ("b.jpg", b"b", "image/jpeg"))], "part 'file'"),
        ([_PICTURE, ("policy", (None, "{}")), ("policy", (None, '{"style": "solid"}'))], "part policy more than once"),
        ([_PICTURE, ("labels", (None, '{"a": "1", "a": "2"}'))], "name 'a' more than once"),
        ([_PICTURE, ("policy", ("policy.json", b"{}", "application/json"))], "must be text, not files"),
    ],
)
def test_no_part_of_a_form_is_dropped(client: httpx.Client, settings: Settings, parts: Any, says: str) -> None:
    assert says in problem(client.post("/v1/jobs", files=parts), 422, "invalid_request")
    assert _count(settings, "jobs") == 0


@pytest.mark.parametrize(
    "body",
    [
        '{"images": [{"key": "a"}], "images": [{"key": "b"}]}',
        '{"images": [{"key": "a", "key": "b"}]}',
        '{"images": [{"key": "a"}], "policy": {"style": "solid", "style": "blur"}}',
    ],
)
def test_no_value_of_a_json_request_is_dropped(client: httpx.Client, settings: Settings, body: str) -> None:
    answer = client.post("/v1/jobs", content=body, headers={"Content-Type": "application/json"})
    assert "more than once" in problem(answer, 422, "invalid_request")
    assert _count(settings, "jobs") == 0


def test_idempotency_keys_belong_to_their_owner(client: httpx.Client, settings: Settings) -> None:
    first = _post(client, "k").json()
    client.headers["Authorization"] = bearer(settings, "bob", Scope.SUBMIT)
    assert _post(client, "k").json()["id"] != first["id"]


def test_a_failed_request_releases_its_key(client: httpx.Client, settings: Settings) -> None:
    problem(_post(client, "k", preset="nowhere"), 422, "unknown_preset")
    assert _post(client, "k").status_code == 202


def test_concurrent_requests_with_one_key_create_one_job(
    client: httpx.Client, settings: Settings, store: Store
) -> None:
    with ThreadPoolExecutor(12) as threads:
        answers = list(threads.map(lambda _: _post(client, "k", data=HOPPER.read_bytes()), range(12)))
    made = {answer.json()["id"] for answer in answers if answer.status_code == 202}
    assert len(made) == 1
    for answer in answers:
        if answer.status_code != 202:
            problem(answer, 409, "request_in_progress")
    assert _count(settings, "jobs") == 1
    assert _post(client, "k", data=HOPPER.read_bytes()).json()["id"] in made


def test_a_late_request_whose_lease_expired_creates_nothing(database: Database, settings: Settings) -> None:
    late = claim(database, "ann", "k", "f", 24)
    with pytest.raises(InProgress):
        claim(database, "ann", "k", "f", 24)
    age(settings.database.conninfo, "idempotency_keys", timedelta(hours=1))
    second = claim(database, "ann", "k", "f", 24)
    with pytest.raises(InProgress), database.transaction() as transaction:
        settle(transaction, late, {"by": "late"})
    with database.transaction() as transaction:
        settle(transaction, second, {"by": "second"})
    assert claim(database, "ann", "k", "f", 24).answer == {"by": "second"}


def test_an_idempotency_key_expires(client: httpx.Client, settings: Settings) -> None:
    first = _post(client, "k").json()
    age(settings.database.conninfo, "idempotency_keys", timedelta(hours=25))
    assert _post(client, "k").json()["id"] != first["id"]


def _with(settings: Settings, **changes: object) -> Settings:
    return settings.replace(**changes)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"quota_images_per_day": 3}, "3 images a day"),
        ({"quota_mb_per_day": 0.002}, "2000 bytes a day"),
        ({"quota_open_jobs": 2}, "2 unfinished jobs"),
    ],
)
def test_quotas_apply_to_each_owner(without_prefect: Settings, changes: dict[str, float], says: str) -> None:
    settings = _with(without_prefect, **changes)
    with serving(create_app(settings)) as url, httpx.Client(base_url=url, timeout=TIMEOUT_S) as client:
        client.headers["Authorization"] = bearer(settings, "ann", Scope.SUBMIT)
        files = [("files", ("a.jpg", bytes(700))), ("files", ("b.jpg", bytes(300)))]
        with serving(create_app(without_prefect)) as free, httpx.Client(base_url=free, headers=client.headers) as other:
            keys = [{"key": upload(other, bytes(900))} for _ in range(2)]
        for count in (2, 1):
            client.post("/v1/jobs", files=files[:count]).raise_for_status()
        refused = client.post("/v1/jobs", files=files)
        assert says in problem(refused, 429, "quota_exceeded")
        if "open_jobs" not in str(changes):
            assert 0 < int(refused.headers["retry-after"]) <= 86_400
        problem(client.post("/v1/jobs", json={"images": keys}), 429, "quota_exceeded")
        me = client.get("/v1/me").json()
        assert me["usage"] == {"images_today": 3, "bytes_today": 1700, "open_jobs": 2}
        client.headers["Authorization"] = bearer(settings, "bob", Scope.SUBMIT)
        client.post("/v1/jobs", files=files).raise_for_status()


def test_concurrent_requests_stay_within_a_quota(without_prefect: Settings) -> None:
    settings = _with(without_prefect, quota_images_per_day=5)
    with serving(create_app(settings)) as url, httpx.Client(base_url=url, timeout=TIMEOUT_S) as client:
        client.headers["Authorization"] = bearer(settings, "ann", Scope.SUBMIT)
        with ThreadPoolExecutor(12) as threads:
            answers = list(
                threads.map(lambda _: client.post("/v1/jobs", files=[("files", ("a", b"x"))]).status_code, range(12))
            )
    assert sorted(answers) == [202] * 5 + [429] * 7


def test_a_users_own_quotas_take_precedence_over_the_settings(without_prefect: Settings, store: Store) -> None:
    settings = _with(without_prefect, quota_images_per_day=1)
    operator = {"Authorization": bearer(settings, "olga", Scope.OPERATE)}
    with serving(create_app(settings)) as url, httpx.Client(base_url=url, timeout=TIMEOUT_S) as client:
        problem(client.put("/v1/users/ann/quotas", json={}, headers=operator), 404, "not_found")
        client.headers["Authorization"] = bearer(settings, "ann", Scope.SUBMIT)
        submit(client, "a.jpg")
        problem(client.post("/v1/jobs", files=[("files", ("b", b"x"))]), 429, "quota_exceeded")
        client.put("/v1/users/ann/quotas", json={"images_per_day": None}, headers=operator).raise_for_status()
        submit(client, "b.jpg")
        assert client.get("/v1/me").json()["quotas"]["images_per_day"] is None


def test_requests_over_the_rate_limit_are_refused_with_the_standard_headers(without_prefect: Settings) -> None:
    settings = _with(without_prefect, requests_per_minute=5)
    with serving(create_app(settings)) as url, httpx.Client(base_url=url, timeout=TIMEOUT_S) as client:
        client.headers["Authorization"] = bearer(settings, "ann", Scope.SUBMIT)
        answers = [client.get("/v1/jobs") for _ in range(7)]
        assert [answer.status_code for answer in answers[:5]] == [200] * 5
        assert answers[0].headers["ratelimit-policy"] == '"owner";q=5;w=60'
        assert answers[0].headers["ratelimit"].startswith('"owner";r=4;t=')
        problem(answers[6], 429, "rate_limited")
        assert 0 < int(answers[6].headers["retry-after"]) <= 60
        assert answers[6].headers["ratelimit"].startswith('"owner";r=0;')
        client.headers["Authorization"] = bearer(settings, "bob", Scope.SUBMIT)
        assert client.get("/v1/jobs").status_code == 200
        assert client.get("/liveness").status_code == 200


def test_presets_are_named_policies(client: httpx.Client, settings: Settings) -> None:
    operator = {"Authorization": bearer(settings, "olga", Scope.OPERATE)}
    page = {"description": "For the front page.", "policy": {"profile": "thorough", "style": "solid"}}
    client.put("/v1/presets/front", json=page, headers=operator).raise_for_status()
    names = [preset["name"] for preset in client.get("/v1/presets").json()["presets"]]
    assert {"default", "careful", "front"} <= set(names)
    job = submit(client, "a.jpg", preset="front", policy='{"style": "emoji"}')
    assert (job["preset"], job["policy"]["profile"], job["policy"]["style"]) == ("front", "thorough", "emoji")
    job = client.post("/v1/jobs", json={"images": [{"key": upload(client, b"x")}], "preset": "careful"}).json()
    assert (job["policy"]["profile"], job["policy"]["review"]) == ("thorough", "doubtful")
    problem(client.put("/v1/presets/default", json=page, headers=operator), 409, "preset_is_builtin")
    problem(client.delete("/v1/presets/fast", headers=operator), 409, "preset_is_builtin")
    wrong = page | {"policy": {"sytle": "solid"}}
    problem(client.put("/v1/presets/other", json=wrong, headers=operator), 422, "invalid_request")
    assert client.delete("/v1/presets/front", headers=operator).status_code == 204
    problem(client.delete("/v1/presets/front", headers=operator), 404, "not_found")
    gone = client.post("/v1/jobs", files=[("files", ("a", b"x"))], data={"preset": "front"})
    problem(gone, 422, "unknown_preset")


def test_images_by_url_are_off_unless_allowed(client: httpx.Client, without_prefect: Settings) -> None:
    body = {"images": [{"url": "https://example.org/photos/a%20b.jpg?x=1"}]}
    assert "BLURLINE_ALLOW_URLS" in problem(client.post("/v1/jobs", json=body), 403, "urls_not_allowed")
    with serving(create_app(_with(without_prefect, allow_urls=True))) as url:
        job = client.post(f"{url}/v1/jobs", json=body).raise_for_status().json()
        assert list(images_of(client, job)) == ["a b.jpg"]
        for address in ("https://127.0.0.1/a.jpg", "https://[::ffff:10.0.0.1]/a", "https://user:x@example.org/"):
            refused = client.post(f"{url}/v1/jobs", json={"images": [{"url": address}]})
            problem(refused, 422, "address_refused")
        plain = client.post(f"{url}/v1/jobs", json={"images": [{"url": "http://example.org/a.jpg"}]})
        problem(plain, 422, "invalid_request")
        both = client.post(f"{url}/v1/jobs", json={"images": [{"url": "https://example.org/", "key": "a/b"}]})
        problem(both, 422, "invalid_request")


def test_labels_are_stored_and_validated(client: httpx.Client) -> None:
    job = submit(client, "a.jpg", labels='{"assignment": "4711", "desk": "Ausland"}')
    assert job["labels"] == {"assignment": "4711", "desk": "Ausland"}
    for wrong in (
        '{"a": 1}',
        '{"": "x"}',
        '{"a": "x\\u0000"}',
        "[1]",
        "{",
        json.dumps({str(n): "x" for n in range(21)}),
    ):
        response = client.post("/v1/jobs", files=[("files", ("a", b"x"))], data={"labels": wrong})
        problem(response, 422, "invalid_request")


def test_stalled_uploads_delay_no_other_client(client: httpx.Client) -> None:
    head = (
        f"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nAuthorization: {client.headers['Authorization']}\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 1000000\r\n\r\n"
        '--x\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"\r\n\r\n'
    )
    address = (client.base_url.host, client.base_url.port)
    with contextlib.ExitStack() as stalled:
        for _ in range(20):
            connection = stalled.enter_context(socket.create_connection(address))
            connection.sendall(head.encode() + bytes(100_000))
        for _ in range(3):
            submit(client, "a.jpg")


def test_a_refused_submission_leaves_no_file_and_an_unconfirmed_commit_loses_none(
    client: httpx.Client, settings: Settings, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stored() -> int:
        return sum(1 for _ in store.list_originals("", "", "~"))

    before = stored()
    submit(client, "a.jpg")
    assert stored() == before + 1
    write = write_job

    def refuse(*_: object) -> None:
        raise AlreadySubmitted("Refused.")

    monkeypatch.setattr(api.jobs.create_job, "write_job", refuse)
    problem(client.post("/v1/jobs", files=[("files", ("b", b"x"))]), 409, "upload_already_submitted")
    assert stored() == before + 1
    transaction, written = Database.transaction, []

    def write_and_note(*arguments: Any) -> UUID:
        written.append(True)
        return write(*arguments)

    @contextlib.contextmanager
    def unheard(self: Database) -> Iterator[Transaction]:
        with transaction(self) as each:
            yield each
        if written:
            raise DatabaseUnavailable("The connection was lost while the commit was under way.")

    monkeypatch.setattr(api.jobs.create_job, "write_job", write_and_note)
    monkeypatch.setattr(Database, "transaction", unheard)
    lost = _post(client, "k")
    problem(lost, 503, "database_unavailable")
    monkeypatch.undo()
    assert stored() == before + 2
    assert _count(settings, "jobs") == 2


def test_a_request_over_a_quota_is_refused_before_its_files_are_stored(without_prefect: Settings) -> None:
    settings = _with(without_prefect, quota_mb_per_day=1)
    with serving(create_app(settings)) as url:
        address = httpx.URL(url)
        head = (
            f"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nAuthorization: {bearer(settings, 'ann', Scope.SUBMIT)}\r\n"
            "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 90000000\r\n\r\n"
        )
        with socket.create_connection((address.host, address.port)) as connection:
            connection.sendall(head.encode())
            assert connection.recv(100).startswith(b"HTTP/1.1 429")
