"""The nightly sweep: it reports what it did, stops in time, and refuses an implausible removal."""

from __future__ import annotations

import pytest

from blurline.ids import new_id
from blurline.storage.inventory import ImageBucket
from flows.sweep import sweep_store
from sql.upkeep import consistency
from sql.upkeep.consistency import TooManyOrphans
from tests.stored_images import StoredImages


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
