"""Upload forms count against the quotas until their upload is submitted, or they expire unused."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest

from api.app import create_app
from blurline.access.tokens import Scope
from blurline.settings import Settings
from tests.api_requests import bearer, problem
from tests.api_server import serving
from tests.clock import age
from tests.waiting import TIMEOUT_S

MB = 1_000_000


@contextmanager
def _client(settings: Settings, **quotas: float) -> Iterator[httpx.Client]:
    limited = settings.replace(**quotas)
    with serving(create_app(limited)) as url, httpx.Client(base_url=url, timeout=TIMEOUT_S) as client:
        client.headers["Authorization"] = bearer(settings, "ann", Scope.SUBMIT)
        yield client


def _forms(client: httpx.Client, **asked: int) -> httpx.Response:
    return client.post("/v1/uploads", json=asked)


def _send(form: dict[str, Any], data: bytes = b"x") -> httpx.Response:
    return httpx.post(form["url"], data=form["fields"], files={"file": data}, timeout=TIMEOUT_S)


@pytest.mark.parametrize("quotas", [{"quota_images_per_day": 0}, {"quota_mb_per_day": 0}, {"quota_open_uploads": 0}])
@pytest.mark.parametrize("path", ["/v1/uploads", "/v1/image/upload-url/get"])
def test_no_form_is_given_without_room(without_prefect: Settings, quotas: dict[str, float], path: str) -> None:
    with _client(without_prefect, **quotas) as client:
        answer = client.post(path)
        problem(answer, 429, "quota_exceeded")
        assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize(
    ("quotas", "fits"),
    [
        ({"quota_images_per_day": 3}, {"count": 3}),
        ({"quota_mb_per_day": 6}, {"count": 3, "max_bytes": 2 * MB}),
        ({"quota_open_uploads": 3}, {"count": 3}),
    ],
)
def test_open_forms_count_until_they_expire(
    without_prefect: Settings, quotas: dict[str, float], fits: dict[str, int]
) -> None:
    with _client(without_prefect, **quotas) as client:
        problem(_forms(client, **{**fits, "count": 4}), 429, "quota_exceeded")
        forms = _forms(client, **fits).raise_for_status().json()["uploads"]
        problem(_forms(client, max_bytes=MB), 429, "quota_exceeded")
        client.headers["Authorization"] = bearer(without_prefect, "bob", Scope.SUBMIT)
        _forms(client, max_bytes=MB).raise_for_status()  # each owner has a quota of their own
        client.headers["Authorization"] = bearer(without_prefect, "ann", Scope.SUBMIT)
        assert _send(forms[0]).is_success
        age(without_prefect.database.conninfo, "open_uploads", timedelta(minutes=11))
        problem(_forms(client, **fits), 429, "quota_exceeded")
        _forms(client, **{**fits, "count": 2}).raise_for_status()  # one form was used, and its upload still counts


def test_a_submitted_upload_counts_once(without_prefect: Settings) -> None:
    with _client(without_prefect, quota_images_per_day=2, quota_open_uploads=2) as client:
        (form, _) = _forms(client, count=2).raise_for_status().json()["uploads"]
        assert _send(form).is_success
        client.post("/v1/jobs", json={"images": [{"key": form["key"]}]}).raise_for_status()
        detail = problem(_forms(client), 429, "quota_exceeded")
        assert "2 images a day (UTC): 2 are used" in detail
        age(without_prefect.database.conninfo, "open_uploads", timedelta(minutes=11))
        _forms(client).raise_for_status()


def test_a_form_accepts_no_more_than_it_counts_for(without_prefect: Settings) -> None:
    with _client(without_prefect) as client:
        (form,) = _forms(client, max_bytes=1000).raise_for_status().json()["uploads"]
        assert form["max_bytes"] == 1000
        assert _send(form, bytes(5000)).status_code in (400, 403, 413)
        (form,) = _forms(client, max_bytes=1 << 39).raise_for_status().json()["uploads"]
        assert form["max_bytes"] == int(without_prefect.pictures.max_file_mb * MB)


def test_concurrent_requests_get_no_more_forms_than_allowed(without_prefect: Settings) -> None:
    with _client(without_prefect, quota_images_per_day=5) as client, ThreadPoolExecutor(8) as threads:
        statuses = [each.result().status_code for each in [threads.submit(_forms, client) for _ in range(12)]]
    assert sorted(statuses) == [201] * 5 + [429] * 7
