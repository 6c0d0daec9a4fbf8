"""Lists: filters, orders and cursors."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import psycopg
import pytest

from blurline.access.tokens import Scope
from blurline.settings import Settings
from blurline.storage.store import Store
from sql.engine.database import Database
from sql.jobs.settlement import fail
from tests.api_requests import bearer, images_of, problem, publish_all, submit, underway


def _all(client: httpx.Client, path: str, item: str, **params: Any) -> list[dict[str, Any]]:
    """Every item of a list, page by page."""
    found: list[dict[str, Any]] = []
    while True:
        page = client.get(path, params={"limit": 2, **params}).raise_for_status().json()
        assert len(page[item]) <= 2
        found += page[item]
        if page["next_cursor"] is None:
            return found
        params["cursor"] = page["next_cursor"]


@pytest.fixture
def jobs(client: httpx.Client, settings: Settings, database: Database, store: Store) -> list[str]:
    """Two finished jobs (one of them with a failed image) and one that is queued."""
    first = submit(client, "a.jpg", "b.jpg", labels='{"desk": "home"}')
    second = submit(client, "c.jpg", labels='{"desk": "world", "day": "1"}')
    (*_, last) = underway(database, settings)
    with database.transaction() as transaction:
        fail(transaction, last, "unreadable_picture", "why")
    publish_all(database, settings, store)
    third = submit(client, "d.jpg", labels='{"desk": "world", "day": "2"}')
    return [first["id"], second["id"], third["id"]]


def test_jobs_are_filtered_and_sorted(client: httpx.Client, jobs: list[str]) -> None:
    first, second, third = jobs
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({}, [third, second, first]),
        ({"sort": "created_at"}, [first, second, third]),
        ({"state": "finished"}, [second, first]),
        ({"state": "queued"}, [third]),
        ({"state": "processing"}, []),
        ({"label": "desk:world"}, [third, second]),
        ({"label": ["desk:world", "day:1"]}, [second]),
        ({"label": "desk:nowhere"}, []),
        ({"until": "2000-01-01T00:00:00Z"}, []),
        ({"since": "2000-01-01T00:00:00Z", "until": datetime.now(UTC).isoformat()}, [third, second, first]),
    ]
    for params, expected in cases:
        assert [job["id"] for job in _all(client, "/v1/jobs", "jobs", **params)] == expected, params


def test_images_are_filtered_and_sorted(client: httpx.Client, jobs: list[str], settings: Settings) -> None:
    names = ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]
    shown = _all(client, "/v1/images", "images")
    assert [image["name"] for image in shown] == names[::-1]
    assert [image["name"] for image in _all(client, "/v1/images", "images", sort="created_at")] == names
    failed = _all(client, "/v1/images", "images", state="failed")
    assert [image["error"]["code"] for image in failed] == ["unreadable_picture"]
    assert _all(client, "/v1/images", "images", error_code="unreadable_picture") == failed
    assert [image["state"] for image in _all(client, "/v1/images", "images", state="published")] == ["published"] * 2
    path = f"/v1/jobs/{jobs[0]}/images"
    assert [image["name"] for image in _all(client, path, "images", sort="-position")] == ["b.jpg", "a.jpg"]
    assert [image["name"] for image in _all(client, path, "images", state="failed")] == [
        image["name"] for image in failed if image["job_id"] == jobs[0]
    ]
    client.headers["Authorization"] = bearer(settings, "rita", Scope.REVIEW)
    assert len(_all(client, "/v1/images", "images", owner="ann")) == 4
    assert _all(client, "/v1/images", "images", owner="bob") == []
    assert len(_all(client, "/v1/jobs", "jobs", owner="ann")) == 3


def test_the_most_doubtful_come_first(
    client: httpx.Client, settings: Settings, database: Database, store: Store
) -> None:
    job = submit(client, *"abcde")
    publish_all(database, settings, store)
    doubts = {"a": 0.2, "b": 0.9, "c": None, "d": 0.9, "e": 0.5}
    with psycopg.connect(settings.database.conninfo) as connection:
        for name, doubt in doubts.items():
            connection.execute("UPDATE images SET state = 'needs_review', doubt = %s WHERE name = %s", (doubt, name))
    shown = _all(client, "/v1/images", "images", sort="-doubt", state="needs_review")
    assert [image["name"] for image in shown] == ["c", "d", "b", "e", "a"]
    assert set(images_of(client, job)) == set(doubts)
    problem(client.get("/v1/images", params={"sort": "-doubt"}), 422, "invalid_request")


def test_a_cursor_is_valid_only_for_its_own_list(client: httpx.Client, jobs: list[str]) -> None:
    cursor = client.get("/v1/jobs", params={"limit": 1}).json()["next_cursor"]
    for path, params in [
        ("/v1/jobs", {"cursor": cursor, "sort": "created_at"}),
        ("/v1/images", {"cursor": cursor}),
        ("/v1/jobs", {"cursor": "eyJ9"}),
        ("/v1/jobs", {"cursor": "é"}),
        ("/v1/jobs", {"cursor": cursor[:-4]}),
    ]:
        problem(client.get(path, params=params), 422, "invalid_cursor")
    problem(client.get("/v1/jobs", params={"label": "desk"}), 422, "invalid_request")
    problem(client.get("/v1/jobs", params={"limit": 0}), 422, "invalid_request")
