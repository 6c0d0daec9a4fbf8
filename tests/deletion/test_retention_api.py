"""Retention over the API: requested terms, expired objects, legal holds and proofs."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from typer.testing import CliRunner

from api.app import create_app
from blurline.access.tokens import Scope
from blurline.cli.command import app
from blurline.contract.audit import Auditor, RecordRefused, verify
from blurline.contract.deletion_proof import DeletionRecord
from blurline.settings import Settings
from blurline.storage.original_keys import owner_prefix
from flows.retention import delete_expired
from sql.deletion.retention import terms
from tests.api_requests import bearer, images_of, problem, publish_all, submit
from tests.api_server import serving
from tests.pictures import HOPPER
from tests.stored_images import StoredImages
from tests.waiting import TIMEOUT_S, wait_for


def as_user(settings: Settings, client: httpx.Client, subject: str, *scopes: Scope) -> httpx.Client:
    return httpx.Client(
        base_url=client.base_url, headers={"Authorization": bearer(settings, subject, *scopes)}, timeout=TIMEOUT_S
    )


def published(
    client: httpx.Client, stored_images: StoredImages, days_ago: float, **options: str
) -> tuple[UUID, dict[str, Any]]:
    job = submit(client, "a.jpg", **options)
    publish_all(stored_images.database, stored_images.settings, stored_images.store)
    stored_images.age(UUID(job["id"]), days_ago)
    (image,) = images_of(client, job).values()
    return UUID(job["id"]), image


def run_retention(stored_images: StoredImages, **days: float) -> None:
    due = replace(terms(stored_images.settings), **days)  # type: ignore[arg-type]
    delete_expired(stored_images.database, stored_images.store, due, 1000, 60)


def test_a_job_shows_its_retention(without_prefect: Settings) -> None:
    settings = without_prefect.replace(keep_originals_days=30.0, keep_rows_days=60.0)
    with serving(create_app(settings)) as url, httpx.Client(base_url=url, timeout=TIMEOUT_S) as client:
        client.headers["Authorization"] = bearer(settings, "ann", Scope.SUBMIT)
        limits = client.get("/v1/limits").json()
        assert (limits["max_file_bytes"], limits["max_pixels"]) == (100_000_000, 200_000_000)
        plain = submit(client, "a.jpg")
        assert limits["retention"] == plain["retention"]
        assert plain["retention"] == {"originals_days": 30, "results_days": 60, "rows_days": 60, "audit_days": None}
        short = submit(client, "a.jpg", retention='{"originals_days": 0, "results_days": 7.5}')
        assert short["retention"] == {"originals_days": 0, "results_days": 7.5, "rows_days": 60, "audit_days": None}
        assert client.get(f"/v1/jobs/{short['id']}").json()["retention"] == short["retention"]
        files = [("files", ("a.jpg", HOPPER.read_bytes()))]
        longer = client.post("/v1/jobs", files=files, data={"retention": '{"originals_days": 31}'})
        assert "at most 30 days" in problem(longer, 422, "retention_too_long")


def test_rows_cannot_expire_before_their_objects(client: httpx.Client) -> None:
    wish = {"images": [{"key": "a/b"}], "retention": {"rows_days": 10, "originals_days": 30}}
    detail = problem(client.post("/v1/jobs", json=wish), 422, "invalid_request")
    assert "rows_days (10) is less than originals_days (30)" in detail
    wish["retention"] = {"originals_days": -1}
    problem(client.post("/v1/jobs", json=wish), 422, "invalid_request")


def test_expired_originals_and_results_are_reported_as_gone(client: httpx.Client, stored_images: StoredImages) -> None:
    job_id, image = published(client, stored_images, 10, retention='{"originals_days": 5}')
    assert image["original_gone"] is image["result_gone"] is None
    run_retention(stored_images)
    path = f"/v1/images/{image['id']}"
    now = client.get(path).json()
    assert (now["state"], now["original_gone"]["why"], now["result_gone"]) == ("published", "expired", None)
    assert client.get(f"{path}/result").is_success
    rerun = client.post(f"/v1/jobs/{job_id}/rerun", json={"states": ["published"]}).json()
    assert (rerun["images"], rerun["without_original"]) == (0, 1)
    with as_user(stored_images.settings, client, "rita", Scope.REVIEW) as rita:
        assert "and was deleted" in problem(rita.get(f"{path}/original"), 410, "original_gone")
        problem(rita.get(f"{path}/preview", params={"of": "original"}), 410, "original_gone")
        problem(rita.post(f"{path}/correct", json={"destroy": []}), 410, "original_gone")

    run_retention(stored_images, results_days=5)
    now = client.get(path).json()
    assert (now["result_gone"]["why"], now["result_url"]) == ("expired", None)
    problem(client.get(f"{path}/result"), 410, "result_gone")
    problem(client.get(f"{path}/preview"), 410, "result_gone")
    assert client.get(f"/v1/jobs/{job_id}/archive").is_success

    run_retention(stored_images, rows_days=5)
    problem(client.get(path), 404, "not_found")


def test_a_rerun_reports_images_without_an_original(client: httpx.Client, stored_images: StoredImages) -> None:
    published(client, stored_images, 10)
    published(client, stored_images, 1)
    run_retention(stored_images, originals_days=5)
    with as_user(stored_images.settings, client, "olga", Scope.OPERATE) as olga:
        told = olga.post("/v1/reruns", json={"states": ["published"]}).raise_for_status().json()
    assert (told["images"], told["without_original"]) == (1, 1)


def test_a_missing_object_is_distinguished_from_an_expired_one(
    client: httpx.Client, stored_images: StoredImages
) -> None:
    _, image = published(client, stored_images, 1)
    stored_images.rows("UPDATE images SET result_gone_at = now(), result_gone_why = 'missing'")
    detail = problem(client.get(f"/v1/images/{image['id']}/result"), 410, "result_gone")
    assert "was found missing" in detail


@pytest.mark.parametrize("what", ["jobs", "images"])
def test_a_hold_prevents_deletion_until_it_is_released(
    client: httpx.Client, stored_images: StoredImages, what: str
) -> None:
    job_id, image = published(client, stored_images, 1)
    path = f"/v1/{what}/{job_id if what == 'jobs' else image['id']}"
    with as_user(stored_images.settings, client, "olga", Scope.OPERATE) as olga:
        problem(olga.delete(f"{path}/hold"), 404, "not_found")
        placed = olga.put(f"{path}/hold", json={"reason": " Complaint 7 "}).raise_for_status().json()
        assert (placed["reason"], placed["placed_by"], placed["released_at"]) == ("Complaint 7", "olga", None)
        problem(olga.put(f"{path}/hold", json={"reason": " "}), 422, "invalid_request")
        for deleting in (client, olga):
            assert "legal hold" in problem(deleting.delete(f"/v1/images/{image['id']}"), 409, "on_hold")
            problem(deleting.delete(f"/v1/jobs/{job_id}"), 409, "on_hold")
        assert olga.get(f"/v1/jobs/{job_id}/holds").json()["holds"] == [placed]
        problem(client.get(f"/v1/jobs/{job_id}/holds"), 403, "missing_scope")
        problem(client.put(f"{path}/hold", json={"reason": "mine"}), 403, "missing_scope")
        assert olga.delete(f"{path}/hold").json()["released_by"] == "olga"
    assert client.delete(f"/v1/jobs/{job_id}").status_code == 202


def test_a_hold_on_a_missing_job_or_image_is_not_found(client: httpx.Client, settings: Settings) -> None:
    missing = "0193f1a2-7c00-7abc-8def-0123456789ab"
    with as_user(settings, client, "olga", Scope.OPERATE) as olga:
        for what in ("jobs", "images"):
            problem(olga.put(f"/v1/{what}/{missing}/hold", json={"reason": "x"}), 404, "not_found")


def completed(client: httpx.Client, deletion_id: str) -> bytes:
    def ask() -> bytes | None:
        answer = client.get(f"/v1/deletions/{deletion_id}/proof")
        if answer.status_code == 409:
            problem(answer, 409, "deletion_underway")
            return None
        return answer.raise_for_status().content

    return wait_for("the deletion is completed", ask)


def test_a_deletion_leaves_a_proof(client: httpx.Client, stored_images: StoredImages, tmp_path: Path) -> None:
    job_id, image = published(client, stored_images, 1)
    receipt = client.delete(f"/v1/jobs/{job_id}").raise_for_status().json()
    proof = completed(client, receipt["id"])
    keys = Auditor(stored_images.settings.home).keys.keys
    record = verify(proof, keys)
    assert isinstance(record, DeletionRecord)
    assert (record.reason, record.requested_by, record.objects_removed) == ("requested", "ann", 2)
    (erased,) = record.images
    assert (str(erased.image_id), erased.state, erased.boxes_destroyed) == (image["id"], "published", 1)
    assert erased.result is not None
    assert erased.result.sha256 == image["result_sha256"]
    assert erased.confirmed_at is not None
    forged = json.loads(proof)
    forged["record"]["images"] = []
    with pytest.raises(RecordRefused, match="changed after it was signed"):
        verify(json.dumps(forged).encode(), keys)


def test_retention_leaves_a_proof_that_the_command_verifies(
    client: httpx.Client, stored_images: StoredImages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = HOPPER.read_bytes()
    published(client, stored_images, 10)
    stored_images.rows("UPDATE images SET original_sha256 = %s", hashlib.sha256(data).hexdigest())
    run_retention(stored_images, originals_days=5)
    ((deletion_id,),) = stored_images.rows("SELECT id FROM deletions")
    file = tmp_path / "proof.json"
    file.write_bytes(completed(client, str(deletion_id)))
    monkeypatch.setenv("BLURLINE_HOME", str(stored_images.settings.home))

    done = CliRunner().invoke(app, ["verify", str(file), "--original", str(HOPPER)])
    assert done.exit_code == 0, done.output
    assert "deleted: originals of 1 images" in done.output
    assert "why: expired, by retention" in done.output
    assert "is the original of the record" in done.output
    done = CliRunner().invoke(app, ["verify", str(file), "--result", str(HOPPER)])
    assert done.exit_code == 1  # results were not part of it


def test_an_upload_that_was_not_submitted_in_time_is_refused(client: httpx.Client) -> None:
    made_at = datetime.now(UTC) - timedelta(hours=25)
    old = UUID(int=(int(made_at.timestamp() * 1000) << 80) | (7 << 76) | (2 << 62))
    answer = client.post("/v1/jobs", json={"images": [{"key": f"{owner_prefix('ann')}{old}"}]})
    assert "was not submitted within 24 hours" in problem(answer, 422, "object_missing")
    absurd = UUID(int=(2**48 - 1) << 80 | (7 << 76) | (2 << 62))
    problem(
        client.post("/v1/jobs", json={"images": [{"key": f"{owner_prefix('ann')}{absurd}"}]}), 422, "object_missing"
    )
