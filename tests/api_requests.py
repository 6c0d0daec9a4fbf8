"""Requests to the API as clients send them, and steps of the worker."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from hashlib import sha256
from typing import Any

import httpx
import psycopg

from blurline.access.tokens import LocalIssuer, Scope
from blurline.settings import Settings
from blurline.storage.store import Store, SubmittedOriginal
from sql.engine.database import Database
from sql.jobs.attempts import Attempt, start_batch
from sql.jobs.publishing import publish
from tests.factories import result
from tests.pictures import HOPPER
from tests.waiting import TIMEOUT_S

PROBLEM = "application/problem+json"


def bearer(settings: Settings, subject: str, *scopes: Scope, ttl_s: int = 60) -> str:
    """The value of the Authorization header with a token of the local issuer."""
    return f"Bearer {LocalIssuer(settings.home).issue(subject, list(scopes), ttl_s)}"


def problem(response: httpx.Response, status: int, code: str) -> str:
    """Assert that the response is this problem; its detail."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == PROBLEM
    body = response.json()
    assert (body["status"], body["code"]) == (status, code)
    assert body["request_id"] == response.headers["x-request-id"]
    assert "Traceback" not in response.text
    return str(body["detail"])


def upload(client: httpx.Client, data: bytes) -> str:
    """Upload through a presigned form; the key."""
    (form,) = client.post("/v1/uploads").raise_for_status().json()["uploads"]
    httpx.post(form["url"], data=form["fields"], files={"file": data}, timeout=TIMEOUT_S).raise_for_status()
    return str(form["key"])


def submit(client: httpx.Client, *names: str, **options: str) -> dict[str, Any]:
    """Submit a small picture under each name; the job."""
    files = [("files", (name, HOPPER.read_bytes())) for name in names]
    response = client.post("/v1/jobs", files=files, data=options)
    assert response.status_code == 202, response.text
    job: dict[str, Any] = response.json()
    return job


def images_of(client: httpx.Client, job: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The job's images by name."""
    page = client.get(f"/v1/jobs/{job['id']}/images", params={"limit": 1000}).raise_for_status().json()
    return {image["name"]: image for image in page["images"]}


def underway(database: Database, settings: Settings) -> list[Attempt]:
    """Start every batch, as the worker would."""
    with psycopg.connect(settings.database.conninfo) as connection:
        ids = [batch_id for (batch_id,) in connection.execute("SELECT id FROM batches")]
    return [attempt for batch in map(partial(start_batch, database), ids) if batch for attempt in batch.attempts]


def original_bytes(store: Store, key: str) -> bytes:
    """What is stored under the key of an original, whatever was submitted."""
    return store.read_original(SubmittedOriginal(key, store.stat_original(key).etag))


def publish_all(database: Database, settings: Settings, store: Store, data: bytes = b"picture!!!") -> None:
    """Publish every open attempt, as the worker would, each with its own result."""
    for attempt in underway(database, settings):
        key = f"{attempt.image_id}/{attempt.id}.jpg"
        store.put_result(key, data, "image/jpeg")
        original = sha256(original_bytes(store, attempt.original_key)).hexdigest()
        with database.transaction() as transaction:
            publish(transaction, attempt, replace(result(key), size_bytes=len(data), original_sha256=original))
