"""download: read and validate the originals."""

from __future__ import annotations

import hashlib

from prefect import task

from blurline.errors import PermanentError
from blurline.limits import Limits
from blurline.opening import read_header
from blurline.settings import load_settings
from models import look_for
from sql.attempts import start_batch
from tasks.resources import database, store
from tasks.work import TASK, Item, Original, Work


class OriginalChanged(PermanentError):
    """The stored object is not the one that was submitted."""

    code = "original_changed"


def validated(data: bytes, limits: Limits) -> Original:
    """File bytes -> original, identified by content. Raises PictureError when it cannot be treated."""
    return Original(data, hashlib.sha256(data).hexdigest(), read_header(data, limits))


@task(name="download", timeout_seconds=600, **TASK)
def download(work: Work) -> None:
    """Open the batch, then fetch every original of it."""
    settings = load_settings()
    if work.items is None:
        batch = start_batch(database(), work.batch_id, is_retry=work.is_retry)
        if batch is None:
            work.items = []
            return
        work.job_id, work.policy, work.look = batch.job_id, batch.policy, look_for(batch.policy, settings)
        work.items = [Item(attempt) for attempt in batch.attempts]

    def step(item: Item) -> None:
        data, etag = store().get_original(item.attempt.original_key)
        if etag != item.attempt.original_etag:
            raise OriginalChanged("The uploaded file was replaced after it was submitted. Upload and submit it again.")
        item.original = validated(data, settings.limits)

    work.advance("download", lambda item: item.original is not None, step)
