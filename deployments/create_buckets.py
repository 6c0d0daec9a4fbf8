"""Create the buckets of a store that may just have started."""

from __future__ import annotations

import time

from blurline.errors import RetryableError
from blurline.settings import Settings
from blurline.storage.store import Store

_TIMEOUT_S = 30
_POLL_S = 0.3
_PROBE = "buckets-probe"


def make_buckets(settings: Settings) -> None:
    """Create the missing buckets, then write a probe: a store that has just started may refuse writes at first.

    Raises StoreUnavailable after half a minute of refusals.
    """
    store, deadline_s = Store(settings), time.monotonic() + _TIMEOUT_S
    try:
        while True:
            try:
                store.ensure_buckets()
                store.put_result(_PROBE, b"written", "text/plain")
                store.remove_result(_PROBE)
                return
            except RetryableError:
                if time.monotonic() > deadline_s:
                    raise
                time.sleep(_POLL_S)
    finally:
        store.close()
