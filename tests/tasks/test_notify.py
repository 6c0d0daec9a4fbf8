"""The task `notify`: which results stay in the store."""

from __future__ import annotations

from blurline.policy import Policy
from blurline.policy.profile import ProfileName
from blurline.storage.inventory import ImageBucket
from blurline.storage.store import Store
from sql.engine.database import Database
from sql.jobs.retries import retry_or_fail
from tasks.notify import notify
from tests.factories import RETRY_POLICY
from tests.tasks.one_image import image_of, submit, uploaded


def test_the_result_of_a_late_attempt_is_not_published_and_is_removed(database: Database, store: Store) -> None:
    submit(database, store, Policy(profile=ProfileName.FAST))
    late_work, late = uploaded(database)
    with database.transaction() as transaction:
        retry_or_fail(transaction, [late.attempt.id], "flow_run_lost", "It was lost.", RETRY_POLICY)
    work, item = uploaded(database)
    notify.fn(work)
    notify.fn(late_work)
    assert late.output is not None and item.output is not None
    image = image_of(database, item)
    assert (image.state, image.result_key) == ("published", item.output.key)
    assert store.has(ImageBucket.RESULTS, item.output.key)
    assert not store.has(ImageBucket.RESULTS, late.output.key)
