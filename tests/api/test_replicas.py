"""A killed replica of the API loses no accepted job."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import psycopg

from blurline.access.tokens import Scope
from blurline.settings import Settings
from tests.api_requests import bearer
from tests.servers import running_apis
from tests.waiting import TIMEOUT_S, wait_for

_BEFORE = 40
_CLIENTS = 6


def test_a_killed_replica_loses_no_accepted_job(without_prefect: Settings) -> None:
    headers = {"Authorization": bearer(without_prefect, "ann", Scope.SUBMIT)}
    accepted: list[str] = []
    is_done = threading.Event()

    def submit(url: str) -> None:
        with httpx.Client(base_url=url, headers=headers, timeout=TIMEOUT_S) as client:
            while not is_done.is_set():
                try:
                    response = client.post("/v1/jobs", files=[("files", ("a.jpg", bytes(50_000)))])
                except httpx.TransportError:
                    return  # its replica is gone
                assert response.status_code == 202
                accepted.append(response.json()["id"])

    with running_apis(without_prefect, 2) as (doomed, survivor):
        urls = [doomed.url, survivor.url] * (_CLIENTS // 2)
        with ThreadPoolExecutor(_CLIENTS) as threads:
            clients = [threads.submit(submit, url) for url in urls]
            wait_for("jobs are accepted", lambda: len(accepted) >= _BEFORE)
            doomed.process.kill()
            at_death = len(accepted)
            wait_for("the survivor accepts more", lambda: len(accepted) >= at_death + _BEFORE)
            is_done.set()
        for each in clients:
            each.result()
        with httpx.Client(base_url=survivor.url, headers=headers, timeout=TIMEOUT_S) as client:
            for job_id in accepted:
                assert client.get(f"/v1/jobs/{job_id}").json()["progress"]["images"] == 1
    with psycopg.connect(without_prefect.database.conninfo) as connection:
        undispatched = connection.execute(
            "SELECT count(*) FROM jobs JOIN batches ON batches.job_id = jobs.id"
            " JOIN outbox ON outbox.batch_id = batches.id"
        ).fetchone()
        jobs = connection.execute("SELECT count(*) FROM jobs").fetchone()
    assert undispatched == jobs
