"""download: read and validate the originals."""

from __future__ import annotations

import hashlib

from prefect import task

from blurline.errors import PermanentError
from blurline.limits import Limits
from blurline.picture.decode import read_header
from blurline.policy.least_policy import at_least
from blurline.settings import load_settings
from models import plan_for
from sql.jobs.attempts import Attempt, start_batch
from tasks.resources import database, store
from tasks.source_url import fetching, keep
from tasks.work import TASK, DownloadedOriginal, Item, Work


class OriginalChanged(PermanentError):
    """The stored object differs from the submitted one."""

    code = "original_changed"


def validated(data: bytes, limits: Limits) -> DownloadedOriginal:
    """File bytes -> original, identified by content. Raises PictureError when it cannot be processed."""
    return DownloadedOriginal(data, hashlib.sha256(data).hexdigest(), read_header(data, limits))


@task(name="download", timeout_seconds=600, **TASK)
def download(work: Work) -> None:
    """Open the batch, then fetch its originals."""
    settings = load_settings()
    if work.items is None:
        batch = start_batch(database(), work.batch_id, is_retry=work.is_retry)
        if batch is None:
            work.items = []
            return
        policy = at_least(batch.policy, settings)  # the least policy may be newer than the batch
        work.job_id, work.policy, work.plan = batch.job_id, policy, plan_for(policy, settings)
        work.items = [Item(attempt) for attempt in batch.attempts]

    remote = [item.attempt for item in work.items if _is_remote(item)]
    with fetching(remote, settings) as fetched:

        def step(item: Item) -> None:
            if item.attempt.original_etag is None:
                data = fetched(item.attempt)
                original = validated(data, settings.pictures.limits)
                keep(item.attempt, data, settings)
            else:
                original = validated(_stored(item.attempt), settings.pictures.limits)
            item.original = original

        work.advance("download", lambda item: item.original is not None, step)


def _is_remote(item: Item) -> bool:
    """Whether the original is still to be fetched from its URL."""
    return item.attempt.original_etag is None and item.original is None and item.error is None


def _stored(attempt: Attempt) -> bytes:
    data, etag = store().get_original(attempt.original_key)
    if etag != attempt.original_etag:
        raise OriginalChanged("The uploaded file was replaced after it was submitted. Upload and submit it again.")
    return data
