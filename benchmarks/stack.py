"""(b), (c), (d): the whole stack on a backlog against the core loop, the warm pool against a stock pool, and single
photographs. What is compared takes turns."""

from __future__ import annotations

import asyncio
import io
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from multiprocessing.pool import Pool
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psycopg
from psycopg.rows import dict_row

from benchmarks.photos import TWO_MP, photo_of
from benchmarks.ratios import of_slices
from blurline import Policy, ProfileName
from blurline.ids import new_id
from blurline.picture.decode import open_photo
from blurline.settings import Settings
from blurline.storage.store import Store
from models import anonymize
from sql.engine.database import Database
from sql.jobs.submissions import BatchSize, NewJob, Original, write_job
from tests.acceptance.stack import Program, Stack, finished, submit
from tests.pictures import HOPPER
from tests.waiting import wait_for

_SLICES = 5
_BACKLOG_IMAGES = 96
_CORE_IMAGES = 40
_LATENCY_PHOTOS = 20
_STOCK_RUNS, _WARM_RUNS = 4, 32


@contextmanager
def running_stack(program: Program | None = None) -> Iterator[Stack]:
    """An embedded stack in its own folder, of this checkout or of another ``program``."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        stack = Stack(Path(home), program=program)
        stack.start()
        try:
            yield stack
        finally:
            stack.stop()


def run() -> dict[str, Any]:
    """All three, on one stack."""
    with running_stack() as stack, stack.client() as client:
        finished(client, submit(client, [("warm.jpg", photo_of(TWO_MP))] * 8))
        return {"backlog": backlog(stack, client), "latency": latency(stack, client), "pools": pools(stack)}


def backlog(stack: Stack, client: httpx.Client) -> dict[str, Any]:
    """(b) Images per second of jobs of 2 MP photographs, compared with the core loop in as many processes, in turn."""
    photo = photo_of(TWO_MP)
    cores = os.cpu_count() or 1
    with multiprocessing.get_context("spawn").Pool(cores) as pool:
        pool.map(_treat_some, [(photo, 1)] * cores)
        slices = [(_core_images_per_s(pool, cores, photo), images_per_s(stack, client, photo)) for _ in range(_SLICES)]
    return {
        "images": _BACKLOG_IMAGES,
        "core_images_per_s": round(statistics.median(core for core, _ in slices), 2),
        "stack_images_per_s": round(statistics.median(whole for _, whole in slices), 2),
        "stack_over_core": of_slices(whole / core for core, whole in slices),
    }


def images_per_s(stack: Stack, client: httpx.Client, photo: bytes, images: int = _BACKLOG_IMAGES) -> float:
    """Images per second of a job, from the start of its first attempt to the end of its last."""
    job_id = submit(client, [(f"{at}.jpg", photo) for at in range(images)])
    finished(client, job_id)
    (row,) = rows(
        stack,
        "SELECT extract(epoch FROM max(attempts.finished_at) - min(attempts.started_at))::float AS seconds"
        " FROM attempts JOIN images ON images.id = image_id WHERE job_id = %s",
        job_id,
    )
    return float(images / row["seconds"])


def latency(stack: Stack, client: httpx.Client) -> dict[str, Any]:
    """(d) Seconds from the request to a running flow run and to the published result, one photograph at a time."""
    photo, running, published = photo_of(TWO_MP), [], []
    for at in range(_LATENCY_PHOTOS):
        sent = time.time()
        job_id = submit(client, [(f"{at}.jpg", photo)])
        finished(client, job_id)
        (row,) = rows(
            stack,
            "SELECT extract(epoch FROM finished_at)::float AS finished, batches.flow_run_id"
            " FROM images JOIN batches ON batches.job_id = images.job_id WHERE images.job_id = %s",
            job_id,
        )
        with stack.prefect() as prefect:
            flow_run = prefect.get(f"/flow_runs/{row['flow_run_id']}").json()
        running.append(_epoch(flow_run["start_time"]) - sent)
        published.append(row["finished"] - sent)
    return {"photos": _LATENCY_PHOTOS, "to_running_s": _quantiles(running), "to_published_s": _quantiles(published)}


def pools(stack: Stack) -> dict[str, Any]:
    """(c) Flow runs per second of the warm pool and of a stock `process` pool, on batches of one photograph."""
    environment = stack.environment() | stack.variables()
    subprocess.run([sys.executable, __file__], env=environment, check=True)
    prefect = str(Path(sys.executable).with_name("prefect"))
    limit = str(os.cpu_count() or 1)
    worker = subprocess.Popen(
        [prefect, "worker", "start", "--pool", "bench-process", "--type", "process", "--limit", limit],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        slices = [
            (
                _flow_runs_per_s(stack, "bench-process", "anonymize/bench-process", _STOCK_RUNS),
                _flow_runs_per_s(stack, "blurline", "anonymize/anonymize", _WARM_RUNS),
            )
            for _ in range(_SLICES)
        ]
    finally:
        worker.terminate()
        worker.wait()
    return {
        "stock_flow_runs_per_s": round(statistics.median(stock for stock, _ in slices), 2),
        "warm_flow_runs_per_s": round(statistics.median(warm for _, warm in slices), 2),
        "warm_over_stock": of_slices(warm / stock for stock, warm in slices),
    }


def _core_images_per_s(pool: Pool, cores: int, photo: bytes) -> float:
    started = time.perf_counter()
    pool.map(_treat_some, [(photo, _CORE_IMAGES // cores)] * cores, chunksize=1)
    return _CORE_IMAGES / (time.perf_counter() - started)


def _treat_some(work: tuple[bytes, int]) -> None:
    photo, times = work
    for _ in range(times):
        anonymize(open_photo(photo))


def _flow_runs_per_s(stack: Stack, pool: str, deployment: str, count: int) -> float:
    """Flow runs per second, from the start of the first to the end of the last. They are created while the pool is
    paused, each with one small photograph in the fast profile."""
    batches = _waiting_batches(stack, count)
    with stack.prefect() as prefect:
        found = prefect.get(f"/deployments/name/{deployment}").raise_for_status().json()
        prefect.patch(f"/work_pools/{pool}", json={"is_paused": True}).raise_for_status()
        made = [
            prefect.post(
                f"/deployments/{found['id']}/create_flow_run", json={"parameters": {"batch_id": str(batch)}}
            ).json()["id"]
            for batch in batches
        ]
        prefect.patch(f"/work_pools/{pool}", json={"is_paused": False}).raise_for_status()
        completed = {"flow_runs": {"id": {"any_": made}, "state": {"type": {"any_": ["COMPLETED"]}}}}
        wait_for(
            f"{count} runs of {deployment} end",
            lambda: prefect.post("/flow_runs/count", json=completed).json() == count,
            300,
            every_s=0.5,
        )
        runs = prefect.post("/flow_runs/filter", json={**completed, "limit": 200}).json()
    seconds = max(_epoch(run["end_time"]) for run in runs) - min(_epoch(run["start_time"]) for run in runs)
    return count / seconds


def _waiting_batches(stack: Stack, count: int) -> list[UUID]:
    """Create batches of one image that the dispatcher does not see, for runs that the benchmark creates itself."""
    settings = Settings.of(stack.variables())
    store, database = Store(settings), Database(settings.database.conninfo)
    policy, size, data = Policy(profile=ProfileName.FAST), BatchSize(images=1, bytes=1), HOPPER.read_bytes()
    originals = []
    for at in range(count):
        stored = store.put_original(f"bench/{new_id()}", io.BytesIO(data), len(data))
        originals.append(Original(f"{at}.jpg", stored.key, stored.etag, stored.size_bytes))
    with database.transaction() as transaction:
        job_id = write_job(transaction, NewJob("bench", policy, originals, "backlog"), size)
        batches = [row["batch_id"] for row in transaction.all("batches_of_job", job_id=job_id)]
        transaction.run("drop_outbox", batch_ids=batches)
    database.close()
    store.close()
    return batches


def rows(stack: Stack, query: str, *parameters: Any) -> list[dict[str, Any]]:
    """The rows of a query of the stack's database."""
    with psycopg.connect(stack.variables()["BLURLINE_DATABASE_URL"], row_factory=dict_row) as connection:
        return connection.execute(query.encode(), parameters).fetchall()


def _epoch(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _quantiles(seconds: list[float]) -> dict[str, float]:
    return {
        "p50": round(statistics.median(seconds), 3),
        "p95": round(statistics.quantiles(seconds, n=20, method="inclusive")[-1], 3),
    }


async def _deploy_to_process_pool() -> None:
    from prefect import get_client
    from prefect.client.schemas.actions import WorkPoolCreate
    from prefect.workers.process import ProcessWorker

    async with get_client() as client:
        template = ProcessWorker.get_default_base_job_template()
        await client.create_work_pool(
            WorkPoolCreate(name="bench-process", type="process", base_job_template=template), overwrite=True
        )
        await client.create_deployment(
            flow_id=await client.create_flow_from_name("anonymize"),
            name="bench-process",
            work_pool_name="bench-process",
            entrypoint="flows.anonymize.anonymize",
        )


if __name__ == "__main__":
    asyncio.run(_deploy_to_process_pool())
