"""Every endpoint with every kind of wrong token; owners, reviewers and operators."""

from __future__ import annotations

import time
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.app import create_app
from blurline.access.tokens import LOCAL_AUDIENCE, LOCAL_ISSUER, LocalIssuer, Scope
from blurline.ids import new_id
from blurline.settings import Settings
from blurline.storage.store import Store
from sql.engine.database import Database
from tests.access.oidc_provider import Provider
from tests.api_requests import bearer, images_of, problem, publish_all, submit
from tests.api_server import serving
from tests.waiting import TIMEOUT_S

_OPEN = {"/liveness", "/healthcheck", "/v1/audit-keys", "/v1/tokens"}
_NEEDS = {
    "review": {
        ("POST", "/v1/reviews/next"), ("GET", "/v1/images/{image_id}/decisions"),
        ("GET", "/v1/images/{image_id}/original"),
        *(("POST", f"/v1/images/{{image_id}}/{verb}") for verb in ("claim", "release", "approve", "reject", "correct")),
    },
    "operate": {
        ("PUT", "/v1/presets/{name}"), ("DELETE", "/v1/presets/{name}"), ("GET", "/v1/users"),
        ("PUT", "/v1/users/{user_id}/quotas"), ("GET", "/v1/system"),
        ("POST", "/v1/reruns"), ("POST", "/v1/reruns/{rerun_id}/cancel"),
        ("GET", "/v1/imports"), ("POST", "/v1/imports"), ("GET", "/v1/imports/{import_id}"),
        ("GET", "/v1/imports/{import_id}/report"),
        *(("POST", f"/v1/imports/{{import_id}}/{verb}") for verb in ("pause", "resume", "cancel")),
        *((method, "/v1/jobs/{job_id}/hold") for method in ("PUT", "DELETE")),
        *((method, "/v1/images/{image_id}/hold") for method in ("PUT", "DELETE")),
        *((method, "/v1/users/{user_id}/hold") for method in ("PUT", "DELETE")),
    },
}  # fmt: skip


def _operations(client: httpx.Client) -> list[tuple[str, str]]:
    paths = client.get("/openapi.json").raise_for_status().json()["paths"]
    return [(method.upper(), path) for path, methods in paths.items() for method in methods if path not in _OPEN]


def _ask(
    client: httpx.Client, method: str, path: str, ids: dict[str, Any], authorization: str | None
) -> httpx.Response:
    headers = {} if authorization is None else {"Authorization": authorization}
    client.headers.pop("Authorization", None)
    body = {"doubt_above": 0.5} if path.endswith("/review") else None
    return client.request(method, path.format_map(_Ids(ids)), headers=headers, json=body)


class _Ids(dict[str, Any]):
    def __missing__(self, name: str) -> str:
        return "name" if name in ("name", "user_id") else str(new_id())


def _wrong_tokens(settings: Settings) -> dict[str, str | None]:
    issuer, now = LocalIssuer(settings.home), int(time.time())
    claims = {"iss": LOCAL_ISSUER, "aud": LOCAL_AUDIENCE, "sub": "eve", "scope": "submit review operate"}
    claims |= {"nbf": now, "exp": now + 60}  # type: ignore[dict-item]
    key = issuer._key
    return {
        "none": None,
        "not a bearer": "Basic ZXZlOmV2ZQ==",
        "garbage": "Bearer x.y.z",
        "empty": "Bearer",
        "huge": "Bearer " + "x" * 20_000,
        "expired": f"Bearer {issuer.issue('eve', list(Scope), -60)}",
        "audience": f"Bearer {jwt.encode(claims | {'aud': 'other'}, key, algorithm='EdDSA')}",
        "issuer": f"Bearer {jwt.encode(claims | {'iss': 'https://evil.example'}, key, algorithm='EdDSA')}",
        "signature": f"Bearer {jwt.encode(claims, Ed25519PrivateKey.generate(), algorithm='EdDSA')}",
        "unsigned": f"Bearer {jwt.encode(claims, '', algorithm='none')}",
        "symmetric": f"Bearer {jwt.encode(claims, 'x' * 64, algorithm='HS256')}",
    }


def test_every_endpoint_refuses_every_wrong_token(client: httpx.Client, settings: Settings) -> None:
    operations = _operations(client)
    assert len(operations) > 30
    for method, path in operations:
        for name, authorization in _wrong_tokens(settings).items():
            response = _ask(client, method, path, {}, authorization)
            assert response.status_code == 401, (method, path, name, response.text)
            problem(response, 401, "invalid_token")
            assert response.headers["www-authenticate"].startswith("Bearer")


def test_every_endpoint_refuses_a_token_without_its_scope(client: httpx.Client, settings: Settings) -> None:
    everything = set(Scope)
    for method, path in _operations(client):
        needed = next((scope for scope, needing in _NEEDS.items() if (method, path) in needing), None)
        if needed is None and method == "POST" and not path.endswith(("/cancel", "/rerun", "/list", "/review")):
            needed = "submit"
        lacking = everything - {needed} if needed else set()
        response = _ask(client, method, path, {}, bearer(settings, "eve", *lacking))
        assert response.status_code == 403, (method, path, response.text)
        problem(response, 403, "missing_scope")


def test_resources_of_another_owner_are_not_found(
    client: httpx.Client, settings: Settings, database: Database, store: Store
) -> None:
    job = submit(client, "a.jpg", "b.jpg")
    publish_all(database, settings, store)
    image, doomed = images_of(client, job).values()
    receipt = client.delete(f"/v1/images/{doomed['id']}").raise_for_status().json()
    ids = {"job_id": job["id"], "image_id": image["id"], "deletion_id": receipt["id"]}
    ids |= dict.fromkeys(("level", "column", "row"), "0")  # of a tile
    bob = bearer(settings, "bob", Scope.SUBMIT)
    asked = [(method, path) for method, path in _operations(client) if any(f"{{{name}}}" in path for name in ids)]
    assert len(asked) >= 10
    for method, path in asked:
        if (method, path) not in _NEEDS["review"] | _NEEDS["operate"]:
            problem(_ask(client, method, path, ids, bob), 404, "not_found")
    assert _ask(client, "GET", "/v1/jobs", {}, bob).json()["jobs"] == []
    for listed in ("jobs", "images"):
        problem(_ask(client, "GET", f"/v1/{listed}?owner=ann", {}, bob), 403, "missing_scope")
    assert client.post("/v1/image/list", headers={"Authorization": bob}).json() == []
    assert client.get("/v1/statistics", headers={"Authorization": bob}).json() == []
    rita = bearer(settings, "rita", Scope.REVIEW)
    for method, path in asked:
        response = _ask(client, method, path, ids, rita)
        if method == "DELETE" or path.endswith(("/cancel", "/rerun")):
            problem(response, 403, "missing_scope")
        else:
            assert ('"not_found"' in response.text) == ("deletions" in path), (method, path, response.text)
    olga = bearer(settings, "olga", Scope.OPERATE)
    assert _ask(client, "GET", "/v1/deletions/{deletion_id}", ids, olga).json()["owner"] == "ann"
    assert _ask(client, "DELETE", "/v1/jobs/{job_id}", ids, olga).json()["requested_by"] == "olga"


def test_the_first_valid_token_of_a_person_creates_a_user(client: httpx.Client, settings: Settings) -> None:
    operator = {"Authorization": bearer(settings, "olga", Scope.OPERATE)}
    client.get("/v1/me").raise_for_status()
    assert [user["id"] for user in client.get("/v1/users", headers=operator).json()["users"]] == ["ann", "olga"]
    page = client.get("/v1/users", params={"limit": 1}, headers=operator).json()
    following = client.get("/v1/users", params={"cursor": page["next_cursor"]}, headers=operator).json()
    assert [user["id"] for user in following["users"]] == ["olga"]


def test_tokens_of_an_openid_connect_issuer_are_accepted(without_prefect: Settings) -> None:
    with Provider().serving() as provider:
        provider.rotate("first")
        settings = without_prefect.replace(oidc_issuer=provider.issuer)
        with serving(create_app(settings)) as url, httpx.Client(base_url=url, timeout=TIMEOUT_S) as client:
            theirs = {"Authorization": f"Bearer {provider.token('ann', email='ann@example.org')}"}
            me = client.get("/v1/me", headers=theirs).raise_for_status().json()
            assert (me["id"], me["scopes"]) == (f"{provider.issuer}#ann", ["submit"])
            ours = {"Authorization": bearer(settings, "ann", Scope.SUBMIT, Scope.OPERATE)}
            job = client.post("/v1/jobs", headers=ours, files=[("files", ("a.jpg", b"x"))]).json()
            problem(client.get(f"/v1/jobs/{job['id']}", headers=theirs), 404, "not_found")
            users = {user["id"]: user for user in client.get("/v1/users", headers=ours).json()["users"]}
            assert users[me["id"]]["email"] == "ann@example.org"
            wrong = {"Authorization": f"Bearer {provider.token('ann', aud='another')}"}
            problem(client.get("/v1/me", headers=wrong), 401, "invalid_token")


def test_tokens_of_the_local_issuer_can_be_refused(without_prefect: Settings) -> None:
    settings = without_prefect.replace(local_issuer=False, oidc_issuer="https://issuer.example")
    with serving(create_app(settings)) as url:
        response = httpx.get(
            f"{url}/v1/me", headers={"Authorization": bearer(settings, "ann", Scope.SUBMIT)}, timeout=TIMEOUT_S
        )
    problem(response, 401, "invalid_token")


def test_an_unavailable_issuer_does_not_make_a_token_invalid(without_prefect: Settings) -> None:
    with Provider().serving() as provider:
        provider.rotate("first")
        provider.is_down = True
        settings = without_prefect.replace(oidc_issuer=provider.issuer)
        with serving(create_app(settings)) as url:
            response = httpx.get(
                f"{url}/v1/me", headers={"Authorization": f"Bearer {provider.token()}"}, timeout=TIMEOUT_S
            )
    problem(response, 503, "issuer_unavailable")
    assert int(response.headers["retry-after"]) > 0


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_pages_of_other_origins_are_not_allowed(without_prefect: Settings, origin: str) -> None:
    settings = without_prefect.replace(allowed_origins=("https://desk.example",))
    asking = {"Origin": origin, "Access-Control-Request-Method": "GET"}
    with serving(create_app(settings)) as url:
        assert "access-control-allow-origin" not in httpx.options(f"{url}/v1/jobs", headers=asking).headers
        allowed = httpx.options(f"{url}/v1/jobs", headers=asking | {"Origin": "https://desk.example"}).headers
        assert allowed["access-control-allow-origin"] == "https://desk.example"
