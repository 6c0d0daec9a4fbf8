"""The pages Statistics and Exports in a real browser: a correction is in the figures, the training set and the audit
record."""

from __future__ import annotations

import io
import json
import re
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from blurline.client import Client
from blurline.contract import CorrectionRequest
from blurline.correction import MarkedBox
from tests.acceptance.conftest import PATIENCE_MS
from tests.acceptance.stack import Stack, finished, submit, wait_for
from tests.dashboard.board_page import HAS_CHROMIUM
from tests.pictures import GROUP, HOPPER

pytestmark = pytest.mark.skipif(not HAS_CHROMIUM, reason="needs Debian's chromium; .ci/run installs it")

OWNER = "sue"
DRAWN = MarkedBox(x1=220, y1=800, x2=310, y2=890)


@dataclass(frozen=True)
class Story:
    """An image of several faces, of whose boxes a reviewer dropped one, and to which they added ``DRAWN``."""

    image_id: UUID
    faces: list[MarkedBox]
    dropped: MarkedBox
    published: bytes


@pytest.fixture(scope="module")
def story(stack: Stack) -> Story:
    """A held picture is corrected, as the Review page does it, and published. Somebody else's is not of the story."""
    with stack.client("other") as other:
        finished(other, submit(other, [("other.jpg", HOPPER.read_bytes())]))
    with stack.client(OWNER) as owner:
        job_id = submit(owner, [("group.jpg", GROUP.read_bytes())], review="always")
        image_id = UUID(finished(owner, job_id)["group.jpg"]["id"])
    token = stack.command("token", "--user", "rita", "--scope", "review")
    with Client(stack.variables()["BLURLINE_API_URL"], token) as reviewer:
        held = reviewer.claim(image_id).image
        dropped, *kept = [
            MarkedBox.model_validate(box.model_dump(include=set(MarkedBox.model_fields)))
            for box in held.detections
            if box.destroyed
        ]
        reviewer.correct(image_id, CorrectionRequest(destroy=[*kept, DRAWN]))

        def is_published() -> bool:
            image = reviewer.image(image_id)
            return image.state == "published" and image.result_sha256 != held.result_sha256

        wait_for("the correction is rendered and published", is_published, 60)
        result = io.BytesIO()
        reviewer.result(image_id, result)
    return Story(image_id, [*kept, DRAWN], dropped, result.getvalue())


def test_the_figures_show_the_correction(stack: Stack, story: Story, page: Page) -> None:
    _open(page, f"{stack.dashboard_url()}/statistics")
    for name, number in (("Images", 1), ("Faces", len(story.faces)), ("Published", 1), ("Failed", 0)):
        _expect_metric(page, name, number)

    page.get_by_test_id("stButtonGroup").get_by_text("Review and quality").click()
    for name, number in (("Decisions", 1), ("Corrected", 1), ("Approved", 0)):
        _expect_metric(page, name, number)
    count = len(story.faces)
    share = rf"{(count - 1) / count:.1%} \([\d.]+% to [\d.]+%, of {count}\)"  # one missed, and one found that was none
    expected = re.compile(rf"Of 1 reviewed image: recall {share}, precision {share}\.")
    said = page.get_by_test_id("stMarkdown").filter(has_text=expected)
    expect(said.first).to_be_visible(timeout=PATIENCE_MS)  # while Streamlit runs, it may stand there twice


def test_the_training_set_holds_the_drawn_box_and_not_the_dropped(stack: Stack, story: Story, page: Page) -> None:
    _open(page, f"{stack.dashboard_url()}/exports")
    expect(page.get_by_text("1 image chosen.")).to_be_visible(timeout=PATIENCE_MS)
    _wait_until_settled(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="COCO").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        coco: dict[str, Any] = json.loads(archive.read("annotations.json"))
    (picture,) = coco["images"]
    assert picture["blurline_image_id"] == str(story.image_id)
    found = sorted(annotation["bbox"] for annotation in coco["annotations"])
    assert found == [pytest.approx(box, abs=2) for box in sorted(map(_coco_box, story.faces))]
    assert pytest.approx(_coco_box(DRAWN), abs=2) in found
    assert pytest.approx(_coco_box(story.dropped), abs=2) not in found


def test_the_audit_record_is_verified(stack: Stack, story: Story, page: Page, tmp_path: Path) -> None:
    page.goto(f"{stack.dashboard_url()}/exports")
    page.get_by_role("textbox", name="Image", exact=True).fill(str(story.image_id))
    page.get_by_role("textbox", name="Image", exact=True).press("Enter")
    with page.expect_download() as download:
        page.get_by_role("button", name="Record of group.jpg").click()
    record, result = tmp_path / "record.json", tmp_path / "group.jpg"
    download.value.save_as(record)
    result.write_bytes(story.published)

    said = stack.command("verify", str(record), "--result", str(result))
    assert f"{record} is as it was signed" in said
    assert f"{result} is the result of the record" in said
    assert "decisions: corrected by rita" in said

    result.write_bytes(story.published[:-1] + bytes([story.published[-1] ^ 1]))
    with pytest.raises(subprocess.CalledProcessError) as refused:
        stack.command("verify", str(record), "--result", str(result))
    assert f"{result} is not the result of the record" in refused.value.stdout
    record.write_bytes(record.read_bytes().replace(b"group.jpg", b"groug.jpg", 1))
    with pytest.raises(subprocess.CalledProcessError) as refused:
        stack.command("verify", str(record))
    assert "the record was changed after it was signed" in refused.value.stderr


def _open(page: Page, url: str) -> None:
    """A page about the story's image alone."""
    page.goto(url)
    expect(page.get_by_text("Signed in as")).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_role("textbox", name="Owner").fill(OWNER)
    page.get_by_role("textbox", name="Owner").press("Enter")


def _wait_until_settled(page: Page) -> None:
    """Until no button is of a run before, whose files are gone."""
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning", timeout=PATIENCE_MS)


def _expect_metric(page: Page, name: str, number: int) -> None:
    label = page.get_by_test_id("stMetricLabel").get_by_text(name, exact=True)
    metric = page.get_by_test_id("stMetric").filter(has=label)
    expect(metric.get_by_test_id("stMetricValue")).to_have_text(str(number), timeout=PATIENCE_MS)


def _coco_box(box: MarkedBox) -> list[float]:
    return [box.x1, box.y1, box.x2 - box.x1, box.y2 - box.y1]
