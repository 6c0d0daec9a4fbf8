"""The store against the database: what nothing names goes, what is missing is said, what is under way stays."""

from __future__ import annotations

from uuid import UUID

import pytest

from blurline.ids import new_id
from blurline.storage.inventory import Bucket
from blurline.storage.preview_keys import PreviewSize, preview_key
from sql.deletion.deletions import delete_image, grace_periods
from sql.deletion.object_removal import remove_objects
from sql.upkeep import consistency
from sql.upkeep.consistency import Findings, grace_s, inspect, repair_bucket
from sql.upkeep.store_rows import expected
from tests.stored_images import OWN_HASH, Shelf

NO_GRACE_S = -60.0


def found(shelf: Shelf, bucket: Bucket, grace: float = NO_GRACE_S) -> Findings:
    return inspect(shelf.database, shelf.store, bucket, grace)


def keys_of(shelf: Shelf) -> tuple[str, str]:
    """Of the only image."""
    ((original, result),) = shelf.rows("SELECT original_key, result_key FROM images")
    return str(original), str(result)


def test_a_store_that_agrees_is_left_as_it_is(shelf: Shelf) -> None:
    shelf.submit(3)
    shelf.publish()
    before = {bucket: shelf.keys(bucket) for bucket in Bucket}
    for bucket in Bucket:
        findings = found(shelf, bucket)
        assert (findings.objects, findings.images, findings.differences) == (6, 3, 0)
        repair_bucket(shelf.database, shelf.store, findings)
        assert shelf.keys(bucket) == before[bucket]


def test_what_nothing_names_goes_once_it_is_old(shelf: Shelf) -> None:
    shelf.submit()
    (attempt,) = shelf.publish()
    upload = f"{OWN_HASH}/{new_id()}"
    shelf.store.put_original_preview(upload, b"never submitted", "image/jpeg")
    died = shelf.put_result(attempt.image_id, new_id())  # of an attempt that ended before it could publish
    shelf.store.put_result(preview_key(died, PreviewSize.THUMB), b"thumb", "image/jpeg")
    without_image = shelf.put_result(new_id(), new_id())
    orphans = {Bucket.ORIGINALS: {upload}, Bucket.RESULTS: {died, preview_key(died, PreviewSize.THUMB), without_image}}
    kept = {bucket: shelf.keys(bucket) - orphans[bucket] for bucket in Bucket}
    for bucket in Bucket:
        young = found(shelf, bucket, grace_s(shelf.settings))
        assert (young.differences, young.young) == (0, len(orphans[bucket]))
        findings = found(shelf, bucket)
        assert {each.key for each in findings.orphans} == orphans[bucket]
        assert repair_bucket(shelf.database, shelf.store, findings).orphans_removed == len(orphans[bucket])
        assert shelf.keys(bucket) == kept[bucket]


def test_what_an_attempt_may_still_publish_stays_however_old(shelf: Shelf) -> None:
    shelf.submit()
    shelf.rows("UPDATE images SET state = 'processing'")
    ((image_id, attempt_id),) = shelf.rows("SELECT id, open_attempt_id FROM images")
    assert isinstance(image_id, UUID) and isinstance(attempt_id, UUID)
    shelf.put_result(image_id, attempt_id)
    assert found(shelf, Bucket.RESULTS).differences == 0


def test_an_original_that_is_still_to_be_fetched_is_not_missing(shelf: Shelf) -> None:
    shelf.submit()
    original, _ = keys_of(shelf)
    shelf.rows("UPDATE images SET original_etag = NULL, source_url = 'https://a.example/1.jpg'")
    shelf.store.remove_original(original)
    assert found(shelf, Bucket.ORIGINALS).differences == 0


def test_what_is_missing_is_said_until_it_is_there_again(shelf: Shelf) -> None:
    shelf.submit(2)
    shelf.publish()
    ((image_id, original, result),) = shelf.rows("SELECT id, original_key, result_key FROM images ORDER BY id LIMIT 1")
    shelf.store.remove_original(str(original))
    shelf.store.remove_result(str(result))
    for bucket, key in ((Bucket.ORIGINALS, original), (Bucket.RESULTS, result)):
        findings = found(shelf, bucket)
        assert [(each.image_id, each.key) for each in findings.missing] == [(image_id, key)]
        assert repair_bucket(shelf.database, shelf.store, findings).missing_noted == 1
        noted = found(shelf, bucket)
        assert (noted.differences, noted.known_missing) == (0, 1)
    said = "SELECT original_gone_why, result_gone_why FROM images ORDER BY id"
    assert shelf.rows(said) == [("missing", "missing"), (None, None)]

    shelf.store.put_original_preview(str(original), b"from a backup", "image/jpeg")
    shelf.store.put_result(str(result), b"from a backup", "image/jpeg")
    for bucket in Bucket:
        findings = found(shelf, bucket)
        assert findings.returned_count == 1
        assert repair_bucket(shelf.database, shelf.store, findings).returned_noted == 1
        assert found(shelf, bucket).differences == 0
    assert shelf.rows(said) == [(None, None), (None, None)]


def test_objects_of_others_are_left_alone(shelf: Shelf) -> None:
    shelf.store.put_original_preview("backup/2026.tar", b"theirs", "image/jpeg")
    findings = found(shelf, Bucket.ORIGINALS)
    assert (findings.foreign, findings.differences) == (1, 0)


def test_what_a_deletion_is_about_to_remove_is_no_orphan(shelf: Shelf) -> None:
    shelf.submit()
    (attempt,) = shelf.publish()
    delete_image(shelf.database, None, attempt.image_id, "ann", grace_periods(shelf.settings))
    for bucket in Bucket:
        assert found(shelf, bucket).differences == 0


@pytest.mark.parametrize("bucket", Bucket)
def test_a_suspicion_is_looked_at_again(shelf: Shelf, bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the streams are read, an image is published and another is deleted."""
    shelf.submit()
    (published,) = shelf.publish()
    shelf.submit()
    (deleted,) = shelf.publish()
    rows = list(expected(shelf.database, bucket))
    delete_image(shelf.database, None, deleted.image_id, "ann", grace_periods(shelf.settings))
    while remove_objects(shelf.database, shelf.store):
        pass
    stale = [row for row in rows if row.image_id != published.image_id]
    monkeypatch.setattr(consistency, "expected", lambda *_: iter(stale))
    assert found(shelf, bucket).differences == 0


def test_an_orphan_that_is_named_before_it_is_removed_stays(shelf: Shelf) -> None:
    shelf.submit()
    (attempt,) = shelf.publish()
    stray = shelf.put_result(attempt.image_id, new_id())
    findings = found(shelf, Bucket.RESULTS)
    shelf.rows("UPDATE images SET result_key = %s", stray)
    assert repair_bucket(shelf.database, shelf.store, findings).orphans_removed == 0
    assert stray in shelf.keys(Bucket.RESULTS)


def test_keys_come_in_the_order_of_the_store(shelf: Shelf) -> None:
    """Which is that of their bytes, whatever the database's own is."""
    shelf.submit(3)
    shelf.publish()
    shelf.rows("UPDATE images SET original_key = 'ABCD' || substr(original_key, 5) WHERE position = 1")
    places = [row.place for row in expected(shelf.database, Bucket.ORIGINALS)]
    assert places == sorted(places)
    assert [each.key for each in shelf.store.list_all(Bucket.ORIGINALS)] == sorted(shelf.keys(Bucket.ORIGINALS))
