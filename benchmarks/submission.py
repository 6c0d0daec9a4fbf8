"""How long it takes to submit 10,000 uploaded keys as one job."""

from __future__ import annotations

import io
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from benchmarks.stack import running_stack
from blurline.ids import new_id
from blurline.settings import Settings
from blurline.storage.store import Store

_KEYS = 10_000


def run() -> dict[str, Any]:
    """Seconds of POST /v1/jobs with the keys, and of the cancellation that follows."""
    with running_stack() as stack, stack.client() as client:
        settings = Settings.of(stack.variables())
        store = Store(settings)
        (upload,) = client.post("/v1/uploads").raise_for_status().json()["uploads"]
        prefix = upload["key"].rpartition("/")[0]
        keys = [f"{prefix}/{new_id()}" for _ in range(_KEYS)]
        with ThreadPoolExecutor(max_workers=16) as threads:
            list(threads.map(lambda key: store.put_original(key, io.BytesIO(b"no picture"), 10), keys))
        store.close()
        started = time.perf_counter()
        job = client.post("/v1/jobs", json={"images": [{"key": key} for key in keys]}).raise_for_status().json()
        submitted_s = time.perf_counter() - started
        started = time.perf_counter()
        client.post(f"/v1/jobs/{job['id']}/cancel").raise_for_status()
        return {
            "keys": _KEYS,
            "submitted_s": round(submitted_s, 2),
            "cancelled_s": round(time.perf_counter() - started, 2),
        }
