"""Malicious input: each request is refused with a problem, never with a 500, and at little cost."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import httpx
import pytest

from blurline.access.tokens import Scope
from blurline.ids import new_id
from blurline.settings import Settings
from blurline.storage.store import Store
from sql.engine.database import Database
from tests.api_requests import bearer, images_of, problem, publish_all, submit


def _cursor(*content: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/jobs?error_code=x", 422),
        ("/v1/jobs?stat=queued", 422),
        ("/v1/images?label=a:b&nonsense=1", 422),
        ("/v1/jobs?label=a%00:b", 422),
        ("/v1/images?error_code=%00", 422),
        ("/v1/jobs?owner=%00", 422),
        (f"/v1/users?cursor={_cursor('users', chr(0))}", 422),
        (f"/v1/jobs?cursor={_cursor('jobs-created_at', 5)}", 422),
        (f"/v1/jobs?cursor={_cursor('jobs-created_at')}", 422),
        (f"/v1/images?cursor={_cursor('images-doubt', '1e300', '0193f1a2-7c00-7abc-8def-0123456789ab')}"
         "&sort=-doubt&state=failed", 422),
        (f"/v1/images?cursor={_cursor('images-doubt', 'Infinity', 'x')}&sort=-doubt&state=failed", 422),
        ("/v1/jobs?since=2026-01-01", 422),
        ("/v1/jobs?limit=1e9", 422),
    ],
)  # fmt: skip
def test_bad_queries_are_refused(client: httpx.Client, settings: Settings, path: str, status: int) -> None:
    client.headers["Authorization"] = bearer(settings, "olga", *Scope)
    response = client.get(path)
    assert response.status_code == status, response.text
    assert response.json()["code"] in ("invalid_request", "invalid_cursor")


def test_an_unknown_query_parameter_is_answered_with_the_documented_ones(
    client: httpx.Client, settings: Settings
) -> None:
    client.headers["Authorization"] = bearer(settings, "olga", *Scope)
    for template, methods in client.get("/openapi.json").json()["paths"].items():
        path = re.sub(r"{\w+}", str(new_id()), template)
        for method, operation in methods.items():
            if method == "get":
                says = problem(client.get(path, params={"nonsense": "1"}), 422, "invalid_request")
                names = [each["name"] for each in operation.get("parameters", []) if each["in"] == "query"]
                assert says.endswith(f"It accepts {', '.join(names) or 'none'}."), path
    assert client.head(f"/v1/images/{new_id()}/result", params={"nonsense": "1"}).status_code == 422
    assert client.get("/metrics", params={"nonsense": "1"}).status_code == 200


def test_a_position_beyond_every_list_is_refused(client: httpx.Client) -> None:
    job = submit(client, "a.jpg")
    cursor = _cursor(f"images{job['id']}position", "9" * 30)
    problem(client.get(f"/v1/jobs/{job['id']}/images", params={"cursor": cursor}), 422, "invalid_request")


def test_a_range_of_thousands_of_digits_is_ignored(
    client: httpx.Client, settings: Settings, database: Database, store: Store
) -> None:
    job = submit(client, "a.jpg")
    publish_all(database, settings, store)
    (image,) = images_of(client, job).values()
    assert client.get(image["result_url"], headers={"Range": f"bytes=0-{'9' * 5000}"}).status_code == 200


@pytest.mark.parametrize(
    "policy",
    [
        "[" * 100_000,
        '{"size_limits": {"min_side": 1e400}}',
        '{"size_limits": {"min_side": 0.5, "max_side": 0.1}}',
        '{"size_limits": {"min_side": 999}}',
        '{"keep_regions": [{"x1": 0, "y1": 0, "x2": Infinity, "y2": 1}]}',
        '{"padding": NaN}',
    ],
)
def test_bad_policies_are_refused(client: httpx.Client, policy: str) -> None:
    response = client.post("/v1/jobs", files=[("files", ("a", b"x"))], data={"policy": policy})
    problem(response, 422, "invalid_request")


def test_a_long_list_of_mistakes_gets_a_short_answer(client: httpx.Client) -> None:
    response = client.post("/v1/jobs", json={"images": [{"wrong": 1}] * 50_000})
    problem(response, 422, "invalid_request")
    assert len(response.content) < 5000


@pytest.mark.parametrize("has_token", [True, False])
def test_a_large_body_is_refused_before_it_is_read_for_any_sender(client: httpx.Client, has_token: bool) -> None:
    """Without a token, no part of a body is read, so a size that is not declared does not matter."""
    too_large, without_token = (413, "request_too_large"), (401, "invalid_token")
    if not has_token:
        del client.headers["Authorization"]
    for path in ("/v1/uploads", "/v1/webhooks", "/v1/image/submit"):
        problem(client.post(path, content=b"[" + b"0," * 2_000_000 + b"0]"), *too_large)
        try:
            streamed = client.post(path, content=iter([b"[" + b"0," * 500_000] * 4))
        except httpx.WriteError:  # the server has answered and hung up before all was sent
            continue
        problem(streamed, *(too_large if has_token else without_token))


def test_the_methods_of_a_path_are_named(client: httpx.Client) -> None:
    response = client.put("/v1/jobs")
    assert "GET, POST" in problem(response, 405, "method_not_allowed")
    assert response.headers["allow"] == "GET, POST"
    assert "/docs" in problem(client.get("/v1/nothing"), 404, "not_found")


def test_a_wrong_field_is_named_and_a_wrong_token_explained(client: httpx.Client) -> None:
    body = client.post("/v1/uploads", json={"cuont": 2}).json()
    assert body["errors"] == [{"where": "body.cuont", "what": "unknown field"}]
    response = client.get("/v1/me", headers={"Authorization": "Bearer x"})
    assert re.search('error="invalid_token"', response.headers["www-authenticate"])
