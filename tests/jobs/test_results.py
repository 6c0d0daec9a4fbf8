"""Results: one at a time with ranges and names, or a whole job as an archive."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import PurePosixPath
from typing import Any

import httpx
import psycopg
import pytest

import api.jobs.archive
from api.jobs.file_names import file_path
from blurline.file_names import Names
from blurline.settings import Settings
from blurline.storage.store import Store
from sql.engine.database import Database
from sql.jobs.job_queries import list_images_of_job
from sql.jobs.settlement import fail
from tests.api_requests import images_of, problem, publish_all, submit, underway

DATA = b"0123456789"


@pytest.fixture
def url(client: httpx.Client, settings: Settings, database: Database, store: Store) -> str:
    """The URL of the result of a published image with the bytes DATA."""
    job = submit(client, 'Straße/"a"\\b.png')
    publish_all(database, settings, store, DATA)
    (image,) = images_of(client, job).values()
    return str(image["result_url"])


def test_a_result_has_its_headers(client: httpx.Client, url: str) -> None:
    response = client.get(url)
    assert response.content == DATA
    headers = response.headers
    assert headers["content-disposition"] == "attachment; filename=\"b.png.jpg\"; filename*=UTF-8''b.png.jpg"
    assert (headers["content-type"], headers["accept-ranges"]) == ("image/jpeg", "bytes")
    assert (headers["x-content-type-options"], headers["cache-control"]) == ("nosniff", "private, no-cache")
    head = client.head(url)
    assert head.content == b""
    assert head.headers["content-length"] == "10"
    for tag in (headers["etag"], f"W/{headers['etag']}", f'"x", {headers["etag"]}', "*"):
        known = client.get(url, headers={"If-None-Match": tag})
        assert (known.status_code, known.content) == (304, b"")
    assert client.get(url, headers={"If-None-Match": '"other"'}).content == DATA


@pytest.mark.parametrize(
    ("asked", "content", "says"),
    [
        ("bytes=0-3", b"0123", "bytes 0-3/10"),
        ("bytes=4-", b"456789", "bytes 4-9/10"),
        ("bytes=-3", b"789", "bytes 7-9/10"),
        ("bytes=8-99", b"89", "bytes 8-9/10"),
        ("bytes=-99", DATA, "bytes 0-9/10"),
    ],
)
def test_only_the_requested_range_is_sent(
    client: httpx.Client, url: str, asked: str, content: bytes, says: str
) -> None:
    response = client.get(url, headers={"Range": asked})
    assert (response.status_code, response.content, response.headers["content-range"]) == (206, content, says)
    assert response.headers["content-length"] == str(len(content))
    other = client.get(url, headers={"Range": asked, "If-Range": '"other"'})
    assert (other.status_code, other.content) == (200, DATA)


@pytest.mark.parametrize("asked", ["bytes=0-1,3-4", "bytes=5-2", "lines=1-2", "bytes=-", "nonsense"])
def test_an_invalid_range_returns_the_whole_file(client: httpx.Client, url: str, asked: str) -> None:
    response = client.get(url, headers={"Range": asked})
    assert (response.status_code, response.content) == (200, DATA)


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=99-100", "bytes=-0"])
def test_a_range_beyond_the_end_is_refused(client: httpx.Client, url: str, asked: str) -> None:
    response = client.get(url, headers={"Range": asked})
    problem(response, 416, "range_not_satisfiable")
    assert response.headers["content-range"] == "bytes */10"


def test_detections_can_be_read_without_the_result(client: httpx.Client, url: str) -> None:
    answer = client.get(url.replace("result", "detections")).json()
    assert (answer["width_px"], answer["height_px"]) == (100, 50)
    assert [box["destroyed"] for box in answer["detections"]] == [True, False]


def test_an_archive_has_every_published_result_and_a_manifest(
    client: httpx.Client, settings: Settings, database: Database, store: Store
) -> None:
    job = submit(client, "a.jpg", "a.jpg", "../../etc/a.jpg", "c.png", "failed.jpg")
    attempts = {attempt.name: attempt for attempt in underway(database, settings)}
    with database.transaction() as transaction:
        fail(transaction, attempts["failed.jpg"], "unreadable_picture", "why")
    publish_all(database, settings, store, DATA)
    response = client.get(f"/v1/jobs/{job['id']}/archive").raise_for_status()
    assert response.headers["content-type"] == "application/zip"
    assert response.headers["content-disposition"] == f'attachment; filename="{job["id"]}.zip"'
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["a.jpg", "a (2).jpg", "etc/a.jpg", "c.png.jpg", "manifest.json"]
        assert all(archive.read(name) == DATA for name in archive.namelist()[:-1])
        manifest = json.loads(archive.read("manifest.json"))
    listed = {image["name"]: image for image in manifest["images"]}
    assert listed["failed.jpg"]["error"]["code"] == "unreadable_picture"
    assert listed["failed.jpg"]["file"] is None
    assert listed["c.png"]["file"] == "c.png.jpg"
    assert len(manifest["images"]) == 5


def test_an_archive_of_many_results_is_complete(
    client: httpx.Client, settings: Settings, database: Database, store: Store
) -> None:
    job = submit(client, *(f"{at}.jpg" for at in range(250)))
    data = hashlib.sha256(b"x").digest() * 2000
    publish_all(database, settings, store, data[:10])
    with zipfile.ZipFile(io.BytesIO(client.get(f"/v1/jobs/{job['id']}/archive").content)) as archive:
        assert len(archive.namelist()) == 251


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.jpg", "a.jpg"),
        ("day/a.JPEG", "day/a.JPEG"),
        ("/etc/passwd", "etc/passwd.jpg"),
        ("..\\..\\x.jpg", "x.jpg"),
        ("C:\\x.jpg", "C_/x.jpg"),
        ("..", "image-7.jpg"),
        ("", "image-7.jpg"),
        ("MANIFEST.json", "MANIFEST.json.jpg"),
    ],
)
def test_file_names_stay_inside_the_archive(name: str, expected: str) -> None:
    found = str(file_path(name, 7, "id/attempt.jpg"))
    assert found == expected
    assert not PurePosixPath(found).is_absolute()
    assert ".." not in PurePosixPath(found).parts


def test_ten_thousand_pictures_of_one_name_get_distinct_names() -> None:
    names = Names()
    given = [names.unused(file_path("A.jpg" if at % 2 else "a.jpg", at, "id/attempt.jpg")) for at in range(10_000)]
    assert len({name.casefold() for name in given}) == 10_000


def test_an_archive_leaves_out_held_withdrawn_and_deleted_results(
    client: httpx.Client, settings: Settings, database: Database, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = submit(client, "held.jpg", "published.jpg", "withdrawn.jpg", "deleted.jpg")
    publish_all(database, settings, store, DATA)
    read = list_images_of_job

    def read_and_then(*arguments: Any) -> Any:
        rows = read(*arguments)
        with psycopg.connect(settings.database.conninfo) as connection:
            connection.execute("UPDATE images SET state = 'needs_review' WHERE name = 'withdrawn.jpg'")
            connection.execute("DELETE FROM images WHERE name = 'deleted.jpg'")
        return rows

    with psycopg.connect(settings.database.conninfo) as connection:
        connection.execute("UPDATE images SET state = 'needs_review' WHERE name = 'held.jpg'")
    monkeypatch.setattr(api.jobs.archive, "list_images_of_job", read_and_then)
    with zipfile.ZipFile(io.BytesIO(client.get(f"/v1/jobs/{job['id']}/archive").content)) as archive:
        assert archive.namelist() == ["published.jpg", "manifest.json"]
        listed = {image["name"]: image["file"] for image in json.loads(archive.read("manifest.json"))["images"]}
    assert listed == {"held.jpg": None, "published.jpg": "published.jpg", "withdrawn.jpg": None}
