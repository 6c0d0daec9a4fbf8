"""The store against the database: orphans are removed, missing objects reported, open attempts left alone."""

from __future__ import annotations

from uuid import UUID

import pytest

from blurline.ids import new_id
from blurline.storage.inventory import ImageBucket
from blurline.storage.preview_keys import PreviewSize, preview_key
from sql.deletion.deletions import delete_image, grace_periods
from sql.deletion.object_removal import remove_objects
from sql.upkeep import consistency
from sql.upkeep.consistency import Findings, grace_s, inspect, repair_bucket
from sql.upkeep.store_rows import expected
from tests.stored_images import OWN_HASH, StoredImages

NO_GRACE_S = -60.0


def found(stored_images: StoredImages, bucket: ImageBucket, grace: float = NO_GRACE_S) -> Findings:
    return inspect(stored_images.database, stored_images.store, bucket, grace)


def keys_of(stored_images: StoredImages) -> tuple[str, str]:
    """The keys of the original and the result of the only image."""
    ((original, result),) = stored_images.rows("SELECT original_key, result_key FROM images")
    return str(original), str(result)


def test_a_consistent_store_is_unchanged(stored_images: StoredImages) -> None:
    stored_images.submit(3)
    stored_images.publish()
    before = {bucket: stored_images.keys(bucket) for bucket in ImageBucket}
    for bucket in ImageBucket:
        findings = found(stored_images, bucket)
        assert (findings.objects, findings.images, findings.differences) == (6, 3, 0)
        repair_bucket(stored_images.database, stored_images.store, findings)
        assert stored_images.keys(bucket) == before[bucket]


def test_old_orphans_are_removed(stored_images: StoredImages) -> None:
    stored_images.submit()
    (attempt,) = stored_images.publish()
    upload = f"{OWN_HASH}/{new_id()}"
    stored_images.store.put_original_preview(upload, b"never submitted", "image/jpeg")
    died = stored_images.put_result(attempt.image_id, new_id())  # of an attempt that ended before it could publish
    stored_images.store.put_result(preview_key(died, PreviewSize.THUMB), b"thumb", "image/jpeg")
    without_image = stored_images.put_result(new_id(), new_id())
    orphans = {
        ImageBucket.ORIGINALS: {upload},
        ImageBucket.RESULTS: {died, preview_key(died, PreviewSize.THUMB), without_image},
    }
    kept = {bucket: stored_images.keys(bucket) - orphans[bucket] for bucket in ImageBucket}
    for bucket in ImageBucket:
        young = found(stored_images, bucket, grace_s(stored_images.settings))
        assert (young.differences, young.young) == (0, len(orphans[bucket]))
        findings = found(stored_images, bucket)
        assert {each.key for each in findings.orphans} == orphans[bucket]
        assert repair_bucket(stored_images.database, stored_images.store, findings).orphans_removed == len(
            orphans[bucket]
        )
        assert stored_images.keys(bucket) == kept[bucket]


def test_objects_of_an_open_attempt_stay_at_any_age(stored_images: StoredImages) -> None:
    stored_images.submit()
    stored_images.rows("UPDATE images SET state = 'processing'")
    ((image_id, attempt_id),) = stored_images.rows("SELECT id, open_attempt_id FROM images")
    assert isinstance(image_id, UUID) and isinstance(attempt_id, UUID)
    stored_images.put_result(image_id, attempt_id)
    assert found(stored_images, ImageBucket.RESULTS).differences == 0


def test_an_original_not_yet_fetched_is_not_missing(stored_images: StoredImages) -> None:
    stored_images.submit()
    original, _ = keys_of(stored_images)
    stored_images.rows("UPDATE images SET original_etag = NULL, source_url = 'https://a.example/1.jpg'")
    stored_images.store.remove_original(original)
    assert found(stored_images, ImageBucket.ORIGINALS).differences == 0


def test_missing_objects_are_reported_until_they_return(stored_images: StoredImages) -> None:
    stored_images.submit(2)
    stored_images.publish()
    ((image_id, original, result),) = stored_images.rows(
        "SELECT id, original_key, result_key FROM images ORDER BY id LIMIT 1"
    )
    stored_images.store.remove_original(str(original))
    stored_images.store.remove_result(str(result))
    for bucket, key in ((ImageBucket.ORIGINALS, original), (ImageBucket.RESULTS, result)):
        findings = found(stored_images, bucket)
        assert [(each.image_id, each.key) for each in findings.missing] == [(image_id, key)]
        assert repair_bucket(stored_images.database, stored_images.store, findings).missing_noted == 1
        noted = found(stored_images, bucket)
        assert (noted.differences, noted.known_missing) == (0, 1)
    said = "SELECT original_gone_why, result_gone_why FROM images ORDER BY id"
    assert stored_images.rows(said) == [("missing", "missing"), (None, None)]

    stored_images.store.put_original_preview(str(original), b"from a backup", "image/jpeg")
    stored_images.store.put_result(str(result), b"from a backup", "image/jpeg")
    for bucket in ImageBucket:
        findings = found(stored_images, bucket)
        assert findings.returned_count == 1
        assert repair_bucket(stored_images.database, stored_images.store, findings).returned_noted == 1
        assert found(stored_images, bucket).differences == 0
    assert stored_images.rows(said) == [(None, None), (None, None)]


def test_objects_of_other_programs_are_left_alone(stored_images: StoredImages) -> None:
    stored_images.store.put_original_preview("backup/2026.tar", b"theirs", "image/jpeg")
    findings = found(stored_images, ImageBucket.ORIGINALS)
    assert (findings.foreign, findings.differences) == (1, 0)


def test_an_object_of_a_pending_deletion_is_not_an_orphan(stored_images: StoredImages) -> None:
    stored_images.submit()
    (attempt,) = stored_images.publish()
    delete_image(stored_images.database, None, attempt.image_id, "ann", grace_periods(stored_images.settings))
    for bucket in ImageBucket:
        assert found(stored_images, bucket).differences == 0


@pytest.mark.parametrize("bucket", ImageBucket)
def test_a_suspected_difference_is_checked_again(
    stored_images: StoredImages, bucket: ImageBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the streams are read, an image is published and another is deleted."""
    stored_images.submit()
    (published,) = stored_images.publish()
    stored_images.submit()
    (deleted,) = stored_images.publish()
    rows = list(expected(stored_images.database, bucket))
    delete_image(stored_images.database, None, deleted.image_id, "ann", grace_periods(stored_images.settings))
    while remove_objects(stored_images.database, stored_images.store).tried:
        pass
    stale = [row for row in rows if row.image_id != published.image_id]
    monkeypatch.setattr(consistency, "expected", lambda *_: iter(stale))
    assert found(stored_images, bucket).differences == 0


def test_an_orphan_that_a_row_names_before_its_removal_stays(stored_images: StoredImages) -> None:
    stored_images.submit()
    (attempt,) = stored_images.publish()
    stray = stored_images.put_result(attempt.image_id, new_id())
    findings = found(stored_images, ImageBucket.RESULTS)
    stored_images.rows("UPDATE images SET result_key = %s", stray)
    assert repair_bucket(stored_images.database, stored_images.store, findings).orphans_removed == 0
    assert stray in stored_images.keys(ImageBucket.RESULTS)


def test_keys_are_read_in_the_order_of_the_store(stored_images: StoredImages) -> None:
    """The order of their bytes, under any collation of the database."""
    stored_images.submit(3)
    stored_images.publish()
    stored_images.rows("UPDATE images SET original_key = 'ABCD' || substr(original_key, 5) WHERE position = 1")
    places = [row.place for row in expected(stored_images.database, ImageBucket.ORIGINALS)]
    assert places == sorted(places)
    assert [each.key for each in stored_images.store.list_all(ImageBucket.ORIGINALS)] == sorted(
        stored_images.keys(ImageBucket.ORIGINALS)
    )
