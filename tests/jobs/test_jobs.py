"""The API over the real database and store. Prefect is not running, so accepted jobs wait in the outbox."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from api.app import create_app
from blurline.access.tokens import Scope
from blurline.ids import new_id
from blurline.settings import Settings
from blurline.storage.store import Store
from sql.engine.database import Database
from sql.jobs.attempts import Attempt
from sql.jobs.publishing import ReviewReason, publish
from sql.jobs.settlement import send_to_review
from tests.api_requests import bearer, problem, submit, underway, upload
from tests.api_server import serving
from tests.factories import result
from tests.pictures import HOPPER
from tests.waiting import TIMEOUT_S, wait_for


def test_files_become_a_job(client: httpx.Client) -> None:
    job = submit(client, "a.jpg", "b.jpg")
    assert job["state"] == "queued"
    assert job["progress"]["images"] == 2
    page = client.get(f"/v1/jobs/{job['id']}/images").json()
    assert [image["name"] for image in page["images"]] == ["a.jpg", "b.jpg"]
    assert client.get("/v1/jobs").json()["jobs"][0]["id"] == job["id"]


def test_uploaded_keys_become_a_job(client: httpx.Client) -> None:
    keys = [upload(client, HOPPER.read_bytes()) for _ in range(2)]
    body = {"images": [{"key": keys[0], "name": "first.jpg"}, {"key": keys[1]}], "policy": {"style": "solid"}}
    response = client.post("/v1/jobs", json=body)
    assert response.status_code == 202
    job = response.json()
    assert job["policy"]["style"] == "solid"
    assert job["policy"]["profile"] == "standard"
    problem(client.post("/v1/jobs", json=body), 409, "upload_already_submitted")


def test_many_keys_are_checked_by_listing(client: httpx.Client, store: Store, settings: Settings) -> None:
    keys = [upload(client, b"x") for _ in range(40)]
    missing = f"{keys[0].partition('/')[0]}/{new_id()}"
    detail = problem(
        client.post("/v1/jobs", json={"images": [{"key": key} for key in [*keys, missing]]}), 422, "object_missing"
    )
    assert missing in detail
    assert client.post("/v1/jobs", json={"images": [{"key": key} for key in keys]}).status_code == 202


def test_requests_that_cannot_be_fulfilled_are_refused_with_the_reason(
    client: httpx.Client, settings: Settings
) -> None:
    key = upload(client, b"x")
    own = key.partition("/")[0]
    detail = problem(client.post("/v1/jobs", json={"images": [{"key": f"{own}/{new_id()}"}]}), 422, "object_missing")
    assert "Upload the file before you submit it" in detail
    problem(client.post("/v1/jobs", json={"images": [{"key": key}, {"key": key}]}), 422, "duplicate_key")
    problem(client.post("/v1/jobs", json={"images": []}), 422, "invalid_request")
    problem(client.post("/v1/jobs", json={"images": [{"key": key}], "policy": {"sytle": "x"}}), 422, "invalid_request")
    problem(
        client.post("/v1/jobs", content=b"{", headers={"content-type": "application/json"}), 400, "malformed_request"
    )
    problem(
        client.post("/v1/jobs", content=b"x", headers={"content-type": "text/plain"}), 415, "unsupported_media_type"
    )
    problem(client.post("/v1/jobs", data={"policy": "{}"}, files={"other": b""}), 422, "invalid_request")
    problem(client.post("/v1/jobs", files={"policy": (None, "{}")}), 422, "image_count")
    problem(client.get("/v1/jobs/not-an-id"), 422, "invalid_request")
    problem(client.get(f"/v1/jobs/{new_id()}"), 404, "not_found")
    problem(client.get("/v1/nowhere"), 404, "not_found")
    problem(client.delete("/v1/jobs"), 405, "method_not_allowed")
    client.headers["Authorization"] = bearer(settings, "bob", Scope.SUBMIT)
    problem(client.post("/v1/jobs", json={"images": [{"key": key}]}), 422, "object_missing")


def test_a_file_over_the_limit_is_refused(client: httpx.Client, settings: Settings) -> None:
    with serving(create_app(settings.replace(max_file_mb=0.01))) as url:
        response = client.post(f"{url}/v1/jobs", files=[("files", ("a.jpg", HOPPER.read_bytes()))])
    assert "0.1 MB" in problem(response, 413, "picture_too_large")


def test_a_request_over_the_limit_is_refused_in_any_encoding(client: httpx.Client, settings: Settings) -> None:
    def chunks() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"\r\n\r\n'
        yield from [bytes(50_000)] * 10

    form = {"content-type": "multipart/form-data; boundary=x"}
    with serving(create_app(settings.replace(max_request_mb=0.2))) as url:
        declared = client.post(f"{url}/v1/jobs", content=bytes(300_000), headers=form)
        problem(declared, 413, "request_too_large")
        try:
            streamed = client.post(f"{url}/v1/jobs", content=chunks(), headers=form)
        except httpx.WriteError:  # the server has answered and hung up before all was sent
            return
        problem(streamed, 413, "request_too_large")


def test_names_and_dates_that_the_database_cannot_store_are_refused(client: httpx.Client) -> None:
    key = upload(client, b"x")
    body = {"images": [{"key": key, "name": "a\u0000b"}]}
    problem(client.post("/v1/jobs", json=body), 422, "invalid_request")
    assert client.get("/v1/statistics", params={"until": "0001-01-10T00:00:00Z"}).json() == []
    job = client.post("/v1/jobs", files=[("files", ("a\x01b.jpg", HOPPER.read_bytes()))]).json()
    (image,) = client.get(f"/v1/jobs/{job['id']}/images").json()["images"]
    assert image["name"].isprintable()


def test_owners_see_their_own_and_reviewers_see_all(client: httpx.Client, settings: Settings) -> None:
    job = submit(client, "a.jpg")
    (image,) = client.get(f"/v1/jobs/{job['id']}/images").json()["images"]
    paths = [f"/v1/jobs/{job['id']}", f"/v1/jobs/{job['id']}/images", f"/v1/images/{image['id']}"]
    client.headers["Authorization"] = bearer(settings, "bob", Scope.SUBMIT)
    for path in [*paths, f"/v1/images/{image['id']}/result"]:
        problem(client.get(path), 404, "not_found")
    assert client.get("/v1/jobs").json()["jobs"] == []
    client.headers["Authorization"] = bearer(settings, "rita", Scope.REVIEW)
    assert all(client.get(path).status_code == 200 for path in paths)
    problem(client.post("/v1/jobs", json={}), 403, "missing_scope")


def test_only_a_published_result_is_sent(
    client: httpx.Client, database: Database, store: Store, settings: Settings
) -> None:
    job = submit(client, "published.jpg", "held.jpg", "underway.jpg")
    by_name: dict[str, Attempt] = {attempt.name: attempt for attempt in underway(database, settings)}
    store.put_result("some/key.jpg", b"picture!!!", "image/jpeg")
    with database.transaction() as transaction:
        publish(transaction, by_name["published.jpg"], result("some/key.jpg"))
        send_to_review(transaction, by_name["held.jpg"], "output_check_failed", "why")
    images = {image["name"]: image for image in client.get(f"/v1/jobs/{job['id']}/images").json()["images"]}
    response = client.get(images["published.jpg"]["result_url"])
    assert (response.content, response.headers["content-type"]) == (b"picture!!!", "image/jpeg")
    for name in ("held.jpg", "underway.jpg"):
        assert images[name]["result_url"] is None
        problem(client.get(f"/v1/images/{images[name]['id']}/result"), 409, "not_published")
    shown = client.get(f"/v1/images/{images['published.jpg']['id']}").json()
    assert [box["destroyed"] for box in shown["detections"]] == [True, False]
    assert images["held.jpg"]["error"] == {"code": "output_check_failed", "message": "why"}


def test_lists_are_paged(client: httpx.Client) -> None:
    jobs = [submit(client, f"{at}.jpg")["id"] for at in range(5)]
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = client.get("/v1/jobs", params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        seen += [job["id"] for job in page["jobs"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == jobs[::-1]


def test_the_articles_endpoints_work(client: httpx.Client) -> None:
    form = client.post("/v1/image/upload-url/get").json()
    httpx.post(
        form["url"], data=form["fields"], files={"file": HOPPER.read_bytes()}, timeout=TIMEOUT_S
    ).raise_for_status()
    submitted = client.post("/v1/image/submit", json={"object_key": form["object_key"], "name": "hopper.jpg"})
    assert submitted.status_code == 202
    (listed,) = client.post("/v1/image/list").json()
    assert listed["id"] == submitted.json()["id"]
    assert listed["name"] == "hopper.jpg"


def test_health_names_the_part_that_is_down(client: httpx.Client) -> None:
    del client.headers["Authorization"]
    assert client.get("/liveness").json() == {"status": "alive"}
    response = client.get("/healthcheck")
    assert response.status_code == 503
    assert response.json()["parts"] == {
        "database": "ok",
        "store": "ok",
        "prefect": "prefect_unavailable",
        "dispatch": "ok",
        "workers": "prefect_unavailable",
        "disk": "ok",
    }
    messages = response.json()["messages"]
    assert set(messages) == {"prefect", "workers"}
    assert "Start it" in messages["prefect"]


def test_the_openapi_document_names_every_path(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert "/v1/jobs" in document["paths"]
    assert "application/json" in document["paths"]["/v1/jobs"]["post"]["requestBody"]["content"]


def test_the_documentation_loads_nothing_from_other_hosts(client: httpx.Client) -> None:
    page = client.get("/docs").raise_for_status().text
    assert "https://" not in page
    (script,) = re.findall(r'<script src="([^"]+)"', page)
    assert client.get(script).raise_for_status().headers["content-type"].startswith(("text/javascript", "application/"))


def test_only_reviewers_get_a_held_result_until_it_is_approved(
    client: httpx.Client, settings: Settings, database: Database, store: Store
) -> None:
    submit(client, "a.jpg")
    (attempt,) = underway(database, settings)
    store.put_result("held.jpg", b"redacted!!", "image/jpeg")
    with database.transaction() as transaction:
        publish(transaction, attempt, result("held.jpg"), ReviewReason("doubtful", "Look at it."))
    url, seen = f"/v1/images/{attempt.image_id}", {"result_sha256": "a"}
    image = client.get(url).json()
    assert (image["state"], image["error"]["code"], image["result_url"]) == ("needs_review", "doubtful", None)
    assert image["doubt"] == 0.25
    problem(client.get(f"{url}/result"), 409, "not_published")
    problem(client.post(f"{url}/approve", json=seen), 403, "missing_scope")
    reviewer = {"Authorization": bearer(settings, "rita", Scope.REVIEW)}
    assert client.get(f"{url}/result", headers=reviewer).content == b"redacted!!"
    assert client.post(f"{url}/approve", json=seen, headers=reviewer).json()["state"] == "published"
    problem(client.post(f"{url}/approve", json=seen, headers=reviewer), 409, "not_held")
    assert client.get(f"{url}/result").content == b"redacted!!"


@pytest.mark.parametrize(
    ("policy", "says"),
    [
        ({"keep_regions": [{"x1": 0.5, "y1": 0, "x2": 0.2, "y2": 1}]}, "x2 must be larger than x1"),
        ({"always_regions": [{"x1": 0, "y1": 0, "x2": 20, "y2": 30}]}, "unit: pixel"),
        ({"review": "sometimes"}, "doubtful"),
        ({"size_limits": {"min_side": -1}}, "greater than or equal to 0"),
        ({"max_doubt": 2}, "less than or equal to 1"),
    ],
)
def test_a_wrong_policy_is_refused_with_a_sentence(client: httpx.Client, policy: dict[str, Any], says: str) -> None:
    files = [("files", ("a.jpg", HOPPER.read_bytes()))]
    response = client.post("/v1/jobs", files=files, data={"policy": json.dumps(policy)})
    assert says in problem(response, 422, "invalid_request")


def test_many_health_checks_at_once_delay_no_request(settings: Settings) -> None:
    asked: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as silent:
        accepting = threading.Thread(target=_accept_for_ever, args=(silent, asked))
        accepting.start()
        mute = settings.replace(prefect_api_url=f"http://127.0.0.1:{silent.getsockname()[1]}/api")
        with serving(create_app(mute)) as url, ThreadPoolExecutor(60) as threads:
            answers = [threads.submit(httpx.get, f"{url}/healthcheck", timeout=TIMEOUT_S) for _ in range(60)]
            wait_for("Prefect is asked", lambda: asked)
            headers = {"Authorization": bearer(settings, "ann", Scope.SUBMIT)}
            assert httpx.get(f"{url}/v1/me", headers=headers, timeout=8).status_code == 200
            assert not any(answer.done() for answer in answers)
            silent.shutdown(socket.SHUT_RDWR)
            for connection in asked:
                connection.close()
            assert {answer.result().status_code for answer in answers} == {503}
        accepting.join()


def _accept_for_ever(server: socket.socket, accepted: list[socket.socket]) -> None:
    with contextlib.suppress(OSError):
        while True:
            accepted.append(server.accept()[0])
