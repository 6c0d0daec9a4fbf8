"""The OpenAPI document: complete, with examples, and kept by the API in every answer (schemathesis)."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.app import create_app
from api.http.operation_ids import OPERATION_IDS
from blurline.access.tokens import Scope
from blurline.error_codes import ERROR_CODES
from blurline.settings import Settings
from tests.api_requests import PROBLEM, bearer
from tests.api_server import serving
from tests.waiting import TIMEOUT_S


@pytest.fixture
def document(without_prefect: Settings) -> dict[str, Any]:
    return create_app(without_prefect).openapi()


def _operations(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method.upper()} {path}", operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def _has_example(document: dict[str, Any], content: dict[str, Any]) -> bool:
    schema = content.get("schema", {})
    (items, *_) = schema.get("anyOf", [schema.get("items", schema)])
    named = document["components"]["schemas"].get(items.get("$ref", "").rpartition("/")[2], {})
    return bool(content.get("examples") or content.get("example") or schema.get("examples") or named.get("examples"))


def test_every_body_and_every_answer_has_an_example(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    lacking = []
    for name, operation in _operations(document):
        bodies = {"request": operation.get("requestBody", {})} | operation["responses"]
        for part, body in bodies.items():
            for kind, content in body.get("content", {}).items():
                is_binary = content["schema"].get("format") == "binary" or kind == "multipart/form-data"
                if not is_binary and not _has_example(document, content):
                    lacking.append((name, part, kind))
    assert lacking == []


def test_every_operation_has_an_id_of_its_own_that_no_path_changes(document: dict[str, Any]) -> None:
    ids = {name: operation["operationId"] for name, operation in _operations(document)}
    assert len(set(ids.values())) == len(ids)
    assert [each for each in ids.values() if not re.fullmatch(r"[a-z]+(?:[A-Z][a-z]+)*", each)] == []
    assert {name: ids[name] for name in ("POST /v1/jobs", "GET /v1/images/{image_id}/result", "GET /v1/jobs")} == {
        "POST /v1/jobs": "createJob",
        "GET /v1/images/{image_id}/result": "getResult",
        "GET /v1/jobs": "listJobs",
    }
    assert set(OPERATION_IDS) - set(ids) == set(), "A published id never changes; keep it when its path does."


def test_every_error_is_a_problem_with_a_known_code(document: dict[str, Any]) -> None:
    assert "HTTPValidationError" not in document["components"]["schemas"]
    shown = set()
    for name, operation in _operations(document):
        for status, response in operation["responses"].items():
            if int(status) >= 400 and name != "GET /healthcheck":
                assert list(response["content"]) == [PROBLEM], (name, status)
                for code, example in response["content"][PROBLEM]["examples"].items():
                    assert ERROR_CODES[code].status == int(status) == example["value"]["status"]
                    shown.add(code)
    never_described = {
        "malformed_request",
        "method_not_allowed",
        "host_not_allowed",
        "origin_not_allowed",
        "internal",
        "prefect_unavailable",
    }
    answers = {code for code, each in ERROR_CODES.items() if each.status is not None}
    assert answers - shown <= never_described


def test_every_text_list_and_number_of_a_json_request_has_a_bound(document: dict[str, Any]) -> None:
    bodies = [
        content["schema"]
        for _, operation in _operations(document)
        for kind, content in operation.get("requestBody", {}).get("content", {}).items()
        if kind == "application/json"
    ]
    schemas = dict(document["components"]["schemas"])
    unbounded = {path for body in bodies for path in _unbounded(schemas, body, "body")}
    assert not unbounded


_BOUNDS = {
    "string": {"maxLength", "enum", "const"},
    "array": {"maxItems"},
    "integer": {"maximum", "exclusiveMaximum"},
    "number": {"maximum", "exclusiveMaximum"},
}


def _unbounded(schemas: dict[str, Any], schema: dict[str, Any], path: str) -> Iterator[str]:
    """The paths of values that a client can make as large as it likes."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        yield from _unbounded(schemas, schemas.pop(name, {}), name)
        return
    kind = schema.get("type", "")
    has_length = schema.get("format") in {"uuid", "date-time", "date"}
    if kind in _BOUNDS and not has_length and not _BOUNDS[kind] & schema.keys():
        yield f"{path}: {kind}"
    if isinstance(values := schema.get("additionalProperties"), dict):
        if "maxProperties" not in schema:
            yield f"{path}: object"
        yield from _unbounded(schemas, values, f"{path}.*")
    for name, value in schema.get("properties", {}).items():
        yield from _unbounded(schemas, value, f"{path}.{name}")
    items = [schema["items"]] if "items" in schema else []
    for part in [*schema.get("anyOf", []), *schema.get("prefixItems", []), *items]:
        yield from _unbounded(schemas, part, path)


@pytest.mark.parametrize(
    ("scopes", "examples"),
    [
        pytest.param(tuple(Scope), 3, id="all"),
        pytest.param(tuple(Scope), 25, id="all, with more examples", marks=pytest.mark.long),
        pytest.param((Scope.SUBMIT,), 15, id="submit", marks=pytest.mark.long),
    ],
)
def test_no_request_breaks_the_api_or_gets_an_undocumented_answer(
    without_prefect: Settings, tmp_path: Path, scopes: tuple[Scope, ...], examples: int
) -> None:
    settings = without_prefect.replace(allow_urls=True, allow_webhooks=True, requests_per_minute=0)
    token = bearer(settings, "ann", *scopes, ttl_s=600)
    document = tmp_path / "openapi.json"  # of an address, schemathesis waits at most 10 s for it
    with serving(create_app(settings)) as url:
        document.write_bytes(httpx.get(f"{url}/openapi.json", timeout=TIMEOUT_S).content)
        done = subprocess.run(
            [
                str(Path(sys.executable).with_name("schemathesis")), "run", str(document), "--url", url,
                "--header", f"Authorization: {token}", "--exclude-path", "/healthcheck",
                "--exclude-path", "/panoramax/blur/",  # without a worker, it answers 503 to every picture
                "--exclude-checks", "positive_data_acceptance,ignored_auth",
                "--max-examples", str(examples), "--seed", "7", "--generation-database", "none", "--no-color",
                "--request-timeout", "20", "--continue-on-failure",
            ],
            cwd=tmp_path, capture_output=True, text=True, check=False, timeout=500,
        )  # fmt: skip
        assert httpx.get(f"{url}/liveness", timeout=TIMEOUT_S).status_code == 200
    assert done.returncode == 0, done.stdout[-20_000:]
    assert re.search(r"(\d{3,}) generated, \1 passed", done.stdout), done.stdout[-3000:]
