"""(f) List and statistics queries with 1,000 and 100,000 images in the database."""

from __future__ import annotations

import statistics as figures
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg

from benchmarks.stack import backlog, running_stack
from tests.acceptance.stack import Stack

_SIZES = (1_000, 100_000)
_ROUNDS = 20
_IMAGES_A_JOB = 200

_FILL = """
WITH made AS (
    INSERT INTO jobs (id, owner, policy, created_at)
    SELECT gen_random_uuid(), 'bench-' || n %% 20, '{"profile": "standard"}', now() - n * interval '1 minute'
    FROM generate_series(1, %(jobs)s) AS n RETURNING id, created_at
), filled AS (
    INSERT INTO images (id, job_id, position, name, original_key, original_etag, original_bytes, state, result_key,
                        result_attempt_id, faces, policy, model, processing_ms, created_at, finished_at, error_code)
    SELECT gen_random_uuid(), id, n, n || '.jpg', gen_random_uuid(), 'e', 500000,
           CASE WHEN n %% 50 = 0 THEN 'failed' ELSE 'published' END, 'k', gen_random_uuid(), n %% 7,
           '{"profile": "standard"}', '{"name": "centerface", "sha256": "x"}', 350, created_at, created_at,
           CASE WHEN n %% 50 = 0 THEN 'unreadable_picture' END
    FROM made, generate_series(1, %(images)s) AS n RETURNING id
)
SELECT count(*) FROM filled
"""


def run() -> dict[str, Any]:
    """Median milliseconds of each query over REST, and throughput of a backlog, at both sizes."""
    report: dict[str, Any] = {}
    with running_stack() as stack, stack.client(user="bench-1", scope="operate") as operator, stack.client() as owner:
        for size in _SIZES:
            _fill(stack, size)
            report[str(size)] = _queries(operator) | {"stack_images_per_s": backlog(stack, owner)["stack_images_per_s"]}
    small, large = (report[str(size)] for size in _SIZES)
    report["throughput_large_over_small"] = round(large["stack_images_per_s"] / small["stack_images_per_s"], 3)
    return report


def _fill(stack: Stack, size: int) -> None:
    with psycopg.connect(stack.variables()["BLURLINE_DATABASE_URL"], autocommit=True) as connection:
        connection.execute("DELETE FROM jobs WHERE owner LIKE 'bench-%'")
        connection.execute(_FILL, {"jobs": size // _IMAGES_A_JOB, "images": _IMAGES_A_JOB})
        connection.execute("VACUUM ANALYZE")


def _queries(client: httpx.Client) -> dict[str, float]:
    job = client.get("/v1/jobs", params={"limit": 1}).raise_for_status().json()["jobs"][0]
    image = client.get(f"/v1/jobs/{job['id']}/images", params={"limit": 1}).json()["images"][0]
    since = (datetime.now(UTC) - timedelta(days=3650)).isoformat()
    asked = {
        "jobs_ms": lambda: client.get("/v1/jobs", params={"limit": 50}),
        "job_ms": lambda: client.get(f"/v1/jobs/{job['id']}"),
        "images_ms": lambda: client.get(f"/v1/jobs/{job['id']}/images"),
        "image_ms": lambda: client.get(f"/v1/images/{image['id']}"),
        "statistics_ms": lambda: client.get("/v1/statistics", params={"since": since}),
    }
    return {name: _median_ms(ask) for name, ask in asked.items()}


def _median_ms(ask: Callable[[], httpx.Response]) -> float:
    times = []
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        ask().raise_for_status()
        times.append((time.perf_counter() - started) * 1000)
    return round(figures.median(times), 1)
