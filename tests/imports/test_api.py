"""Imports over the API and by the command, for operators."""

from __future__ import annotations

import io
from collections.abc import Iterator

import httpx
import pyarrow.parquet
import pytest
from typer.testing import CliRunner

from api.app import create_app
from blurline.access.tokens import Scope
from blurline.cli.command import app
from blurline.settings import Settings
from blurline.storage.store import Store
from sql.engine.database import Database
from sql.imports.listing import run_import
from tests.api_requests import bearer, problem
from tests.api_server import serving
from tests.imports.buckets import Bucket
from tests.waiting import TIMEOUT_S


@pytest.fixture
def url(importing: Settings) -> Iterator[str]:
    with serving(create_app(importing)) as url:
        yield url


@pytest.fixture
def operator(importing: Settings, url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, timeout=TIMEOUT_S) as client:
        client.headers["Authorization"] = bearer(importing, "oscar", Scope.OPERATE)
        yield client


def test_an_operator_starts_follows_pauses_and_cancels_an_import(
    operator: httpx.Client, importing: Settings, database: Database, source: Bucket
) -> None:
    source.put("a.jpg", b"12345")
    asked = {"name": "all", "source": "archive", "labels": {"desk": "sport"}}
    preview = operator.post("/v1/imports", json=asked).raise_for_status().json()["preview"]
    assert (preview["matched"], preview["sample"][0]["path"]) == (1, "a.jpg")
    assert operator.get("/v1/imports").json() == {"imports": []}

    started = operator.post("/v1/imports", json={**asked, "dry_run": False}).raise_for_status().json()["started"]
    path = f"/v1/imports/{started['id']}"
    assert (started["state"], started["owner"], started["started_by"]) == ("running", "oscar", "oscar")
    assert operator.post(f"{path}/pause").raise_for_status().json()["state"] == "paused"
    problem(operator.post(f"{path}/pause"), 409, "import_ended")
    assert operator.post(f"{path}/resume").raise_for_status().json()["state"] == "running"
    run_import(database, importing, Store(importing).source("archive"), started["id"], 60)
    found = operator.get(path).raise_for_status().json()
    assert (found["state"], found["imported"], found["progress"]["queued"]) == ("completed", 1, 1)
    report = pyarrow.parquet.read_table(io.BytesIO(operator.get(f"{path}/report").raise_for_status().content))
    (row,) = report.to_pylist()
    assert (row["source_key"], row["size_bytes"], row["state"]) == ("photos/a.jpg", 5, "queued")
    operator.post("/v1/imports", json={**asked, "dry_run": False}).raise_for_status()
    assert operator.post(f"{path}/cancel").raise_for_status().json()["state"] == "cancelled"
    assert operator.get(path).json()["progress"]["failed"] == 1
    problem(operator.post(f"{path}/resume"), 409, "import_ended")
    problem(operator.post("/v1/imports", json={**asked, "owner": "bob", "dry_run": False}), 409, "import_conflict")


def test_a_wrong_request_is_refused(operator: httpx.Client, importing: Settings) -> None:
    problem(operator.post("/v1/imports", json={"name": "a", "source": "elsewhere"}), 422, "unknown_bucket")
    problem(
        operator.post("/v1/imports", json={"name": "a", "source": "archive", "preset": "no"}), 422, "unknown_preset"
    )
    problem(operator.post("/v1/imports", json={"name": "a b", "source": "archive"}), 422, "invalid_request")
    operator.headers["Authorization"] = bearer(importing, "ann", Scope.SUBMIT, Scope.REVIEW)
    for answer in (operator.get("/v1/imports"), operator.post("/v1/imports", json={"name": "a", "source": "archive"})):
        problem(answer, 403, "missing_scope")


def test_the_command_does_the_same(
    url: str, importing: Settings, source: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BLURLINE_API_URL", url)
    monkeypatch.setenv("BLURLINE_HOME", str(importing.home))
    source.put("a.jpg", b"12345")
    source.put("b.txt")
    previewed = CliRunner().invoke(app, ["import", "start", "archive"], catch_exceptions=False)
    assert "5 a.jpg" in previewed.output
    assert "1 images would be imported, of 2 objects; 0 were imported before." in previewed.output
    started = CliRunner().invoke(app, ["import", "start", "archive", "--yes"], catch_exceptions=False)
    import_id = started.stdout.split()[0]
    for change, state in (("pause", "paused"), ("resume", "running"), ("cancel", "cancelled")):
        changed = CliRunner().invoke(app, ["import", change, import_id], catch_exceptions=False)
        assert f"archive {state}: 0 listed" in changed.stdout
    assert CliRunner().invoke(app, ["import", "list"], catch_exceptions=False).stdout.startswith(import_id)
    shown = CliRunner().invoke(app, ["import", "show", import_id], catch_exceptions=False)
    assert "needs review: 0" in shown.output
