"""The words of an image's page are true in every state: what was destroyed where, and why no picture is shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import get_args
from uuid import UUID

import httpx
import pytest

from blurline.access.tokens import Scope
from blurline.client import Client
from blurline.contract import ImageState
from blurline.contract.images import IMAGE, Image
from blurline.settings import Settings
from blurline.storage.preview_keys import PreviewSize, preview_key
from blurline.storage.store import Store
from dashboard.jobs.result_words import result_name, without_picture
from sql.engine.database import Database
from sql.jobs.settlement import fail
from tests.api_requests import bearer, submit, underway
from tests.dashboard.conftest import Open, texts
from tests.dashboard.held_images import HELD, Pipeline
from tests.waiting import TIMEOUT_S


@pytest.fixture
def pipeline(api_url: str, settings: Settings, database: Database, store: Store) -> Iterator[Pipeline]:
    with ExitStack() as stack:
        http = stack.enter_context(httpx.Client(base_url=api_url, timeout=TIMEOUT_S))
        http.headers["Authorization"] = bearer(settings, "ann", Scope.SUBMIT)
        submit(http, "failed.jpg", "published.jpg", "held.jpg", "refused.jpg", "rejected.jpg", "plain.jpg")
        submit(http, "queued.jpg")
        yield Pipeline(stack, http, settings, database, store)


def test_each_state_has_its_own_words(
    open_page: Open, pipeline: Pipeline, client: Client, settings: Settings, database: Database, store: Store
) -> None:
    attempts = {attempt.name: attempt for attempt in underway(database, settings)}
    del attempts["queued.jpg"]
    with database.transaction() as transaction:
        fail(transaction, attempts.pop("failed.jpg"), "unreadable_picture", "The file is cut short. Send it again.")
    for name, attempt in attempts.items():
        pipeline.settle(attempt, held=None if name == "published.jpg" else HELD)
    pipeline.sql("UPDATE images SET result_bytes = 2000000 WHERE state = 'published'")  # its page shows the preview
    pipeline.sql(
        "UPDATE images SET refused_attempt_id = result_attempt_id, error_code = 'output_check_failed',"
        " error_message = 'A face is still visible in the written file.' WHERE name = 'refused.jpg'"
    )
    client.reject(attempts["rejected.jpg"].image_id, "Frame 3 cannot be checked")
    client.reject(attempts["plain.jpg"].image_id, "")
    store.remove_result(preview_key(f"{attempts['held.jpg'].image_id}/{attempts['held.jpg'].id}.jpg", PreviewSize.VIEW))
    ids: dict[str, UUID] = dict(pipeline.sql("SELECT name, id FROM images"))
    said = {name: texts(open_page("jobs.py", image=str(image_id))) for name, image_id in ids.items()}

    numbers = {name: "Faces destroyed" in text for name, text in said.items()}
    assert {name for name, has in numbers.items() if not has} == {"failed.jpg", "queued.jpg"}
    for name, file in (
        ("held.jpg", "result under review"),
        ("refused.jpg", "refused file"),
        ("rejected.jpg", "rejected result"),
    ):
        assert f"Faces destroyed in the {file}" in said[name] and f"SHA-256 of the {file}" in said[name]
    assert "Faces destroyed]" in said["published.jpg"] and "SHA-256 of the result]" in said["published.jpg"]
    assert "A reviewer rejected the result: “Frame 3 cannot be checked”\n\n**What to do:**" in said["rejected.jpg"]
    assert "A reviewer rejected the result.\n\n**What to do:**" in said["plain.jpg"]
    assert "It is not published, and nobody can download it." in said["rejected.jpg"]
    assert "There is no result, because the image failed." in said["failed.jpg"]
    assert "The result appears here once the image is processed." in said["queued.jpg"]

    job = texts(open_page("jobs.py", job=str(client.image(ids["rejected.jpg"]).job_id)))
    assert "rejected.jpg: A reviewer rejected the result: “Frame 3 cannot be checked” **Re-run" in job
    assert "plain.jpg: A reviewer rejected the result. **Re-run" in job


def test_every_state_has_words() -> None:
    for state in get_args(ImageState):
        image = Image.model_validate(IMAGE | {"state": state})
        assert result_name(image) and without_picture(image).endswith(".")
