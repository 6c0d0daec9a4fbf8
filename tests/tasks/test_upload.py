"""The task `upload`: what it stores, and what a retry leaves alone."""

from __future__ import annotations

from blurline.policy import Policy
from blurline.policy.profile import ProfileName
from blurline.storage.inventory import ImageBucket
from blurline.storage.store import Store
from sql.engine.database import Database
from tasks.upload import upload
from tests.tasks.one_image import submit, uploaded


def test_the_result_and_its_previews_are_stored_once(database: Database, store: Store) -> None:
    submit(database, store, Policy(profile=ProfileName.FAST))
    work, item = uploaded(database)
    output = item.output
    assert output is not None and item.is_stored
    assert store.has(ImageBucket.RESULTS, output.key)
    for preview in output.previews:
        assert store.has(ImageBucket.RESULTS if preview.is_result else ImageBucket.ORIGINALS, preview.key)
    store.remove_all(ImageBucket.RESULTS, [output.key])
    upload.fn(work)
    assert not store.has(ImageBucket.RESULTS, output.key), "a retry stores only what is missing"
