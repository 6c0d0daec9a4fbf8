"""Fetch originals that were submitted by URL. Each is fetched once; the stored file is then the original."""

from __future__ import annotations

import io
import math
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from uuid import UUID

from blurline.errors import HostUnavailable, PermanentError
from blurline.settings import Settings
from blurline.storage.store import StoredObject
from sql.jobs.attempts import Attempt
from sql.jobs.originals import keep_original
from sql.jobs.quotas import default_quotas
from tasks.resources import database, outbound, store

_AT_ONCE = 8
_PAUSES_S = (1.0, 2.0)


class UrlsNotAllowed(PermanentError):
    """Fetching images from URLs is disabled."""

    code = "urls_not_allowed"


class UrlUnavailable(PermanentError):
    """The URL's server did not serve the picture in several tries."""

    code = "url_unavailable"


class AttemptSuperseded(PermanentError):
    """The attempt was cancelled or replaced by another."""

    code = "attempt_superseded"


@contextmanager
def fetching(attempts: Sequence[Attempt], settings: Settings) -> Iterator[Callable[[Attempt], bytes]]:
    """Fetch the originals of these attempts in parallel, so that a slow server delays only its own pictures.

    Yields a function that waits for the file of one attempt; call it once per attempt. It raises AddressRefused,
    NotServed, PictureTooLarge, UrlsNotAllowed and UrlUnavailable.
    """
    with ThreadPoolExecutor(_AT_ONCE, "fetch") as pool:
        futures: dict[UUID, Future[bytes]] = {
            attempt.id: pool.submit(_fetched, attempt, settings) for attempt in attempts
        }
        yield lambda attempt: futures.pop(attempt.id).result()


def keep(attempt: Attempt, data: bytes, settings: Settings) -> None:
    """Store a fetched original as the image's original. Raises AttemptSuperseded and OverQuota."""

    def put() -> StoredObject:
        return store().put_original(attempt.original_key, io.BytesIO(data), len(data))

    is_kept = keep_original(database(), attempt, len(data), default_quotas(settings), put)
    if not is_kept:
        raise AttemptSuperseded("The image was deleted or cancelled, or another attempt has replaced this one.")


def _fetched(attempt: Attempt, settings: Settings) -> bytes:
    """Fetch the file at the attempt's URL, with a few retries within the time limit of one URL."""
    if not settings.outbound.allow_urls:
        raise UrlsNotAllowed("Fetching images from URLs is disabled. Upload the picture instead.")
    assert attempt.source_url is not None
    ends_at = time.monotonic() + settings.outbound.timeout_s
    for pause_s in (*_PAUSES_S, math.inf):
        try:
            return outbound().fetch(attempt.source_url, settings.pictures.limits.file_bytes, ends_at - time.monotonic())
        except HostUnavailable as error:
            fault = error
        if time.monotonic() + pause_s >= ends_at:
            break
        time.sleep(pause_s)
    raise UrlUnavailable(f"{fault} Submit the picture again later, or upload it.") from fault
