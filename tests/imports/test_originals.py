"""Originals in a source: workers and reviewers read them there; nothing is ever written or removed there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from api.app import create_app
from blurline.access.tokens import Scope
from blurline.contract.imports import ImportRequest
from blurline.errors import SourceUnavailable
from blurline.settings import Settings
from blurline.storage.inventory import ImageBucket
from blurline.storage.store import Store
from sql.deletion.object_removal import remove_objects
from sql.engine.database import Database
from sql.imports.imports import start_import
from sql.imports.listing import run_import
from sql.upkeep.consistency import inspect
from tasks.download import download
from tasks.notify import notify
from tasks.work import Item, Work
from tests.api_requests import bearer, problem
from tests.api_server import serving
from tests.factories import dispatched
from tests.imports.buckets import Bucket
from tests.pictures import HOPPER
from tests.tasks.one_image import image_of, uploaded
from tests.waiting import TIMEOUT_S, wait_for

PICTURE = HOPPER.read_bytes()

pytestmark = pytest.mark.usefixtures("worker")


@pytest.fixture
def imported(database: Database, importing: Settings, store: Store, source: Bucket) -> Database:
    """The database, with an import of one picture that waits for a worker."""
    for bucket in ImageBucket:
        store.remove_all(bucket, [each.key for each in store.list_all(bucket)])
    source.put("people/a.jpg", PICTURE)
    request = ImportRequest(name="all", source="archive", preset="fast", dry_run=False)
    started = start_import(database, request, importing, "ann")
    run_import(database, importing, Store(importing).source("archive"), started.id, 60)
    return database


@contextmanager
def reviewing(importing: Settings) -> Iterator[httpx.Client]:
    """A reviewer's client of an API that starts now: it dispatches what waits, so the test does this before."""
    with serving(create_app(importing)) as url, httpx.Client(base_url=url, timeout=TIMEOUT_S) as client:
        client.headers["Authorization"] = bearer(importing, "rita", Scope.REVIEW, Scope.OPERATE)
        yield client


def downloaded(database: Database) -> Item:
    """The only image after the task `download`."""
    (batch_id,) = dispatched(database)
    work = Work(batch_id)
    download.fn(work)
    (item,) = work.items or []
    return item


def test_a_picture_is_processed_without_a_copy_and_deleted_without_its_object(
    imported: Database, importing: Settings, store: Store, source: Bucket
) -> None:
    work, item = uploaded(imported)
    notify.fn(work)
    image = image_of(imported, item)
    assert (image.state, image.name, image.source_key) == ("published", "people/a.jpg", "photos/people/a.jpg")
    with reviewing(importing) as reviewer:
        assert reviewer.get(f"/v1/images/{image.id}/original").content == PICTURE
        assert [each.key for each in store.list_all(ImageBucket.ORIGINALS) if each.key == image.original_key] == []
        findings = [inspect(imported, store, bucket, -60) for bucket in ImageBucket]
        assert [(each.images, each.differences) for each in findings] == [(1, 0), (1, 0)]

        receipt = reviewer.delete(f"/v1/images/{image.id}").raise_for_status().json()

        def proof() -> httpx.Response | None:
            remove_objects(imported, store)  # the API's own thread may be removing them at this moment
            answer = reviewer.get(f"/v1/deletions/{receipt['id']}/proof")
            return answer if answer.is_success else None

        (proven,) = wait_for("the proof of the deletion", proof).json()["record"]["images"]
        assert proven["source"] == "archive"
        assert source.content() == {"photos/people/a.jpg": PICTURE}
        assert list(store.list_all(ImageBucket.ORIGINALS)) == [], "its previews are removed"


def test_an_object_that_is_gone_or_changed_fails_the_image_with_a_sentence(
    imported: Database, importing: Settings, source: Bucket
) -> None:
    source.put("people/a.jpg", b"another")
    item = downloaded(imported)
    assert item.error is not None and item.error.code == "source_object_changed"
    assert "has changed in the source archive" in str(item.error)
    path = f"/v1/images/{item.attempt.image_id}/original"
    with reviewing(importing) as reviewer:
        problem(reviewer.get(path), 409, "source_object_changed")
        source.remove("photos/people/a.jpg")
        problem(reviewer.get(path), 410, "source_object_missing")


def test_an_object_that_is_gone_is_not_retried(imported: Database, source: Bucket) -> None:
    source.remove("photos/people/a.jpg")
    item = downloaded(imported)
    assert item.error is not None and item.error.code == "source_object_missing"


def test_a_source_that_is_away_is_an_outage(imported: Database, source: Bucket) -> None:
    source.key_files[0].write_text("somebody else")
    with pytest.raises(SourceUnavailable, match="The source archive cannot be read"):
        downloaded(imported)


def test_a_file_beyond_the_limit_is_not_read(
    imported: Database, source: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BLURLINE_MAX_FILE_MB", "0.001")
    source.remove("photos/people/a.jpg")
    item = downloaded(imported)
    assert item.error is not None and item.error.code == "picture_too_large"
