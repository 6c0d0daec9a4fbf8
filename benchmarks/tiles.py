"""The tiles of a picture of 200 megapixels: how long the first look waits, then one tile, and what fills a screen."""

from __future__ import annotations

import hashlib
import io
import os
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import psutil
from PIL import Image

from blurline.access.tokens import LocalIssuer, Scope
from blurline.settings import Settings
from blurline.storage.store import Store
from sql.engine.database import Database
from sql.jobs.publishing import ReviewReason, publish
from tests.api_requests import underway
from tests.factories import result
from tests.pictures import GROUP
from tests.servers import running_apis, running_servers

_SIZE_PX = (20_000, 10_000)
_SCREEN_TILES = (4, 3)  # 1920 x 1080 at full resolution, not on the borders of tiles
_AT_ONCE = 6  # as the dashboard's viewer
_TILES, _SCREENS = 300, 60
_LIMIT_MS = 300


def run() -> dict[str, Any]:
    """Seconds to cut the result and the original, milliseconds of a tile and of a screen, and memory of the API."""
    with tempfile.TemporaryDirectory() as folder, running_servers(Path(folder)) as servers:
        settings = servers.replace(prefect_api_url="http://127.0.0.1:9/api", requests_per_minute=0)
        with running_apis(settings, 1) as (replica,):
            memory = psutil.Process(replica.process.pid)
            before_mb = memory.memory_info().rss / 1e6
            token = LocalIssuer(settings.home).issue("rita", [Scope.SUBMIT, Scope.REVIEW], 3600)
            headers = {"Authorization": f"Bearer {token}"}
            with httpx.Client(base_url=replica.url, headers=headers, timeout=300) as client:
                url = f"/v1/images/{_held(settings, client)}/tiles"
                report: dict[str, Any] = {"megapixels": _SIZE_PX[0] * _SIZE_PX[1] // 10**6}
                for of in ("result", "original"):
                    report[of] = _measured(client, url, of)
            report["api_rss_mb"] = {"before": round(before_mb), "after": round(memory.memory_info().rss / 1e6)}
            report["load_average"] = round(os.getloadavg()[0], 1)
            return report


def _held(settings: Settings, client: httpx.Client) -> str:
    """Submit the picture, and hold it with itself as its result; the image's id."""
    data = _picture()
    client.post("/v1/jobs", files=[("files", ("a.jpg", data))]).raise_for_status()
    database, store = Database(settings.database.conninfo), Store(settings)
    (attempt,) = underway(database, settings)
    key = f"{attempt.image_id}/{attempt.id}.jpg"
    store.put_result(key, data, "image/jpeg")
    with database.transaction() as transaction:
        made = replace(result(key, 0.5), original_sha256=hashlib.sha256(data).hexdigest())
        publish(transaction, attempt, made, ReviewReason("doubtful", "Look at it."))
    database.close()
    return str(attempt.image_id)


def _picture() -> bytes:
    whole = Image.new("RGB", _SIZE_PX)
    with Image.open(GROUP) as group:
        for left in range(0, whole.width, group.width):
            for top in range(0, whole.height, group.height):
                whole.paste(group, (left, top))
    file = io.BytesIO()
    whole.save(file, "JPEG", quality=85)
    return file.getvalue()


def _measured(client: httpx.Client, url: str, of: str) -> dict[str, Any]:
    started = time.perf_counter()
    shape = client.get(url, params={"of": of}).raise_for_status().json()
    first_s = time.perf_counter() - started
    frame, side_px = shape["frames"][0], shape["tile_px"]
    columns, rows = frame["width_px"] // side_px, frame["height_px"] // side_px
    chosen = random.Random(1)

    def tile(column: int, row: int) -> None:
        client.get(f"{url}/{frame['top_level']}/{column}/{row}", params={"of": of}).raise_for_status()

    def tiles() -> Iterator[float]:
        for _ in range(_TILES):
            yield _ms(lambda: tile(chosen.randrange(columns), chosen.randrange(rows)))

    def screen() -> None:
        left, top = chosen.randrange(columns - _SCREEN_TILES[0]), chosen.randrange(rows - _SCREEN_TILES[1])
        places = [(left + right, top + down) for right in range(_SCREEN_TILES[0]) for down in range(_SCREEN_TILES[1])]
        list(threads.map(lambda place: tile(*place), places))

    with ThreadPoolExecutor(_AT_ONCE) as threads:
        one, all_ = list(tiles()), [_ms(screen) for _ in range(_SCREENS)]
    return {
        "first_look_s": round(first_s, 1),
        "tile_ms": _spread(one),
        "screen_ms": _spread(all_),
        "screens_within_limit": f"{sum(each <= _LIMIT_MS for each in all_)} of {len(all_)} within {_LIMIT_MS} ms",
    }


def _ms(act: Any) -> float:
    started = time.perf_counter()
    act()
    return (time.perf_counter() - started) * 1000


def _spread(values: list[float]) -> dict[str, int]:
    cuts = statistics.quantiles(values, n=100)
    return {"p50": round(cuts[49]), "p95": round(cuts[94]), "p99": round(cuts[98])}
