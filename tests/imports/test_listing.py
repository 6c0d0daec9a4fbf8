"""Listing a source: what is taken, once, whatever happens on the way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
import pytest

from blurline.contract.imports import ImportRequest
from blurline.errors import ConfigurationError, SourceUnavailable
from blurline.settings import Settings
from blurline.storage.sources import Source, SourceObject
from blurline.storage.store import Store
from sql.engine.database import Database
from sql.imports.imports import (
    ImportConflict,
    ImportRow,
    cancel_import,
    count_images,
    create_due_runs,
    find_import,
    pause_import,
    resume_import,
    start_import,
)
from sql.imports.listing import StepSize, is_wanted, preview_import, run_import, steps
from tests.imports.buckets import Bucket

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def request(**fields: object) -> ImportRequest:
    return ImportRequest.model_validate({"name": "all", "source": "archive", "dry_run": False, **fields})


def objects(count: int, size_bytes: int = 10) -> list[SourceObject]:
    return [SourceObject(f"{at:04}.jpg", f"{at:04}.jpg", size_bytes, f"e{at}", NOW) for at in range(count)]


def names(settings: Settings) -> list[str]:
    with psycopg.connect(settings.database.conninfo) as connection:
        return [name for (name,) in connection.execute("SELECT name FROM images ORDER BY name")]


class Killed(BaseException):
    """What stands for the end of the process."""


class FailingSource:
    """A source that raises once it has listed some objects."""

    def __init__(self, source: Source, listed: int, error: BaseException) -> None:
        self._source, self._listed, self._error = source, listed, error

    def objects(self, prefix: str = "", after: str | None = None):  # type: ignore[no-untyped-def]
        for at, each in enumerate(self._source.objects(prefix, after)):
            if at == self._listed:
                raise self._error
            yield each


def run(
    database: Database, settings: Settings, asked: ImportRequest, source: Source | FailingSource | None = None
) -> ImportRow:
    started = start_import(database, asked, settings, "ann")
    return proceed(database, settings, started, source)


def proceed(
    database: Database, settings: Settings, started: ImportRow, source: Source | FailingSource | None = None
) -> ImportRow:
    return run_import(database, settings, source or Store(settings).source("archive"), started.id, 60)  # type: ignore[arg-type]


def test_each_object_becomes_one_image_under_its_path(database: Database, importing: Settings, source: Bucket) -> None:
    for path in ("2024/a.jpg", "2024/B.JPEG", "2025/c.png", "2025/notes.txt", "2025/empty.jpg"):
        source.put(path, b"" if "empty" in path else b"x")
    before = source.content()
    done = run(database, importing, request(job_images=2))
    assert names(importing) == ["2024/B.JPEG", "2024/a.jpg", "2025/c.png"]
    assert (done.state, done.listed, done.matched, done.known, done.imported) == ("completed", 5, 3, 0, 3)
    assert source.content() == before
    with psycopg.connect(importing.database.conninfo) as connection:
        jobs = connection.execute("SELECT owner, labels, preset FROM jobs ORDER BY id").fetchall()
    assert jobs == [("ann", {"import": "all"}, None)] * 2


def test_an_object_is_taken_once_for_an_import_and_again_when_it_has_changed(
    database: Database, importing: Settings, source: Bucket
) -> None:
    source.put("a.jpg")
    source.put("b.jpg")
    run(database, importing, request())
    source.put("a.jpg", b"another picture")
    source.put("c.jpg")
    again = run(database, importing, request())
    assert names(importing) == ["a.jpg", "a.jpg", "b.jpg", "c.jpg"]
    assert (again.listed, again.known, again.imported) == (3, 1, 4)
    assert run(database, importing, request()).imported == 4
    assert run(database, importing, request(name="other")).imported == 3, "under another name"


@pytest.mark.parametrize("after", range(7))
def test_a_killed_process_loses_and_doubles_nothing(
    database: Database, importing: Settings, source: Bucket, after: int
) -> None:
    paths = [f"{at}.jpg" for at in range(7)]
    for path in paths:
        source.put(path)
    with pytest.raises(Killed):
        run(
            database,
            importing,
            request(job_images=3),
            FailingSource(Store(importing).source("archive"), after, Killed()),
        )
    (found,) = [find_import(database, each) for each in due(database, importing)]
    assert found is not None
    assert proceed(database, importing, found).state == "completed"
    assert names(importing) == paths


def due(database: Database, settings: Settings) -> list[UUID]:
    """The imports that the reconciler would continue, once the lease of a killed process has ended."""
    with psycopg.connect(settings.database.conninfo) as connection:
        connection.execute("UPDATE imports SET leased_until = now() - interval '1 second', not_before = now()")
    found: list[UUID] = []
    create_due_runs(database, found.append)
    return found


def test_a_process_that_lost_its_lease_takes_nothing(database: Database, importing: Settings, source: Bucket) -> None:
    for at in range(4):
        source.put(f"{at}.jpg")
    started = start_import(database, request(job_images=2), importing, "ann")

    class Overtaken(FailingSource):
        def objects(self, prefix: str = "", after: str | None = None):  # type: ignore[no-untyped-def]
            for each in self._source.objects(prefix, after):
                if each.path == "3.jpg":
                    due(database, importing)
                    assert proceed(database, importing, started).state == "completed"
                yield each

    late = Overtaken(Store(importing).source("archive"), -1, Killed())
    assert proceed(database, importing, started, late).imported == 4
    assert names(importing) == ["0.jpg", "1.jpg", "2.jpg", "3.jpg"]


def test_a_pause_stops_the_listing_and_resuming_goes_on(
    database: Database, importing: Settings, source: Bucket
) -> None:
    for at in range(4):
        source.put(f"{at}.jpg")
    started = start_import(database, request(job_images=2), importing, "ann")

    class Paused(FailingSource):
        def objects(self, prefix: str = "", after: str | None = None):  # type: ignore[no-untyped-def]
            for each in self._source.objects(prefix, after):
                if each.path == "3.jpg":
                    assert pause_import(database, started.id)
                yield each

    paused = proceed(database, importing, started, Paused(Store(importing).source("archive"), -1, Killed()))
    assert (paused.state, paused.imported) == ("paused", 2)
    assert due(database, importing) == []
    assert resume_import(database, started.id) and not resume_import(database, started.id)
    assert proceed(database, importing, started).imported == 4


def test_cancelling_ends_its_unfinished_images_only(database: Database, importing: Settings, source: Bucket) -> None:
    source.put("a.jpg")
    started = run(database, importing, request(job_images=1))
    assert cancel_import(database, started.id) is None, "it is completed"
    start_import(database, request(), importing, "ann")
    assert cancel_import(database, started.id) == 1
    assert count_images(database, started.id) == {"failed": 1}
    assert due(database, importing) == []


def test_an_import_waits_while_too_many_of_its_images_are_unfinished(
    database: Database, importing: Settings, source: Bucket
) -> None:
    for at in range(5):
        source.put(f"{at}.jpg")
    settings = importing.replace(import_open_images=2)
    waiting = run(database, settings, request(job_images=1))
    assert (waiting.state, waiting.imported) == ("running", 2)
    assert waiting.message == "It waits until fewer than 2 of its images are unfinished."
    with psycopg.connect(settings.database.conninfo) as connection:
        connection.execute("UPDATE images SET state = 'failed', open_attempt_id = NULL")
    assert proceed(database, settings, waiting).imported == 4


def test_an_import_waits_for_its_owners_quota(database: Database, importing: Settings, source: Bucket) -> None:
    for at in range(5):
        source.put(f"{at}.jpg")
    settings = importing.replace(quota_images_per_day=3)
    waiting = run(database, settings, request(job_images=2))
    assert (waiting.state, waiting.imported) == ("running", 2)
    assert waiting.message is not None and waiting.message.startswith("Your quota is 3 images a day")


def test_a_source_that_is_away_postpones_the_import(database: Database, importing: Settings, source: Bucket) -> None:
    source.put("a.jpg")
    source.key_files[1].write_text("another key")
    with pytest.raises(SourceUnavailable):
        run(database, importing, request())
    source.key_files[1].write_text(importing.store.keys[1])
    (import_id,) = due(database, importing)
    (found,) = [each for each in [find_import(database, import_id)] if each]
    assert found.message is not None and "The source archive cannot be read" in found.message
    assert proceed(database, importing, found).imported == 1


def test_a_name_belongs_to_one_source_and_owner(database: Database, importing: Settings) -> None:
    start_import(database, request(owner="ann"), importing, "oscar")
    with pytest.raises(ImportConflict, match="another owner: ann"):
        start_import(database, request(owner="bob"), importing, "oscar")
    with pytest.raises(ConfigurationError, match=r"There is no source 'elsewhere'. BLURLINE_SOURCES names: archive"):
        start_import(database, request(source="elsewhere"), importing, "oscar")


def test_a_dry_run_counts_and_names_what_is_new(database: Database, importing: Settings, source: Bucket) -> None:
    source.put("a.jpg", b"12345")
    run(database, importing, request())
    source.put("b.jpg", b"1234567")
    source.put("c.txt")
    found = preview_import(database, request(), Store(importing).source("archive"))
    assert (found.listed, found.matched, found.matched_bytes, found.known, found.is_complete) == (3, 2, 12, 1, True)
    assert [(each.path, each.size_bytes) for each in found.sample] == [("b.jpg", 7)]
    assert not preview_import(database, request(), Store(importing).source("archive"), most_listed=2).is_complete
    assert names(importing) == ["a.jpg"]


@pytest.mark.parametrize(
    ("fields", "is_taken"),
    [
        ({}, True),
        ({"suffixes": [".JPG"]}, True),
        ({"suffixes": [".png"]}, False),
        ({"suffixes": []}, True),
        ({"min_bytes": 10, "max_bytes": 10}, True),
        ({"min_bytes": 11}, False),
        ({"max_bytes": 9}, False),
        ({"modified_from": NOW}, True),
        ({"modified_from": NOW + timedelta(seconds=1)}, False),
        ({"modified_until": NOW}, False),
    ],
)
def test_filters(fields: dict[str, object], is_taken: bool) -> None:
    (found,) = objects(1)
    assert is_wanted(found, request(**fields)) is is_taken


def test_steps_have_bounded_jobs_and_cover_every_object_once() -> None:
    found = list(steps(objects(7), request(), StepSize(3, 1000)))
    assert [len(step.matched) for step in found] == [3, 3, 1]
    assert [step.last_key for step in found] == ["0002.jpg", "0005.jpg", "0006.jpg"]
    by_bytes = list(steps(objects(5), request(), StepSize(100, 25)))
    assert [len(step.matched) for step in by_bytes] == [2, 2, 1]
    assert [step.last_key for step in by_bytes] == ["0001.jpg", "0003.jpg", "0004.jpg"]
    nothing = list(steps(objects(5), request(suffixes=[".png"]), StepSize(3, 1000)))
    assert [(step.listed, step.matched, step.last_key) for step in nothing] == [(5, [], "0004.jpg")]
