"""What a worker does with work of a newer release."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import psycopg
import pytest

from tests.acceptance.stack import Stack, finished, submit
from tests.pictures import SAMPLES
from tests.waiting import wait_for

pytestmark = pytest.mark.long

PICTURE = (SAMPLES / "astronaut_small.webp").read_bytes()


@contextmanager
def _paused(prefect: httpx.Client) -> Iterator[None]:
    prefect.patch("/work_pools/blurline", json={"is_paused": True}).raise_for_status()
    try:
        yield
    finally:
        prefect.patch("/work_pools/blurline", json={"is_paused": False}).raise_for_status()


def test_a_policy_of_a_newer_release_is_not_applied_in_part(stack: Stack) -> None:
    with (
        stack.client() as ann,
        stack.prefect() as prefect,
        psycopg.connect(stack.variables()["BLURLINE_DATABASE_URL"], autocommit=True) as connection,
    ):

        def change(policy: str) -> None:
            connection.execute(f"UPDATE batches SET policy = policy {policy} WHERE job_id = %s", (job_id,))

        def is_given_back() -> bool:
            codes = (
                "SELECT attempts.error_code FROM attempts JOIN images ON images.id = image_id"
                " WHERE job_id = %s AND outcome = 'retried'"
            )
            return ("needs_newer_worker",) in connection.execute(codes, (job_id,)).fetchall()

        with _paused(prefect):
            job_id = submit(ann, [("a.webp", PICTURE)], profile="fast")
            change("""|| '{"plates": true}'""")
        wait_for("it is given back", is_given_back)
        assert ann.get(f"/v1/jobs/{job_id}").json()["state"] != "finished"
        change("- 'plates'")  # as if a newer worker read it
        assert finished(ann, job_id)["a.webp"]["state"] == "published"


def test_an_unknown_flow_is_left_to_a_newer_worker(stack: Stack) -> None:
    log = stack.home / "logs" / "worker.log"
    with stack.prefect() as prefect:
        flow = prefect.post("/flows/", json={"name": "not-yet"}).raise_for_status().json()
        deployment: dict[str, Any] = {
            "name": "not-yet",
            "flow_id": flow["id"],
            "entrypoint": "flows.not_yet.not_yet",
            "work_pool_name": "blurline",
            "work_queue_name": "interactive",
        }
        made = prefect.post("/deployments/", json=deployment).raise_for_status().json()
        run = prefect.post(f"/deployments/{made['id']}/create_flow_run", json={}).raise_for_status().json()
        try:
            wait_for("it is left", lambda: f'"{run["id"]}", "version"' in log.read_text())
            with stack.client() as ann:  # and others are carried out meanwhile
                finished(ann, submit(ann, [("a.webp", PICTURE)], profile="fast"))
            assert prefect.get(f"/flow_runs/{run['id']}").json()["state_type"] == "SCHEDULED"
            assert log.read_text().count(run["id"]) == 1, "it is told once"
        finally:
            prefect.delete(f"/deployments/{made['id']}").raise_for_status()
            prefect.delete(f"/flow_runs/{run['id']}")
