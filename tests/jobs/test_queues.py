"""The queue of a job: a picture that somebody waits for never stands behind large ones."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import httpx
import psycopg
import pytest
from PIL import Image

from blurline.contract.corrections import MarkedBox
from blurline.settings import Settings
from sql.engine.database import Database
from sql.jobs.publishing import publish
from sql.review.reviews import correct_image
from tests.api_requests import upload
from tests.factories import SIZE, add_job, result, started
from tests.pictures import HOPPER, encoded


@cache
def _plain(kind: str, width: int, height: int) -> bytes:
    """A picture of one colour: few bytes for many pixels."""
    return encoded(Image.new("L", (width, height)), kind)


def _queues(settings: Settings) -> list[str]:
    with psycopg.connect(settings.database.conninfo) as connection:
        return [queue for (queue,) in connection.execute("SELECT queue FROM batches ORDER BY id")]


@pytest.mark.parametrize("is_form", [True, False])
@pytest.mark.parametrize(
    ("files", "queue"),
    [
        ([HOPPER.read_bytes()], "express"),
        ([_plain("JPEG", 6000, 4000)], "express"),
        ([_plain("JPEG", 6000, 4001)], "interactive"),
        ([_plain("PNG", 6000, 4000)], "express"),
        ([_plain("PNG", 16000, 12000)], "interactive"),
        ([b"\x89PNG\r\n\x1a\n"], "express"),  # a broken file fails soon
        ([b"II*\0" + bytes(1_999_000)], "express"),
        ([b"II*\0" + bytes(2_000_000)], "interactive"),
        ([HOPPER.read_bytes()] * 2, "interactive"),
        ([HOPPER.read_bytes()] * 25, "backlog"),
    ],
)
def test_only_a_single_picture_that_is_not_large_is_express(
    client: httpx.Client, settings: Settings, files: list[bytes], queue: str, is_form: bool
) -> None:
    if is_form:
        given = [("files", (f"{at}.jpg", file)) for at, file in enumerate(files)]
        client.post("/v1/jobs", files=given).raise_for_status()
    else:
        images = [{"key": upload(client, file)} for file in files]
        client.post("/v1/jobs", json={"images": images}).raise_for_status()
    assert set(_queues(settings)) == {queue}


@pytest.mark.parametrize(("width_px", "queue"), [(6000, "express"), (6001, "interactive")])
def test_a_correction_is_express_unless_its_picture_is_large(
    settings: Settings, database: Database, width_px: int, queue: str
) -> None:
    add_job(database, images=2)
    image, _ = started(database)
    with database.transaction() as transaction:
        publish(transaction, image, replace(result(), width_px=width_px, height_px=4000))
    correct_image(database, "rita", image.image_id, [MarkedBox(x1=1, y1=1, x2=9, y2=9)], SIZE, note="", is_held=False)
    assert _queues(settings)[-1] == queue
