"""Searching images: every filter, every order, the places of neighbours, and who sees what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest

from blurline.access.tokens import Scope
from blurline.settings import Settings
from tests.api_requests import bearer, images_of, problem, submit

_FACTS: dict[str, tuple[str, float | None, str]] = {
    "IMG_0815.jpg": ("published", 0.6, "[]"),
    "market/img_0816.jpg": ("published", 0.61, '[{"code": "hdr_reduced", "message": "m"}]'),
    "100%.jpg": ("published", 0.1, "[]"),
    "1000.jpg": ("failed", None, "[]"),
    "Caf\u00e9 Größe.jpg": ("needs_review", None, "[]"),
    "cafe\u0301 2.jpg": ("needs_review", 0.95, "[]"),
}

_SEARCHES: list[tuple[dict[str, Any], list[str]]] = [
    ({"name": "img_081"}, ["IMG_0815.jpg", "market/img_0816.jpg"]),
    ({"name": "0816"}, ["market/img_0816.jpg"]),
    ({"name": "100%"}, ["100%.jpg"]),
    ({"name": "_081"}, ["IMG_0815.jpg", "market/img_0816.jpg"]),
    ({"name": "im"}, ["IMG_0815.jpg"]),
    ({"name": "CAF\u00c9"}, ["Caf\u00e9 Größe.jpg", "cafe\u0301 2.jpg"]),
    ({"name": "größe"}, ["Caf\u00e9 Größe.jpg"]),
    ({"name": "\\"}, []),
    ({"note": "hdr_reduced"}, ["market/img_0816.jpg"]),
    ({"note": "hdr"}, []),
    ({"state": "published", "doubt_above": 0.6}, ["market/img_0816.jpg"]),
    ({"doubt_up_to": 0.6}, ["IMG_0815.jpg", "100%.jpg"]),
    ({"doubt_above": 0.1, "doubt_up_to": 0.61}, ["IMG_0815.jpg", "market/img_0816.jpg"]),
    ({"sort": "-doubt", "doubt_above": 0.5}, ["cafe\u0301 2.jpg", "market/img_0816.jpg", "IMG_0815.jpg"]),
    ({"sort": "-doubt", "state": "needs_review"}, ["Caf\u00e9 Größe.jpg", "cafe\u0301 2.jpg"]),
    ({"sort": "-position", "name": "10"}, ["1000.jpg", "100%.jpg"]),
]

_INSERT_OTHERS = """
INSERT INTO images
SELECT (jsonb_populate_record(NULL::images, to_jsonb(one) || jsonb_build_object(
    'id', uuidv7(), 'position', 1000 + n, 'original_key', 'other' || n,
    'name', CASE WHEN n %% 3000 = 0 THEN 'IMG_081-' ELSE 'other ' END || n
))).*
FROM (SELECT * FROM images WHERE job_id = %(job_id)s AND name = '1000.jpg') AS one, generate_series(1, 7000) AS n
ORDER BY n
"""


@pytest.fixture
def job(client: httpx.Client, settings: Settings) -> dict[str, Any]:
    """A job of images with known states, doubts and notes."""
    made = submit(client, *_FACTS, labels='{"desk": "world"}')
    with psycopg.connect(settings.database.conninfo) as connection:
        for name, (state, doubt, notes) in _FACTS.items():
            connection.execute(
                "UPDATE images SET state = %s, doubt = %s, notes = %s, result_key = name WHERE name = %s",
                (state, doubt, notes, name),
            )
    return made


def _pages(client: httpx.Client, path: str, params: dict[str, Any]) -> Iterator[str]:
    """The names of a list, in pages of one, so that every place of the cursor is used."""
    cursor: dict[str, str] = {}
    while True:
        page = client.get(path, params={"limit": 1, **params, **cursor}).raise_for_status().json()
        yield from (image["name"] for image in page["images"])
        if page["next_cursor"] is None:
            return
        cursor = {"cursor": page["next_cursor"]}


def test_images_are_found_in_all_jobs_and_in_one(client: httpx.Client, job: dict[str, Any]) -> None:
    for params, expected in _SEARCHES:
        assert list(_pages(client, f"/v1/jobs/{job['id']}/images", params)) == expected, params
        in_all = _pages(client, "/v1/images", {"sort": "position", "job": job["id"], **params})
        assert list(in_all) == expected, params
        count = client.get("/v1/image-count", params={k: v for k, v in params.items() if k != "sort"})
        assert count.json() == {"images": len(expected), "is_complete": True}, params


def test_labels_and_owners_restrict_a_search(client: httpx.Client, settings: Settings, job: dict[str, Any]) -> None:
    submit(client, "IMG_0815.jpg", labels='{"desk": "home"}')
    assert len(list(_pages(client, "/v1/images", {"name": "IMG_0815"}))) == 2
    assert len(list(_pages(client, "/v1/images", {"name": "IMG_0815", "label": "desk:world"}))) == 1
    assert list(_pages(client, "/v1/images", {"name": "IMG_0815", "label": "desk:none"})) == []
    client.headers["Authorization"] = bearer(settings, "rita", Scope.REVIEW)
    assert len(list(_pages(client, "/v1/images", {"name": "IMG_0815", "owner": "ann"}))) == 2
    assert list(_pages(client, "/v1/images", {"name": "IMG_0815", "owner": "bob"})) == []


def test_neighbours_are_those_of_the_same_list(client: httpx.Client, job: dict[str, Any]) -> None:
    ids = {name: image["id"] for name, image in images_of(client, job).items()}
    for params in (
        {"job": job["id"], "sort": "position"},
        {"job": job["id"], "sort": "-doubt"},
        {"sort": "-created_at", "state": "published"},
        {"sort": "created_at", "name": "img"},
    ):
        listed = [ids[name] for name in _pages(client, "/v1/images", params)]
        for at, image_id in enumerate(listed):
            found = client.get(f"/v1/images/{image_id}/neighbours", params=params).raise_for_status().json()
            assert found["previous"] == (listed[at - 1] if at else None), (params, at)
            assert found["next"] == (listed[at + 1] if at + 1 < len(listed) else None), (params, at)


def test_others_find_nothing_of_it(client: httpx.Client, settings: Settings, job: dict[str, Any]) -> None:
    image_id = images_of(client, job)["1000.jpg"]["id"]
    client.headers["Authorization"] = bearer(settings, "bob", Scope.SUBMIT)
    assert list(_pages(client, "/v1/images", {"name": "1000"})) == []
    assert list(_pages(client, "/v1/images", {"job": job["id"]})) == []
    assert client.get("/v1/image-count", params={"name": "1000"}).json()["images"] == 0
    problem(client.get(f"/v1/images/{image_id}/neighbours"), 404, "not_found")
    for path in ("/v1/images", "/v1/image-count"):
        problem(client.get(path, params={"owner": "ann"}), 403, "missing_scope")
    mine = submit(client, "1000.jpg")
    (own,) = images_of(client, mine).values()
    found = client.get(f"/v1/images/{own['id']}/neighbours").raise_for_status().json()
    assert found == {"previous": None, "next": None}


@pytest.mark.parametrize("sort", ["created_at", "-created_at"])
def test_names_are_found_however_many_images_lie_between(
    client: httpx.Client, settings: Settings, job: dict[str, Any], sort: str
) -> None:
    with psycopg.connect(settings.database.conninfo) as connection:
        connection.execute(_INSERT_OTHERS, {"job_id": job["id"]})
    submit(client, "IMG_0817.jpg")
    expected = ["IMG_0815.jpg", "market/img_0816.jpg", *(f"IMG_081-{n}" for n in (3000, 6000)), "IMG_0817.jpg"]
    for params in ({"name": "img_081"}, {"name": "img_081", "owner": "ann"}):
        listed = list(_pages(client, "/v1/images", {**params, "sort": sort}))
        assert listed == (expected if sort == "created_at" else expected[::-1])
    page = client.get("/v1/images", params={"name": "img_081", "sort": sort, "limit": 4}).raise_for_status().json()
    assert [image["name"] for image in page["images"]] == listed[:4]


def test_a_wrong_search_is_refused(client: httpx.Client) -> None:
    for params in (
        {"sort": "-doubt"},
        {"sort": "position"},
        {"doubt_above": "1.5"},
        {"doubt_above": "nan"},
        {"name": ""},
        {"name": "\x00"},
        {"job": "x"},
        {"label": "desk"},
    ):
        problem(client.get("/v1/images", params=params), 422, "invalid_request")
