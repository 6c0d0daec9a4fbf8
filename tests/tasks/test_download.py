"""The task `download` for images that were submitted by URL, over the real database and store."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from blurline.contract.reruns import BacklogRerunRequest
from blurline.errors import ObjectMissing
from blurline.ids import new_id
from blurline.policy import Policy
from blurline.settings import Settings
from blurline.storage.store import Store, StoredObject
from sql.deletion.deletions import GracePeriods, delete_image
from sql.engine.database import Database
from sql.jobs.attempts import start_batch
from sql.jobs.job_queries import ImageRow, find_image, list_images_of_job
from sql.jobs.originals import keep_original
from sql.jobs.quotas import QuotaLimits, look_up
from sql.jobs.retries import retry_or_fail
from sql.jobs.submissions import NewJob, Original
from sql.reruns.reruns import cancel_attempts_of_job, rerun
from tasks.download import download
from tasks.notify import notify
from tasks.work import Item, Work
from tests.api_requests import original_bytes
from tests.factories import RETRY_POLICY, SIZE, create_job, dispatched
from tests.pictures import HOPPER
from tests.tls_server import Exchange, tls_server, trusted_authority
from tests.waiting import TIMEOUT_S, wait_for

PICTURE = HOPPER.read_bytes()


class Site:
    """Calls ``before`` and serves the picture at every path without an entry in ``statuses`` or ``bodies``."""

    def __init__(self) -> None:
        self.url = ""
        self.paths: list[str] = []
        self.statuses: dict[str, list[int]] = {}
        self.bodies: dict[str, bytes] = {}
        self.before: Callable[[], object] = bool
        self.both = threading.Barrier(2, timeout=TIMEOUT_S)

    def answer(self, exchange: Exchange) -> None:
        path = exchange.path
        self.paths.append(path)
        self.before()
        if path.startswith("/both"):
            self.both.wait()
        statuses = self.statuses.get(path)
        exchange.reply(statuses.pop(0) if statuses else 200, self.bodies.get(path, PICTURE))


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    site = Site()
    authority = trusted_authority(tmp_path, monkeypatch)
    with tls_server(authority, site.answer) as port:
        site.url = f"https://localhost:{port}"
        yield site


def _submit(database: Database, *urls: str) -> UUID:
    """Submit a job of these URLs, all in one batch; its id."""
    originals = [Original(f"{at}.jpg", f"key/{new_id()}", None, 0, source_url=url) for at, url in enumerate(urls)]
    job_id = create_job(database, NewJob("ann", Policy(), originals, "interactive"))
    with database.transaction() as transaction:
        transaction._connection.execute(
            "UPDATE attempts SET batch_id = (SELECT batch_id FROM attempts ORDER BY id LIMIT 1)"
        )
    return job_id


def _downloaded(database: Database) -> list[Item]:
    """Run the task on every waiting batch; their items."""
    items: list[Item] = []
    for batch_id in dispatched(database):
        work = Work(batch_id)
        download.fn(work)
        items += work.items or []
    return items


def _image(database: Database, item: Item) -> ImageRow:
    image = find_image(database, None, item.attempt.image_id)
    assert image is not None
    return image


def test_a_url_is_fetched_once_and_its_original_stored(database: Database, store: Store, site: Site) -> None:
    job_id = _submit(database, f"{site.url}/a.jpg")
    (item,) = _downloaded(database)
    assert item.error is None
    assert item.original is not None and item.original.data == PICTURE
    assert original_bytes(store, item.attempt.original_key) == PICTURE
    assert _image(database, item).original_bytes == len(PICTURE)
    assert look_up(database, "ann", QuotaLimits())[1].bytes_today == len(PICTURE)

    with database.transaction() as transaction:
        retry_or_fail(transaction, [item.attempt.id], "crashed", "worker died", RETRY_POLICY)
    (again,) = _downloaded(database)
    assert again.original is not None and again.original.data == PICTURE
    assert again.attempt.number == 2
    cancel_attempts_of_job(database, job_id)
    with database.transaction() as transaction:
        rerun(transaction, BacklogRerunRequest(states=["failed"], dry_run=False), new_id(), SIZE, Settings())
    (rerun_item,) = _downloaded(database)
    assert rerun_item.original is not None and rerun_item.original.data == PICTURE
    assert site.paths == ["/a.jpg"]


def test_a_failing_url_fails_only_its_own_image(database: Database, store: Store, site: Site) -> None:
    site.statuses = {"/404": [404], "/503": [503, 503, 503], "/recovers": [503, 429]}
    site.bodies = {"/page": b"<html>not a picture</html>"}
    _submit(
        database,
        *(f"{site.url}/{name}" for name in ("404", "503", "page", "recovers", "good")),
        "https://10.0.0.1/",
        "https://name.invalid/",
    )
    items = _downloaded(database)
    errors = [item.error.code if item.error else None for item in items]
    assert errors == [
        "url_not_served",
        "url_unavailable",
        "unsupported_format",
        None,
        None,
        "address_refused",
        "url_unavailable",
    ]
    for item in items:
        if item.error is None:
            assert item.original is not None
        else:
            with pytest.raises(ObjectMissing):
                store.stat_original(item.attempt.original_key)
    assert site.paths.count("/404") == 1
    assert site.paths.count("/503") == 3


def test_images_of_failed_urls_fail_with_advice(database: Database, site: Site) -> None:
    site.statuses = {"/503": [503, 503, 503]}
    _submit(database, f"{site.url}/503")
    (batch_id,) = dispatched(database)
    work = Work(batch_id)
    download.fn(work)
    notify.fn(work)
    (item,) = work.items or []
    image = _image(database, item)
    assert (image.state, image.error_code) == ("failed", "url_unavailable")
    assert image.error_message == ("The server of the URL answered 503. Submit the picture again later, or upload it.")


def test_slow_servers_are_fetched_from_concurrently(database: Database, site: Site) -> None:
    """The site answers each of the two requests only after both have arrived."""
    _submit(database, f"{site.url}/both/1", f"{site.url}/both/2")
    assert [item.error for item in _downloaded(database)] == [None, None]


def test_a_file_over_the_limit_is_refused(database: Database, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLURLINE_MAX_FILE_MB", "0.001")
    _submit(database, f"{site.url}/a.jpg")
    (item,) = _downloaded(database)
    assert item.error is not None and item.error.code == "picture_too_large"


def test_nothing_is_fetched_after_urls_are_turned_off(
    database: Database, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    _submit(database, f"{site.url}/a.jpg")
    monkeypatch.setenv("BLURLINE_ALLOW_URLS", "false")
    (item,) = _downloaded(database)
    assert item.error is not None and item.error.code == "urls_not_allowed"
    assert not site.paths


@pytest.mark.parametrize("is_deleted", [False, True])
def test_an_image_cancelled_during_its_download_gets_no_original(
    database: Database, store: Store, site: Site, is_deleted: bool
) -> None:
    job_id = _submit(database, f"{site.url}/a.jpg")
    (image,) = list_images_of_job(database, job_id, 1)
    if is_deleted:
        site.before = lambda: delete_image(database, "ann", image.id, "ann", GracePeriods(60, 60))
    else:
        site.before = lambda: cancel_attempts_of_job(database, job_id)
    (item,) = _downloaded(database)
    assert item.error is not None and item.error.code == "attempt_superseded"
    with pytest.raises(ObjectMissing):
        store.stat_original(item.attempt.original_key)


def test_a_deletion_finds_an_original_that_is_being_stored(database: Database, settings: Settings) -> None:
    """The deletion waits for the download, so that nothing is stored after it has looked."""
    _submit(database, "https://example.org/a.jpg")
    (batch_id,) = dispatched(database)
    batch = start_batch(database, batch_id)
    assert batch is not None
    (attempt,) = batch.attempts
    deleter = threading.Thread(
        target=delete_image, args=(database, "ann", attempt.image_id, "ann", GracePeriods(60, 60))
    )

    def put() -> StoredObject:
        deleter.start()
        wait_for("the deletion waits", lambda: _is_waiting(settings), every_s=0.02)
        return StoredObject(attempt.original_key, 3, "etag")

    assert keep_original(database, attempt, 3, QuotaLimits(), put)
    deleter.join(20)
    assert find_image(database, None, attempt.image_id) is None
    assert not keep_original(database, attempt, 3, QuotaLimits(), lambda: pytest.fail("must not be stored"))


def _is_waiting(settings: Settings) -> bool:
    with psycopg.connect(settings.database.conninfo) as connection:
        found = connection.execute("SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'").fetchall()
    return bool(found)
