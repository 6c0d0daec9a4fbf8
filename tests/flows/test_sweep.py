"""The nightly sweep: it reports what it did, stops in time, and refuses an implausible removal."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from blurline.ids import new_id
from blurline.storage.inventory import ImageBucket, Listed
from flows.sweep import sweep_store
from sql.upkeep import consistency
from sql.upkeep.consistency import TooManyOrphans
from tests.stored_images import StoredImages


class Killed(BaseException):
    """The process of the sweep is killed."""


@pytest.fixture(autouse=True)
def _everything_is_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flows.sweep.grace_s", lambda _: -60.0)


def test_an_implausible_number_of_orphans_is_left_to_a_person(
    stored_images: StoredImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consistency, "_PLAUSIBLE_ORPHANS", 2)
    stored_images.submit(4)
    stored_images.publish()
    stored_images.rows("TRUNCATE jobs CASCADE")  # as a new database would be
    with pytest.raises(TooManyOrphans, match="8 of 8 objects"):
        sweep_store(stored_images.database, stored_images.store, stored_images.settings, 100, 60)
    assert len(stored_images.keys(ImageBucket.ORIGINALS)) == 8


def test_the_sweep_reports_what_it_did_and_stops_in_time(
    stored_images: StoredImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consistency, "_AT_ONCE", 2)
    stored_images.rows("DELETE FROM housekeeping WHERE flow = 'sweep'")
    stored_images.submit()
    strays = {stored_images.put_result(new_id(), new_id()) for _ in range(5)}

    def swept(limit: int, max_s: float, *, dry_run: bool = False) -> str:
        return sweep_store(
            stored_images.database, stored_images.store, stored_images.settings, limit, max_s, dry_run=dry_run
        )

    assert "orphaned results: 5" in swept(100, 60, dry_run=True)
    assert stored_images.keys(ImageBucket.RESULTS) == strays
    assert swept(100, 0).endswith("the time was over before the end")
    assert len(stored_images.keys(ImageBucket.RESULTS)) == 3
    assert stored_images.rows("SELECT 1 FROM housekeeping WHERE flow = 'sweep'") == []
    assert "removed results: 2" in swept(2, 60)
    assert "orphaned results: 1" in swept(2, 60)
    assert stored_images.keys(ImageBucket.RESULTS) == set()
    ((counts,),) = stored_images.rows("SELECT counts FROM housekeeping WHERE flow = 'sweep'")
    assert isinstance(counts, dict) and counts["removed_results"] == 1


def test_nothing_is_removed_while_the_database_has_no_image(stored_images: StoredImages) -> None:
    """As in a new database, or that of another installation."""
    stray = stored_images.put_result(new_id(), new_id())
    with pytest.raises(TooManyOrphans, match="1 of 1 objects"):
        sweep_store(stored_images.database, stored_images.store, stored_images.settings, 100, 60)
    assert stored_images.keys(ImageBucket.RESULTS) == {stray}


def test_more_than_a_fifth_of_a_small_store_is_left_to_a_person(stored_images: StoredImages) -> None:
    stored_images.submit()
    strays = {stored_images.put_result(new_id(), new_id()) for _ in range(21)}
    with pytest.raises(TooManyOrphans, match="21 of 21 objects"):
        sweep_store(stored_images.database, stored_images.store, stored_images.settings, 100, 60)
    assert stored_images.keys(ImageBucket.RESULTS) == strays


def test_a_sweep_that_is_killed_is_continued(stored_images: StoredImages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consistency, "_AT_ONCE", 2)
    monkeypatch.setattr("flows.sweep._PART_OBJECTS", 4)
    stored_images.submit(3)
    stored_images.publish()
    strays = sorted(stored_images.put_result(new_id(), new_id()) for _ in range(9))
    compared: list[str] = []
    listing = stored_images.store.list_all

    def dying(bucket: ImageBucket, after: str | None = None) -> Iterator[Listed]:
        for each in listing(bucket, after):
            if each.key == strays[5]:
                raise Killed
            yield each

    def noted(bucket: ImageBucket, after: str | None = None) -> Iterator[Listed]:
        for each in listing(bucket, after):
            if bucket is ImageBucket.RESULTS:
                compared.append(each.key)
            yield each

    def swept() -> str:
        return sweep_store(stored_images.database, stored_images.store, stored_images.settings, 100, 60)

    monkeypatch.setattr(stored_images.store, "list_all", dying)
    with pytest.raises(Killed):
        swept()
    monkeypatch.setattr(stored_images.store, "list_all", listing)
    left = stored_images.keys(ImageBucket.RESULTS) & set(strays)
    assert 0 < len(left) < 9, "the parts that were compared are repaired"
    monkeypatch.setattr(stored_images.store, "list_all", noted)
    assert f"removed results: {len(left)}" in swept()
    assert set(compared) == left, "it went on where it had stopped"
    monkeypatch.setattr(stored_images.store, "list_all", listing)
    assert not stored_images.keys(ImageBucket.RESULTS) & set(strays)
    assert "orphaned results: 0" in swept(), "a new pass starts at the beginning"
    assert stored_images.rows("SELECT 1 FROM sweep_positions") == []


def test_a_sweep_compares_each_object_once_whatever_its_parts(
    stored_images: StoredImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consistency, "_AT_ONCE", 2)
    monkeypatch.setattr("flows.sweep._PART_OBJECTS", 3)
    stored_images.submit(7)
    stored_images.publish()
    before = {bucket: stored_images.keys(bucket) for bucket in ImageBucket}
    said = sweep_store(stored_images.database, stored_images.store, stored_images.settings, 100, 60)
    assert said == (
        "orphaned originals: 0, missing originals: 0, returned originals: 0, "
        "orphaned results: 0, missing results: 0, returned results: 0, removed originals: 0, removed results: 0"
    )
    assert {bucket: stored_images.keys(bucket) for bucket in ImageBucket} == before


def test_parts_of_a_killed_upload_are_removed(stored_images: StoredImages) -> None:
    client, names = stored_images.store._client, stored_images.settings.store
    ours = client._create_multipart_upload(names.exports_bucket, "images/day=2026-01-01/part.parquet", {})
    client._upload_part(names.exports_bucket, "images/day=2026-01-01/part.parquet", b"1" * 5_242_880, {}, ours, 1)
    theirs = client._create_multipart_upload(names.exports_bucket, "theirs.tar", {})
    assert stored_images.store.abort_uploads(3600) == 0, "it may still go on"
    sweep_store(stored_images.database, stored_images.store, stored_images.settings, 100, 60)
    left = client._list_multipart_uploads(names.exports_bucket).uploads
    assert [each.object_name for each in left] == ["theirs.tar"]
    client._abort_multipart_upload(names.exports_bucket, "theirs.tar", theirs)
