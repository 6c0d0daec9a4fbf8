"""Assertions on a finished job that hold after any fault."""

from __future__ import annotations

import httpx
import psycopg

from tests.acceptance.stack import fetch, finished
from tests.pictures import HOPPER, decoded, psnr_db

_FACE = 190, 130, 320, 320


def assert_each_published_once(database_url: str, client: httpx.Client, job_id: str, count: int) -> None:
    """Assert that every image of a job of hoppers has one final state, one winning attempt, one event and no face."""
    images = finished(client, job_id)
    assert {image["state"] for image in images.values()} == {"published"}
    assert len(images) == count
    original = decoded(HOPPER.read_bytes())
    x1, y1, x2, y2 = _FACE
    for image in images.values():
        result = decoded(fetch(client, image))
        assert psnr_db(result[y1:y2, x1:x2], original[y1:y2, x1:x2]) < 20
    with psycopg.connect(database_url) as connection:
        attempts = connection.execute(
            "SELECT count(*) FILTER (WHERE outcome = 'published'), count(*) FILTER (WHERE outcome IS NULL)"
            " FROM attempts JOIN images ON images.id = image_id WHERE job_id = %s GROUP BY image_id",
            (job_id,),
        ).fetchall()
        events = connection.execute(
            "SELECT count(*) FROM events WHERE job_id = %s AND type = 'image.published' GROUP BY image_id", (job_id,)
        ).fetchall()
    assert set(attempts) == {(1, 0)}
    assert events == [(1,)] * count
