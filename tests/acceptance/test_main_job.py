"""The main job through the whole stack: submit, wait, fetch, and inspect the results."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from PIL.ExifTags import Base

from blurline.picture.formats import png
from blurline.picture.metadata import MANDATORY_IN_JPEG
from blurline.version import VERSION
from tests.acceptance.stack import Stack, fetch, finished, submit
from tests.pictures import ASTRONAUT, COFFEE, GROUP, HOPPER, decoded, encoded, psnr_db, sideways
from tests.waiting import TIMEOUT_S, wait_for


@pytest.fixture(scope="module")
def client(stack: Stack) -> Iterator[httpx.Client]:
    with stack.client() as client:
        yield client


def assert_only_faces_are_gone(client: httpx.Client, image: dict[str, Any], original: bytes) -> None:
    """The published file shows the upright original, except where a face was destroyed."""
    shown = client.get(f"/v1/images/{image['id']}").json()
    before, after = decoded(original), decoded(fetch(client, image))
    assert after.shape == before.shape
    outside = np.ones(before.shape[:2], bool)
    for box in shown["detections"]:
        if box["destroyed"]:
            x1, y1, x2, y2 = (round(box[name]) for name in ("x1", "y1", "x2", "y2"))
            assert psnr_db(after[y1:y2, x1:x2], before[y1:y2, x1:x2]) < 22
            width, height = x2 - x1, y2 - y1
            outside[max(0, y1 - height // 2) : y2 + height // 2, max(0, x1 - width // 2) : x2 + width // 2] = False
    assert psnr_db(after[outside], before[outside]) > 44


def test_a_presigned_upload_is_published_without_its_face(client: httpx.Client) -> None:
    original = ASTRONAUT.read_bytes()
    (upload,) = client.post("/v1/uploads").raise_for_status().json()["uploads"]
    httpx.post(upload["url"], data=upload["fields"], files={"file": original}, timeout=TIMEOUT_S).raise_for_status()
    body = {"images": [{"key": upload["key"], "name": "astronaut.png"}]}
    job = client.post("/v1/jobs", json=body).raise_for_status().json()
    image = finished(client, job["id"])["astronaut.png"]
    assert (image["state"], image["faces_found"]) == ("published", 1)
    assert image["model"]["name"] == "centerface"
    assert_only_faces_are_gone(client, image, original)


def test_one_file_of_each_format_is_published_in_that_format_without_its_face(client: httpx.Client) -> None:
    upright = Image.open(HOPPER).convert("RGB")
    turned = Image.fromarray(np.roll(np.asarray(upright), 60, axis=1))
    many: dict[str, Any] = {"save_all": True, "append_images": [turned], "duration": [200, 300]}
    files = {
        "hopper.jpg": HOPPER.read_bytes(),
        "hopper.png": encoded(upright, "PNG"),
        "hopper.webp": encoded(upright, "WEBP", lossless=True),
        "hopper.avif": encoded(upright, "AVIF", quality=95),
        "hopper.tif": encoded(upright, "TIFF", compression="tiff_lzw"),
        "hopper.gif": encoded(upright, "GIF"),
        "hopper.bmp": encoded(upright, "BMP"),
        "moving.gif": encoded(upright, "GIF", **many),
        "moving.png": encoded(upright, "PNG", **many),
        "moving.webp": encoded(upright, "WEBP", **many),
        "pages.tif": encoded(upright, "TIFF", save_all=True, append_images=[turned]),
        "coffee.png": COFFEE.read_bytes(),
    }
    images = finished(client, submit(client, list(files.items())))
    assert {name: image["state"] for name, image in images.items()} == dict.fromkeys(files, "published")
    for name, image in images.items():
        is_many = name.startswith(("moving", "pages"))
        assert (image["frames"], image["faces_found"]) == ((2, 2) if is_many else (1, 0 if "coffee" in name else 1))
        kind = {"jpg": "jpeg", "tif": "tiff"}.get(name[-3:], name.rsplit(".", 1)[1])
        assert image["result_media_type"] == f"image/{kind}"
        if not is_many:
            assert_only_faces_are_gone(client, image, files[name])
    before, after = (dict(png.chunks(data)) for data in (files["coffee.png"], fetch(client, images["coffee.png"])))
    is_copied = before[b"IDAT"] == after[b"IDAT"]
    assert is_copied


def test_metadata_is_kept_as_the_policy_says(client: httpx.Client) -> None:
    block = Image.Exif()
    block[0x010F], block[0x0131] = "Maker", "Software"
    data = encoded(Image.open(HOPPER).convert("RGB"), "JPEG", exif=block)
    for policy, passes in (("strip", {}), ("safe", {0x010F: "Maker"})):
        image = finished(client, submit(client, [("h.jpg", data)], metadata=policy))["h.jpg"]
        with Image.open(io.BytesIO(fetch(client, image))) as written:
            kept = dict(written.getexif())
            assert {tag: value for tag, value in kept.items() if tag in block} == passes
            assert kept.keys() <= passes.keys() | MANDATORY_IN_JPEG | {Base.ExifOffset}


def test_a_sideways_photograph_is_published_upright(client: httpx.Client) -> None:
    upright = Image.open(HOPPER).convert("RGB")
    image = finished(client, submit(client, [("side.jpg", sideways(upright, 6, quality=95))]))["side.jpg"]
    assert (image["state"], image["width_px"], image["height_px"]) == ("published", upright.width, upright.height)
    after = decoded(fetch(client, image))
    assert psnr_db(after[500:], np.asarray(upright)[500:]) > 30


def test_the_policy_is_applied_and_recorded(client: httpx.Client) -> None:
    job_id = submit(client, [("h.jpg", HOPPER.read_bytes())], style="solid", profile="fast")
    image = finished(client, job_id)["h.jpg"]
    assert (image["policy"]["style"], image["model"]["name"]) == ("solid", "yunet")


def test_a_result_for_review_waits_for_its_approval(stack: Stack, client: httpx.Client) -> None:
    files = [("h.jpg", HOPPER.read_bytes())]
    image = finished(client, submit(client, files, review="always"))["h.jpg"]
    assert (image["state"], image["error"]["code"], image["result_url"]) == ("needs_review", "review_asked", None)
    with stack.client("rita", "review") as reviewer:
        approved = (
            reviewer.post(f"/v1/images/{image['id']}/approve", json={"result_sha256": image["result_sha256"]})
            .raise_for_status()
            .json()
        )
    assert approved["state"] == "published"
    assert_only_faces_are_gone(client, approved, files[0][1])


def test_only_doubtful_results_wait_when_the_policy_says_so(client: httpx.Client) -> None:
    crowd = Image.open(GROUP).convert("RGB")
    crowd.thumbnail((150, 150))
    files = [("h.jpg", HOPPER.read_bytes()), ("crowd.png", encoded(crowd, "PNG"))]
    images = finished(client, submit(client, files, review="doubtful"))
    assert images["h.jpg"]["state"] == "published"
    held = images["crowd.png"]
    assert (held["state"], held["error"]["code"]) == ("needs_review", "doubtful")
    assert "near threshold" in held["error"]["message"]
    assert held["doubt"] > images["h.jpg"]["doubt"]


def test_one_file_sent_eight_times_ends_eight_times_the_same(stack: Stack, client: httpx.Client) -> None:
    """In any worker process: a small crowd that is held as doubtful, and a portrait that is published."""
    crowd = Image.open(GROUP).convert("RGB")
    crowd.thumbnail((150, 150))
    files = [("crowd.png", encoded(crowd, "PNG")), ("h.jpg", HOPPER.read_bytes())]
    jobs = [submit(client, files, profile="thorough", review="doubtful") for _ in range(8)]  # as the preset careful
    sent = [finished(client, job_id) for job_id in jobs]
    with stack.client(user="rea", scope="review") as reviewer:
        for name, state in (("crowd.png", "needs_review"), ("h.jpg", "published")):
            images = [each[name] for each in sent]
            results = [reviewer.get(f"/v1/images/{image['id']}/result").raise_for_status().content for image in images]
            assert {image["state"] for image in images} == {state}
            assert len({image["doubt"] for image in images}) == len(set(results)) == 1


def test_bad_files_fail_with_a_sentence_and_the_others_are_published(client: httpx.Client) -> None:
    good = HOPPER.read_bytes()
    files = [
        ("text.jpg", b"this is a text file, whatever its name says"),
        ("cut.jpg", good[: len(good) // 2]),
        ("empty.jpg", b""),
        ("good.jpg", good),
    ]
    images = finished(client, submit(client, files))
    assert images.pop("good.jpg")["state"] == "published"
    assert {name: image["error"]["code"] for name, image in images.items()} == {
        "text.jpg": "unsupported_format",
        "cut.jpg": "unreadable_picture",
        "empty.jpg": "empty_file",
    }
    for image in images.values():
        assert image["state"] == "failed"
        assert image["error"]["message"].endswith(".")
        assert client.get(f"/v1/images/{image['id']}/result").status_code == 409


def test_a_failed_image_lists_only_what_is_needed_to_fix_it(client: httpx.Client) -> None:
    image = finished(client, submit(client, [("t.jpg", b"text")]))["t.jpg"]
    assert "not a picture in a supported format" in image["error"]["message"]
    assert "Traceback" not in client.get(f"/v1/images/{image['id']}").text


def test_everything_is_healthy(client: httpx.Client) -> None:
    healthy = {
        "status": "ok",
        "version": VERSION,
        "parts": dict.fromkeys(("database", "store", "prefect", "dispatch", "workers", "disk"), "ok"),
        "messages": {},
    }
    # On a loaded machine, a part may answer later than a check waits.
    wait_for("everything is healthy", lambda: client.get("/healthcheck").json() == healthy)
