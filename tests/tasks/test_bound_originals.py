"""What was submitted is what is processed, shown and exported: an original that was replaced is never sent."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

import httpx
import psycopg
import pytest

from blurline.access.tokens import Scope
from blurline.errors import OriginalChanged
from blurline.ids import new_id
from blurline.settings import Settings
from blurline.storage.preview_keys import protected_key
from blurline.storage.store import Store, SubmittedOriginal
from sql.engine.database import Database
from sql.jobs.publishing import ReviewReason, publish
from tasks.download import download
from tasks.work import Work
from tests.api_requests import bearer, images_of, problem, underway
from tests.clock import age
from tests.factories import result
from tests.pictures import HOPPER
from tests.waiting import TIMEOUT_S

PICTURE = HOPPER.read_bytes()
OTHER = b"another picture, submitted by nobody"


@dataclass(frozen=True, slots=True)
class Submitted:
    """An upload that was submitted, and its form, which is still valid."""

    form: dict[str, Any]
    job: dict[str, Any]
    image_id: str

    @property
    def key(self) -> str:
        return str(self.form["key"])

    def post(self, data: bytes) -> None:
        """Upload through the form."""
        fields = self.form["fields"]
        httpx.post(self.form["url"], data=fields, files={"file": data}, timeout=TIMEOUT_S).raise_for_status()


@pytest.fixture
def submitted(client: httpx.Client) -> Submitted:
    (form,) = client.post("/v1/uploads").raise_for_status().json()["uploads"]
    httpx.post(form["url"], data=form["fields"], files={"file": PICTURE}, timeout=TIMEOUT_S).raise_for_status()
    job = client.post("/v1/jobs", json={"images": [{"key": form["key"], "name": "a.jpg"}]}).raise_for_status().json()
    return Submitted(form, job, images_of(client, job)["a.jpg"]["id"])


@pytest.fixture
def reader(client: httpx.Client, submitted: Submitted, settings: Settings) -> httpx.Client:
    """The client, from now on of somebody who may review and operate."""
    client.headers["Authorization"] = bearer(settings, "rita", Scope.REVIEW, Scope.OPERATE)
    return client


def _publish(settings: Settings, database: Database) -> None:
    (attempt,) = underway(database, settings)
    made = replace(result(), original_sha256=sha256(PICTURE).hexdigest())
    with database.transaction() as transaction:
        publish(transaction, attempt, made, ReviewReason("doubtful", "Look at it."))


def _processed(settings: Settings) -> str | None:
    """Run the task `download` on the last batch; the error of its image, if any."""
    with psycopg.connect(settings.database.conninfo) as connection:
        ids = [batch_id for (batch_id,) in connection.execute("SELECT id FROM batches ORDER BY id")]
    work = Work(ids[-1])
    download.fn(work)
    (item,) = work.items or []
    assert item.error is not None or (item.original is not None and item.original.data == PICTURE)
    return item.error.code if item.error else None


def _exported(reader: httpx.Client) -> list[bytes]:
    answer = reader.get("/v1/exports/corrections", params={"format": "yolo", "with_originals": "true"})
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        return [archive.read(name) for name in archive.namelist() if name.startswith("images/")]


@pytest.mark.parametrize("way", ["by the form", "in the store"])
def test_no_reader_gets_a_file_that_was_not_submitted(
    reader: httpx.Client, submitted: Submitted, settings: Settings, database: Database, store: Store, way: str
) -> None:
    url = f"/v1/images/{submitted.image_id}"
    _publish(settings, database)
    reader.post(f"{url}/correct", json={"destroy": []}).raise_for_status()
    assert reader.get(f"{url}/original").content == PICTURE
    assert _exported(reader) == [PICTURE]
    if way == "by the form":
        submitted.post(OTHER)
    else:
        store.put_original(submitted.key, io.BytesIO(OTHER), len(OTHER))
    problem(reader.get(f"{url}/original"), 409, "original_changed")
    assert _exported(reader) == []
    assert _processed(settings) == "original_changed"


def test_an_original_that_is_replaced_before_its_first_attempt_is_not_processed(
    submitted: Submitted, settings: Settings
) -> None:
    submitted.post(OTHER)
    assert _processed(settings) == "original_changed"


def test_a_file_with_the_same_etag_and_another_content_is_not_accepted(store: Store) -> None:
    """Etags are often MD5 hashes, so the hash counts as soon as a worker has read the file."""
    stored = store.put_original(f"0123456789abcdef/{new_id()}", io.BytesIO(PICTURE), len(PICTURE))
    known = SubmittedOriginal(stored.key, stored.etag, sha256(PICTURE).hexdigest())
    assert store.read_original(known) == PICTURE
    with pytest.raises(OriginalChanged):
        store.read_original(replace(known, sha256=sha256(OTHER).hexdigest()))


@pytest.mark.parametrize("subject", ["jobs", "images"])
def test_a_hold_protects_an_original_that_its_form_could_replace(
    reader: httpx.Client, submitted: Submitted, settings: Settings, store: Store, subject: str
) -> None:
    path = f"/v1/jobs/{submitted.job['id']}" if subject == "jobs" else f"/v1/images/{submitted.image_id}"
    reader.put(f"{path}/hold", json={"reason": "a case"}).raise_for_status()
    submitted.post(OTHER)
    assert reader.get(f"/v1/images/{submitted.image_id}/original").content == PICTURE
    assert _processed(settings) is None
    store.remove_original(submitted.key)
    assert reader.get(f"/v1/images/{submitted.image_id}/original").content == PICTURE
    reader.delete(f"{path}/hold").raise_for_status()
    reader.delete(f"/v1/jobs/{submitted.job['id']}").raise_for_status()


def test_a_hold_copies_only_what_a_form_can_replace(
    reader: httpx.Client, submitted: Submitted, settings: Settings, store: Store
) -> None:
    age(settings.database.conninfo, "images", timedelta(hours=1))
    reader.put(f"/v1/jobs/{submitted.job['id']}/hold", json={"reason": "a case"}).raise_for_status()
    with pytest.raises(Exception, match="No object"):
        store.stat_original(protected_key(submitted.key))


def test_a_hold_on_an_original_that_is_replaced_already_is_placed_and_protects_nothing_else(
    reader: httpx.Client, submitted: Submitted
) -> None:
    submitted.post(OTHER)
    path = f"/v1/images/{submitted.image_id}"
    reader.put(f"{path}/hold", json={"reason": "a case"}).raise_for_status()
    problem(reader.get(f"{path}/original"), 409, "original_changed")
    problem(reader.delete(path), 409, "on_hold")
