"""(g) Milliseconds of every query behind lists, reviews and statistics with 1,000,000 images and 5,000,000 boxes."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psycopg

from api.app import create_app
from blurline.figures import FigureName
from blurline.settings import Settings
from blurline.tokens import LocalIssuer, Scope
from tests.api.serving import serving
from tests.servers import running_servers

IMAGES = 1_000_000
_IMAGES_A_JOB = 200
_BOXES_AN_IMAGE = 5
_DECISIONS = 20_000
_ROUNDS = 11  # more than it takes PostgreSQL to settle on one plan for all
_TRIGGERED = ("images", "detections")

_JOBS = """
INSERT INTO jobs (id, owner, policy, labels, created_at, finished_at)
SELECT gen_random_uuid(), 'bench-' || n %% 20,
       jsonb_build_object('profile', (ARRAY['standard', 'standard', 'fast', 'thorough'])[1 + n %% 4]),
       jsonb_build_object('desk', 'desk-' || n %% 10, 'assignment', (n %% 500)::text), at, at + interval '10 minutes'
FROM generate_series(1, %(jobs)s) AS n
CROSS JOIN LATERAL (SELECT now() - n * interval '1 year' / %(jobs)s AS at) AS times
"""
_BATCHES = """
INSERT INTO batches (id, job_id, queue, policy, created_at)
SELECT gen_random_uuid(), id, 'backlog', policy, created_at FROM jobs
"""
_FILLED = """
INSERT INTO images (id, job_id, position, name, original_key, original_etag, original_bytes, state, error_code,
                    error_message, result_attempt_id, result_key, result_media_type, result_bytes, result_sha256,
                    original_sha256, width_px, height_px, frames, faces, doubt, policy, model, processing_ms, stage_ms,
                    created_at, started_at, settled_at, finished_at)
SELECT gen_random_uuid(), jobs.id, n, n || '.jpg', gen_random_uuid(), 'e', 3000000, state,
       CASE state WHEN 'failed' THEN (ARRAY['unreadable_picture', 'too_large'])[1 + n %% 2]
                  WHEN 'needs_review' THEN 'doubtful' END,
       CASE WHEN state <> 'published' THEN 'A sentence about it.' END,
       attempt_id, 'r', 'image/jpeg', 2900000, repeat('a', 64), repeat('b', 64), 4000, 3000, 1,
       CASE WHEN state <> 'failed' THEN %(boxes)s - 1 END, CASE WHEN state <> 'failed' THEN random() END,
       jobs.policy, '{"name": "centerface", "sha256": "0918"}', 200 + 600 * random(),
       '{"download": 20, "resize": 60, "detect": 300, "nms": 2, "blur": 90, "upload": 30}',
       created_at, created_at + n * interval '2 seconds', created_at + n * interval '2 seconds' + interval '1 second',
       created_at + n * interval '2 seconds' + interval '1 second'
FROM (
    SELECT jobs.*, n,
           CASE WHEN n %% 50 = 0 THEN 'failed' WHEN n %% 33 = 0 THEN 'needs_review' ELSE 'published' END AS state,
           CASE WHEN n %% 50 > 0 THEN gen_random_uuid() END AS attempt_id
    FROM jobs, generate_series(1, %(images)s) AS n
) AS jobs
"""
_ATTEMPTS = """
INSERT INTO attempts (id, image_id, batch_id, number, outcome, created_at, started_at, finished_at)
SELECT result_attempt_id, images.id, batches.id, 1,
       CASE state WHEN 'published' THEN 'published' ELSE 'held' END,
       images.created_at, images.started_at, images.finished_at
FROM images JOIN batches USING (job_id) WHERE result_attempt_id IS NOT NULL
"""
_DETECTIONS = """
INSERT INTO detections (attempt_id, ordinal, x1, y1, x2, y2, score, destroyed)
SELECT id, n, x, y, x + side, y + side * 1.2,
       CASE WHEN n = %(boxes)s THEN 0.1 + random() / 10 ELSE 0.4 + random() * 0.6 END, n < %(boxes)s
FROM (
    SELECT id, n, n * 700 + random() * 100 AS x, random() * 2000 AS y, 10 + 500 * random() ^ 3 AS side
    FROM attempts, generate_series(1, %(boxes)s) AS n
) AS boxes
"""
_DECIDED = """
INSERT INTO decisions (id, image_id, attempt_id, reviewer, kind, added, created_at)
SELECT gen_random_uuid(), id, result_attempt_id, 'rita', CASE WHEN misses THEN 'corrected' ELSE 'approved' END,
       CASE WHEN misses THEN '[{"frame": 0, "x1": 10, "y1": 10, "x2": 50, "y2": 60, "score": 1}]'::jsonb ELSE '[]' END,
       finished_at + random() * interval '2 hours'
FROM (SELECT *, random() < 0.1 AS misses FROM images WHERE state = 'published' LIMIT %(decisions)s) AS images
"""


def run() -> dict[str, Any]:
    """How long filling took, and what `measure` finds."""
    with tempfile.TemporaryDirectory() as folder, running_servers(Path(folder)) as settings:
        started = time.perf_counter()
        fill(settings.database, IMAGES)
        filled_s = round(time.perf_counter() - started)
        return {"images": IMAGES, "boxes": IMAGES * _BOXES_AN_IMAGE, "fill_s": filled_s} | measure(settings)


def fill(database: str, images: int) -> None:
    """Write a year of images of 20 owners, with boxes and decisions, and the statistics of them."""
    with psycopg.connect(database, autocommit=True) as connection:
        for table in _TRIGGERED:
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER".encode())
        sizes = {"jobs": images // _IMAGES_A_JOB, "images": _IMAGES_A_JOB, "boxes": _BOXES_AN_IMAGE}
        for statement in (_JOBS, _BATCHES, _FILLED, _ATTEMPTS, _DETECTIONS):
            connection.execute(statement.encode(), sizes)
        connection.execute("ANALYZE")
        connection.execute("SELECT rebuild_statistics()")
        for table in _TRIGGERED:
            connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER".encode())
        connection.execute(_DECIDED.encode(), {"decisions": min(_DECISIONS, images // 10)})
        connection.execute("VACUUM ANALYZE")


def measure(settings: Settings) -> dict[str, Any]:
    """Milliseconds of each query through the API: the first, with its plan to be made, and the median of the next."""
    token = LocalIssuer(settings.home).issue("bench-1", list(Scope), 3600)
    application = create_app(settings.model_copy(update={"prefect_api_url": "http://127.0.0.1:9/api"}))
    with serving(application) as url, httpx.Client(base_url=url, timeout=120) as client:
        client.headers["Authorization"] = f"Bearer {token}"
        times = {path: _measured(partial(client.get, path)) for path in (*_lists(client), *_figures())}
        times["POST /v1/reviews/next"] = _measured(partial(client.post, "/v1/reviews/next"))
    return {"slowest_ms": max(each["first"] for each in times.values()), "milliseconds": times}


def _lists(client: httpx.Client) -> list[str]:
    (job,) = client.get("/v1/jobs?limit=1").raise_for_status().json()["jobs"]
    (image,) = client.get("/v1/images?limit=1&state=published").raise_for_status().json()["images"]
    return [
        "/v1/jobs?limit=50",
        "/v1/jobs?limit=50&state=processing",
        "/v1/jobs?limit=50&label=desk:desk-3",
        "/v1/jobs?limit=50&owner=bench-3",
        f"/v1/jobs/{job['id']}/images",
        f"/v1/images/{image['id']}",
        f"/v1/images/{image['id']}/audit",
        "/v1/images?limit=100",
        "/v1/images?limit=100&owner=bench-3",
        "/v1/images?limit=100&state=failed",
        "/v1/images?limit=50&state=needs_review&sort=-doubt",
    ]


def _figures() -> list[str]:
    """Over the whole year, and over its part of one owner, label and profile."""
    year, month = (f"since={datetime.now(UTC) - timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}" for days in (400, 30))
    names = ["timeline", "throughput", "failures", "models", "durations", "queue", "review", "quality"]
    names += [f"histograms/{figure}" for figure in FigureName]
    part = "owner=bench-3&label=desk:desk-3&profile=standard"
    return [
        *(f"/v1/statistics/{name}?{year}" for name in names),
        *(f"/v1/statistics/{name}?{year}&{part}" for name in names),
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
    return {"first": times[0], "median": sorted(times[1:])[_ROUNDS // 2]}
