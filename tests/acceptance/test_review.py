"""Review through the whole stack: exactly the marked faces are destroyed, also in a re-run."""

from __future__ import annotations

import io
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from tests.acceptance.stack import Stack, fetch, finished, submit
from tests.pictures import HOPPER
from tests.waiting import wait_for

DRAWN = {"x1": 300.0, "y1": 430.0, "x2": 380.0, "y2": 520.0}


def _rendered(reviewer: httpx.Client, url: str, before: str) -> dict[str, Any]:
    def ask() -> dict[str, Any] | None:
        image: dict[str, Any] = reviewer.get(url).raise_for_status().json()
        return image if image["result_sha256"] != before and not image["is_underway"] else None

    return wait_for("the correction is rendered", ask)


def _changed(data: bytes, box: dict[str, float]) -> float:
    """The mean difference between a box of the picture and the original, in levels."""
    area = np.s_[int(box["y1"]) : int(box["y2"]), int(box["x1"]) : int(box["x2"])]
    before, after = (np.asarray(Image.open(file).convert("RGB"), np.float32) for file in (HOPPER, io.BytesIO(data)))
    return float(np.abs(before[area] - after[area]).mean())


def _small(client: httpx.Client, image: dict[str, Any], of: str, size: str) -> Image.Image:
    params = {"of": of, "size": size}
    return Image.open(
        io.BytesIO(client.get(f"/v1/images/{image['id']}/preview", params=params).raise_for_status().content)
    )


@pytest.fixture
def client(stack: Stack) -> Any:
    with stack.client() as client:
        yield client


def test_a_correction_is_rendered_and_survives_a_rerun(stack: Stack, client: httpx.Client) -> None:
    job_id = submit(client, [("h.jpg", HOPPER.read_bytes())], review="always")
    held = finished(client, job_id)["h.jpg"]
    url = f"/v1/images/{held['id']}"
    with stack.client("rita", "review") as reviewer:
        task = reviewer.post(f"{url}/claim").raise_for_status().json()
        (face,) = [box for box in task["image"]["detections"] if box["destroyed"]]
        for of in ("original", "result"):
            assert max(_small(reviewer, held, of, "view").size) == max(held["width_px"], held["height_px"])
            assert max(_small(reviewer, held, of, "thumb").size) == 320
        reviewer.post(f"{url}/correct", json={"destroy": [DRAWN]}).raise_for_status()
        corrected = _rendered(reviewer, url, held["result_sha256"])
    assert corrected["state"] == "published"
    assert corrected["faces_found"] == 1
    data = fetch(client, corrected)
    assert _changed(data, DRAWN) > 10
    assert _changed(data, face) < 2
    shown = _small(client, corrected, "result", "thumb")
    scale = max(shown.size) / max(held["width_px"], held["height_px"])
    assert shown.size == (round(held["width_px"] * scale), round(held["height_px"] * scale))

    stack.command("rerun", "--state", "published", "--job", job_id, "--override", "style=solid", "--yes")
    again = _rendered(client, url, corrected["result_sha256"])
    assert again["state"] == "needs_review"  # the job's policy asks for a review, also of a re-run
    with stack.client("rita", "review") as reviewer:
        reviewer.post(f"{url}/approve", json={"result_sha256": again["result_sha256"]}).raise_for_status()
    again = client.get(url).raise_for_status().json()
    data = fetch(client, again)
    assert again["policy"]["style"] == "solid"
    assert _changed(data, DRAWN) > 10
    assert _changed(data, face) < 2
