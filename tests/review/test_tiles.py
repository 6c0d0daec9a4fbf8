"""Tiles over the API: every pixel of every frame, for the people who may see the whole file."""

from __future__ import annotations

import io
from dataclasses import replace
from hashlib import sha256
from typing import Any

import httpx
import numpy as np
import psutil
import psycopg
import pytest
from PIL import Image

from blurline.access.tokens import Scope
from blurline.settings import Settings
from blurline.storage.inventory import ImageBucket, is_ours
from blurline.storage.preview_keys import tiles_key
from blurline.storage.store import Store
from sql.engine.database import Database
from sql.jobs.attempts import Attempt
from sql.jobs.publishing import ReviewReason, publish
from tests.api_requests import bearer, problem, underway
from tests.factories import result
from tests.waiting import TIMEOUT_S


def _picture(width: int, height: int, seed: int = 1) -> Image.Image:
    coarse = np.random.default_rng(seed).integers(0, 255, (height // 40 + 1, width // 40 + 1, 3), dtype=np.uint8)
    return Image.fromarray(np.kron(coarse, np.ones((40, 40, 1), np.uint8))[:height, :width])


def _saved(picture: Image.Image, file_format: str, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, file_format, **options)
    return file.getvalue()


@pytest.fixture
def pages() -> list[Image.Image]:
    """Two pages of different sizes, which fill tiles only partly."""
    return [_picture(1301, 701), _picture(600, 900, seed=2)]


@pytest.fixture
def held(
    client: httpx.Client, settings: Settings, database: Database, store: Store, pages: list[Image.Image]
) -> Attempt:
    """A held image whose original and result are the same document of two pages."""
    data = _saved(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    client.post("/v1/jobs", files=[("files", ("a.tif", data))]).raise_for_status()
    (attempt,) = underway(database, settings)
    key = f"{attempt.image_id}/{attempt.id}.tif"
    store.put_result(key, data, "image/tiff")
    with database.transaction() as transaction:
        made = replace(result(key, 0.5), original_sha256=sha256(data).hexdigest())
        publish(transaction, attempt, made, ReviewReason("doubtful", "Look at it."))
    return attempt


@pytest.fixture
def rita(client: httpx.Client, settings: Settings) -> Any:
    headers = {"Authorization": bearer(settings, "rita", Scope.REVIEW)}
    with httpx.Client(base_url=client.base_url, headers=headers, timeout=TIMEOUT_S) as reviewer:
        yield reviewer


def _assembled(reviewer: httpx.Client, url: str, of: str, frame: int, shape: dict[str, int]) -> Image.Image:
    """The whole frame at its highest level, from its tiles."""
    whole = Image.new("RGB", (shape["width_px"], shape["height_px"]))
    for left in range(0, whole.width, 512):
        for top in range(0, whole.height, 512):
            path = f"{url}/tiles/{shape['top_level']}/{left // 512}/{top // 512}"
            tile = reviewer.get(path, params={"of": of, "frame": frame}).raise_for_status()
            whole.paste(Image.open(io.BytesIO(tile.content)), (left, top))
    return whole


@pytest.mark.parametrize("of", ["original", "result"])
def test_the_tiles_together_are_every_pixel_of_every_page(
    rita: httpx.Client, held: Attempt, pages: list[Image.Image], of: str
) -> None:
    url = f"/v1/images/{held.image_id}"
    tiles = rita.get(f"{url}/tiles", params={"of": of}).raise_for_status().json()
    assert [(each["width_px"], each["height_px"]) for each in tiles["frames"]] == [page.size for page in pages]
    for number, (page, shape) in enumerate(zip(pages, tiles["frames"], strict=True)):
        seen = np.asarray(_assembled(rita, url, of, number, shape), np.int16)
        assert np.abs(seen - np.asarray(page, np.int16)).mean() < 6
        small = rita.get(f"{url}/tiles/{shape['top_level'] - 1}/0/0", params={"of": of, "frame": number}).content
        half = page.resize(((page.width + 1) // 2, (page.height + 1) // 2), Image.Resampling.BOX)
        part = np.asarray(Image.open(io.BytesIO(small)), np.int16)
        assert np.abs(part - np.asarray(half, np.int16)[: part.shape[0], : part.shape[1]]).mean() < 6
    top = tiles["frames"][0]["top_level"]
    for place in (f"{top}/3/0", f"{top}/0/2", f"{top + 1}/0/0"):
        problem(rita.get(f"{url}/tiles/{place}", params={"of": of}), 404, "tile_missing")
    problem(rita.get(f"{url}/tiles/0/0/0", params={"of": of, "frame": 2}), 404, "tile_missing")


def test_tiles_of_originals_are_for_reviewers_and_each_look_is_recorded(
    client: httpx.Client, rita: httpx.Client, settings: Settings, store: Store, held: Attempt
) -> None:
    url = f"/v1/images/{held.image_id}"
    operator = {"Authorization": bearer(settings, "olga", Scope.OPERATE)}
    stranger = {"Authorization": bearer(settings, "bob", Scope.SUBMIT)}
    for path in ("tiles", "tiles/0/0/0"):
        problem(client.get(f"{url}/{path}?of=original"), 403, "missing_scope")
        problem(client.get(f"{url}/{path}?of=original", headers=operator), 403, "missing_scope")
        problem(client.get(f"{url}/{path}"), 409, "not_published")
        problem(client.get(f"{url}/{path}", headers=stranger), 404, "not_found")
    assert not store.has(ImageBucket.ORIGINALS, tiles_key(held.original_key))
    for path in ("tiles/0/0/0", "tiles/1/0/0", "tiles"):
        answer = rita.get(f"{url}/{path}?of=original").raise_for_status()
        assert path == "tiles" or answer.headers["cache-control"] == "private, no-store"
    with psycopg.connect(settings.database.conninfo) as connection:
        assert connection.execute("SELECT reviewer FROM looks").fetchall() == [("rita",)]


def test_tiles_are_beside_their_file_and_are_removed_with_it(
    client: httpx.Client, rita: httpx.Client, store: Store, held: Attempt
) -> None:
    url, key = f"/v1/images/{held.image_id}", tiles_key(f"{held.image_id}/{held.id}.tif")
    for of in ("original", "result"):
        rita.get(f"{url}/tiles", params={"of": of}).raise_for_status()
    assert store.has(ImageBucket.RESULTS, key) and is_ours(ImageBucket.RESULTS, key)
    assert is_ours(ImageBucket.ORIGINALS, tiles_key(held.original_key))
    store.remove_result(f"{held.image_id}/{held.id}.tif")
    assert not store.has(ImageBucket.RESULTS, key)
    problem(rita.get(f"{url}/tiles/0/0/0"), 422, "object_missing")
    store.remove_under(ImageBucket.ORIGINALS, held.original_key)
    assert not store.has(ImageBucket.ORIGINALS, tiles_key(held.original_key))


def test_a_file_that_cannot_be_cut_is_named_so(rita: httpx.Client, store: Store, held: Attempt) -> None:
    store.put_result(f"{held.image_id}/{held.id}.tif", b"redacted!!", "image/tiff")
    detail = problem(rita.get(f"/v1/images/{held.image_id}/tiles"), 404, "tiles_missing")
    assert "not a picture" in detail


def test_a_killed_process_that_waited_for_the_next_file_does_not_matter(rita: httpx.Client, held: Attempt) -> None:
    url = f"/v1/images/{held.image_id}/tiles"
    rita.get(url, params={"of": "original"}).raise_for_status()
    (waiting,) = [each for each in psutil.Process().children() if "blurline.picture.tile_cutter" in each.cmdline()]
    waiting.kill()
    psutil.wait_procs([waiting], TIMEOUT_S)
    rita.get(url, params={"of": "result"}).raise_for_status()
