"""A batch of one image on its way through the tasks, over the real database and store."""

from __future__ import annotations

import io

from blurline.ids import new_id
from blurline.policy import Policy
from blurline.storage.store import Store
from sql.engine.database import Database
from sql.jobs.job_queries import ImageRow, find_image
from sql.jobs.submissions import NewJob, Original
from tasks.blur import blur
from tasks.detect import detect
from tasks.download import download
from tasks.nms import nms
from tasks.resize import resize
from tasks.upload import upload
from tasks.work import Item, Work
from tests.factories import create_job, dispatched
from tests.pictures import HOPPER


def submit(database: Database, store: Store, policy: Policy, data: bytes | None = None) -> None:
    """Submit one picture, by default one with a face."""
    data = HOPPER.read_bytes() if data is None else data
    stored = store.put_original(f"0123456789abcdef/direct/{new_id()}", io.BytesIO(data), len(data))
    original = Original("a.jpg", stored.key, stored.etag, stored.size_bytes)
    create_job(database, NewJob("ann", policy, [original], "backlog"))


def uploaded(database: Database) -> tuple[Work, Item]:
    """The waiting batch after every task but `notify`, and its only item."""
    (batch_id,) = dispatched(database)
    work = Work(batch_id)
    for task in (download, resize, detect, nms, blur, upload):
        task.fn(work)
    (item,) = work.items or []
    return work, item


def image_of(database: Database, item: Item) -> ImageRow:
    """The item's image."""
    image = find_image(database, None, item.attempt.image_id)
    assert image is not None
    return image
