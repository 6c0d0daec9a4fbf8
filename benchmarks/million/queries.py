"""Milliseconds of every query behind lists, reviews and statistics, through the API."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import httpx

from api.app import create_app
from blurline.access.tokens import LocalIssuer, Scope
from blurline.contract.statistics import FigureName
from blurline.settings import Settings
from tests.api_server import serving

_ROUNDS = 11  # enough for PostgreSQL to switch to a generic plan

Times = dict[str, dict[str, float]]


def measure(settings: Settings) -> Times:
    """For each query: the first time, which includes planning, the median of the others, and the slowest."""
    token = LocalIssuer(settings.home).issue("bench-1", list(Scope), 3600)
    with serving(create_app(settings)) as url, httpx.Client(base_url=url, timeout=120) as client:
        client.headers["Authorization"] = f"Bearer {token}"
        times = {
            path: _measured(partial(client.get, path)) for path in (*_lists(client), *_searches(client), *_figures())
        }
        times["POST /v1/reviews/next"] = _measured(partial(client.post, "/v1/reviews/next"))
    return times


def _lists(client: httpx.Client) -> list[str]:
    (job,) = client.get("/v1/jobs?limit=1").raise_for_status().json()["jobs"]
    (image,) = client.get("/v1/images?limit=1&state=published").raise_for_status().json()["images"]
    return [
        "/v1/jobs?limit=50",
        "/v1/jobs?limit=50&state=processing",
        "/v1/jobs?limit=50&label=desk:desk-3",
        "/v1/jobs?limit=50&owner=bench-3",
        f"/v1/jobs/{job['id']}",
        f"/v1/jobs/{job['id']}/images",
        f"/v1/jobs/{job['id']}/images?state=failed&limit=200",
        f"/v1/images/{image['id']}",
        f"/v1/images/{image['id']}/audit",
        "/v1/images?limit=100",
        "/v1/images?limit=100&owner=bench-3",
        "/v1/images?limit=100&state=failed",
        "/v1/images?limit=50&state=needs_review&sort=-doubt",
        "/v1/system",
    ]


def _searches(client: httpx.Client) -> list[str]:
    """Searches that find one image, some, half of all and none, alone and with other filters."""
    (job,) = client.get("/v1/jobs?limit=1").raise_for_status().json()["jobs"]
    (image,) = client.get("/v1/images?limit=1&state=published").raise_for_status().json()["images"]
    in_job = f"job={job['id']}"
    searches = [
        "name=IMG_0123456",
        "name=0815",
        "name=desk-3",
        "name=desk-3&sort=created_at",
        "name=jpg",
        "name=xylophone",
        "name=de",
        "name=0815&owner=bench-3",
        "name=0815&label=desk:desk-3",
        "name=0815&state=needs_review",
        "note=style_strengthened",
        "state=published&doubt_above=0.999",
        "state=published&doubt_above=0.6",
        "doubt_above=0.999",
        "state=published&sort=-doubt",
        f"{in_job}&sort=-doubt",
        f"{in_job}&name=0001&sort=position",
    ]
    return [
        *(f"/v1/images?limit=100&{search}" for search in searches),
        *(f"/v1/images/{image['id']}/neighbours?{search}" for search in ("name=0815", f"{in_job}&sort=-doubt")),
        f"/v1/image-count?{in_job}&state=published&doubt_above=0.6",
        "/v1/image-count?name=0815",
        "/v1/image-count?name=desk-3",
    ]


def _figures() -> list[str]:
    """Statistics over the whole year, over one owner, label and profile, and over one release and model."""
    year, month = (f"since={datetime.now(UTC) - timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}" for days in (400, 30))
    names = ["timeline", "throughput", "failures", "models", "releases", "durations", "queue", "review", "quality"]
    names += [f"histograms/{figure}" for figure in FigureName]
    parts = ("owner=bench-3&label=desk:desk-3&profile=standard", "made_by_version=0.2.0&model_sha256=0918")
    return [
        *(f"/v1/statistics/{name}?{year}" for name in names),
        *(f"/v1/statistics/{name}?{year}&{part}" for part in parts for name in names),
        f"/v1/statistics/timeline?{month}&bucket=hour",
        f"/v1/statistics?{year}",
        f"/v1/statistics?{month}",
    ]


def _measured(ask: Callable[[], httpx.Response]) -> dict[str, float]:
    times = []
    for _ in range(1 + _ROUNDS):
        started = time.perf_counter()
        ask().raise_for_status()
        times.append(round((time.perf_counter() - started) * 1000, 1))
    return {"first": times[0], "median": sorted(times[1:])[_ROUNDS // 2], "slowest": max(times)}
