"""download: read and validate the originals."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from prefect import task

from blurline.errors import PictureTooLarge
from blurline.limits import Limits
from blurline.picture.decode import read_header
from blurline.policy import Policy
from blurline.policy.least_policy import at_least
from blurline.settings import load_settings
from blurline.storage.store import SubmittedOriginal
from models import plan_for
from sql.jobs.attempts import Attempt, start_batch
from tasks.resources import database, store
from tasks.source_url import fetching, keep
from tasks.work import TASK, DownloadedOriginal, Item, Work


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
        work.job_id, work.policy = batch.job_id, policy
        work.items = [Item(attempt) for attempt in batch.attempts]
        work.plan = plan_for(policy if _detects(work.items) else _of_faces(policy), settings)

    remote = [item.attempt for item in work.items if _is_remote(item)]
    with fetching(remote, settings) as fetched:

        def step(item: Item) -> None:
            if item.attempt.original_etag is None:
                data = fetched(item.attempt)
                original = validated(data, settings.pictures.limits)
                keep(item.attempt, data, settings)
            else:
                check_size(item.attempt, settings.pictures.limits)
                original = validated(_stored(item.attempt), settings.pictures.limits)
            item.original = original

        work.advance("download", lambda item: item.original is not None, step)


def check_size(attempt: Attempt, limits: Limits) -> None:
    """Raise PictureTooLarge before a file is read. Only a source has larger files: the API refuses them."""
    if attempt.original_bytes > limits.file_bytes:
        raise PictureTooLarge(
            f"The file has {attempt.original_bytes / 1e6:.1f} MB, but at most {limits.file_bytes / 1e6:.0f} MB are "
            "accepted."
        )


def _detects(items: Sequence[Item]) -> bool:
    """Whether a detector has to run: reviewers have not marked everything."""
    return any(not item.skips_detection for item in items)


def _of_faces(policy: Policy) -> Policy:
    """The policy without other classes, whose detectors need not be there for boxes that a reviewer has marked."""
    return policy.model_copy(update={"other_classes": None})


def _is_remote(item: Item) -> bool:
    """Whether the original is still to be fetched from its URL."""
    return item.attempt.original_etag is None and item.original is None and item.error is None


def _stored(attempt: Attempt) -> bytes:
    assert attempt.original_etag is not None
    return store().read_original(
        SubmittedOriginal(
            attempt.original_key, attempt.original_etag, attempt.original_sha256, attempt.source, attempt.source_key
        )
    )
