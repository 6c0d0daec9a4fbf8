"""Results at a destination: written when they are published, removed when they are withdrawn or deleted."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import psycopg
import pytest

from blurline.contract.imports import ImportRequest
from blurline.ids import new_id
from blurline.settings import Settings
from blurline.storage.store import Store
from deployments.doctor.imports import imports
from deployments.doctor.result import Severity
from sql.deletion.deletions import delete_image, grace_periods
from sql.engine.database import Database
from sql.imports.destinations import update_destinations, written_paths
from sql.imports.imports import start_import
from sql.imports.listing import run_import
from sql.jobs.attempts import Attempt
from sql.jobs.publishing import ReviewReason, publish
from sql.jobs.settlement import approve
from tests.api_requests import underway
from tests.factories import result
from tests.imports.buckets import Bucket


class House:
    """An import of the source `archive` to the destination `public`, and what the worker and the deliverer do."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.settings, self.database, self.store = settings, database, Store(settings)

    def take(self, source: str = "archive") -> list[Attempt]:
        """Import what is new in a source; the attempts under way."""
        request = ImportRequest(name=source, source=source, destination="public", dry_run=False)
        started = start_import(self.database, request, self.settings, "ann")
        run_import(self.database, self.settings, self.store.source(source), started.id, 60)
        return underway(self.database, self.settings)

    def publish(self, attempt: Attempt, data: bytes, reason: ReviewReason | None = None) -> None:
        key = f"{attempt.image_id}/{attempt.id}.jpg"
        self.store.put_result(key, data, "image/jpeg")
        made = replace(result(key), size_bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
        with self.database.transaction() as transaction:
            publish(transaction, attempt, made, reason)

    def deliver(self) -> int:
        return update_destinations(self.database, self.store)

    def run(self, statement: str) -> None:
        with psycopg.connect(self.settings.database.conninfo) as connection:
            connection.execute(statement)

    def waiting(self) -> list[tuple[int, str | None]]:
        with psycopg.connect(self.settings.database.conninfo) as connection:
            return connection.execute(
                "SELECT tries, error FROM destination_results WHERE due_at IS NOT NULL"
            ).fetchall()


@pytest.fixture
def house(importing: Settings, database: Database) -> House:
    return House(importing, database)


def test_a_result_is_there_as_long_as_it_is_published(house: House, source: Bucket, destination: Bucket) -> None:
    source.put("2024/a.jpg")
    source.put("2024/b.heic")
    by_name = {attempt.name: attempt for attempt in house.take()}
    before = source.content()
    house.publish(by_name["2024/a.jpg"], b"blurred a", ReviewReason("doubtful", "Look."))
    house.publish(by_name["2024/b.heic"], b"blurred b")
    assert house.deliver() == 2
    assert destination.content() == {"blurred/2024/b.heic.jpg": b"blurred b"}
    with house.database.transaction() as transaction:
        approve(transaction, by_name["2024/a.jpg"].image_id)
    assert house.deliver() == 1
    both = {"blurred/2024/a.jpg": b"blurred a", "blurred/2024/b.heic.jpg": b"blurred b"}
    assert destination.content() == both

    house.run("UPDATE images SET state = 'needs_review' WHERE name = '2024/a.jpg'")
    assert house.deliver() == 1
    assert destination.content() == {"blurred/2024/b.heic.jpg": b"blurred b"}
    delete_image(house.database, None, by_name["2024/b.heic"].image_id, "ann", grace_periods(house.settings))
    assert house.deliver() == 1
    assert destination.content() == {}
    assert source.content() == before
    assert (house.deliver(), house.waiting()) == (0, [])


def test_a_destination_that_is_away_loses_nothing(house: House, source: Bucket, destination: Bucket) -> None:
    source.put("a.jpg")
    (attempt,) = house.take()
    house.publish(attempt, b"blurred")
    destination.key_files[1].write_text("another key")
    assert house.deliver() == 0
    ((tries, error),) = house.waiting()
    assert tries == 1 and error is not None and error.startswith("The destination public cannot be written")
    destination.key_files[1].write_text(house.settings.store.keys[1])
    house.run("UPDATE destination_results SET due_at = now()")
    assert house.deliver() == 1
    assert destination.content() == {"blurred/a.jpg": b"blurred"}


def test_a_change_while_a_result_is_written_is_carried_out_afterwards(
    house: House, source: Bucket, destination: Bucket
) -> None:
    source.put("a.jpg")
    (attempt,) = house.take()
    house.publish(attempt, b"blurred")
    house.run("UPDATE destination_results SET claimed_until = now() + interval '1 hour'")  # somebody writes it
    house.run("UPDATE images SET state = 'needs_review'")
    assert house.deliver() == 0, "one at a time"
    house.run("UPDATE destination_results SET claimed_until = NULL, written_path = 'a.jpg'")
    assert house.deliver() == 1
    assert destination.content() == {}


def test_the_newest_object_of_a_path_has_its_result_there(house: House, source: Bucket, destination: Bucket) -> None:
    source.put("a.jpg", b"old")
    (old,) = house.take()
    house.publish(old, b"old result")
    house.deliver()
    source.put("a.jpg", b"new")
    (new,) = [attempt for attempt in house.take() if attempt.image_id != old.image_id]
    assert destination.content() == {"blurred/a.jpg": b"old result"}, "until the new one is published"
    house.publish(new, b"new result")
    house.deliver()
    house.run(f"UPDATE images SET result_attempt_id = '{new_id()}' WHERE id = '{old.image_id}'")  # a re-run
    house.deliver()
    delete_image(house.database, None, old.image_id, "ann", grace_periods(house.settings))
    house.deliver()
    assert destination.content() == {"blurred/a.jpg": b"new result"}


def test_no_result_replaces_that_of_another_original(
    house: House, source: Bucket, second: Bucket, destination: Bucket
) -> None:
    """One name results from several: of an original that has it, of one whose format is added, in another source."""
    source.put("a.heic")
    source.put("a.heic.jpg")
    second.put("a.heic.jpg")
    heic, jpeg = sorted(house.take(), key=lambda attempt: attempt.name)
    house.publish(heic, b"of the HEIC")
    house.deliver()
    house.publish(jpeg, b"of the JPEG")
    house.deliver()
    (other,) = [each for each in house.take("second") if each.image_id not in (heic.image_id, jpeg.image_id)]
    house.publish(other, b"of the second source")
    house.deliver()
    assert destination.content() == {
        "blurred/a.heic.jpg": b"of the HEIC",
        "blurred/a.heic (2).jpg": b"of the JPEG",
        "blurred/a.heic (3).jpg": b"of the second source",
    }
    house.run(f"UPDATE images SET state = 'needs_review' WHERE id = '{jpeg.image_id}'")
    house.deliver()
    assert set(destination.content().values()) == {b"of the HEIC", b"of the second source"}
    with house.database.transaction() as transaction:
        approve(transaction, jpeg.image_id)
    house.deliver()
    assert destination.content()["blurred/a.heic (2).jpg"] == b"of the JPEG", "under the name that it had"

    delete_image(house.database, None, heic.image_id, "ann", grace_periods(house.settings))
    house.deliver()
    house.run(f"DELETE FROM images WHERE id = '{heic.image_id}'")
    house.run(f"UPDATE destination_results SET due_at = now() WHERE image_id = '{heic.image_id}'")
    house.deliver()
    assert set(destination.content().values()) == {b"of the JPEG", b"of the second source"}
    with psycopg.connect(house.settings.database.conninfo) as connection:
        paths = connection.execute("SELECT path FROM destination_paths WHERE written_path = 'a.heic.jpg'").fetchall()
    assert paths == [], "nothing about a deleted image is kept"


def test_a_path_stays_that_of_a_result_whose_image_has_expired(
    house: House, source: Bucket, destination: Bucket
) -> None:
    source.put("a.heic")
    (heic,) = house.take()
    house.publish(heic, b"of the HEIC")
    house.deliver()
    house.run("DELETE FROM jobs")
    house.run("UPDATE destination_results SET due_at = now()")
    house.deliver()
    source.put("a.heic.jpg")
    (jpeg,) = house.take()
    house.publish(jpeg, b"of the JPEG")
    house.deliver()
    assert destination.content() == {"blurred/a.heic.jpg": b"of the HEIC", "blurred/a.heic (2).jpg": b"of the JPEG"}


def test_what_expires_in_blurline_stays_at_the_destination(house: House, source: Bucket, destination: Bucket) -> None:
    source.put("a.jpg")
    (attempt,) = house.take()
    house.publish(attempt, b"blurred")
    house.deliver()
    house.run("UPDATE images SET result_gone_at = now(), result_gone_why = 'expired'")
    house.run("UPDATE destination_results SET due_at = now()")
    house.deliver()
    house.run("DELETE FROM jobs")
    house.run("UPDATE destination_results SET due_at = now()")
    house.deliver()
    assert destination.content() == {"blurred/a.jpg": b"blurred"}


@pytest.mark.parametrize(
    ("path", "extension", "written"),
    [
        ("a/b.jpg", ".jpg", "a/b.jpg"),
        ("a/B.JPEG", ".jpg", "a/B.JPEG"),
        ("b.heic", ".jpg", "b.heic.jpg"),
        ("a//b/./c.png", ".png", "a//b/./c.png"),
    ],
)
def test_paths_stay_the_same(path: str, extension: str, written: str) -> None:
    assert next(written_paths(path, extension)) == written


def test_the_doctor_says_whether_a_destination_can_be_written(importing: Settings, destination: Bucket) -> None:
    found = {each.name: each for each in imports(importing)}
    assert found["imports.destination.public"].severity is Severity.OK
    assert destination.content() == {}
    destination.key_files[0].write_text("somebody")
    found = {each.name: each for each in imports(importing)}
    assert found["imports.destination.public"].severity is Severity.ERROR
