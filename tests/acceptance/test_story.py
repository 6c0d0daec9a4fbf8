"""The whole story as a user sees it: a photograph is uploaded, held, corrected with the mouse and published, and
the correction is in the result, the figures, the training set and the audit record."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from blurline.client import Client
from blurline.contract import Decision, Detection
from tests.acceptance.review_board import board, drag, middle, wait_until_shown
from tests.acceptance.stack import CommandFailed, Stack, finished
from tests.dashboard.board_page import HAS_CHROMIUM, on_screen
from tests.pictures import GROUP, HOPPER
from tests.waiting import wait_for

pytestmark = pytest.mark.skipif(not HAS_CHROMIUM, reason="needs Debian's chromium; .ci/run installs it")

OPERATOR = "operator"  # the name of a user on this machine
LABELS = {"story": "told"}
DRAWN = (220.0, 800.0, 310.0, 890.0)

Corners = tuple[float, float, float, float]


def test_a_reviewers_correction_is_destroyed_counted_exported_and_recorded(
    stack: Stack, page: Page, tmp_path: Path
) -> None:
    _submit_as_somebody_else(stack)
    token = stack.command("token", "--user", OPERATOR)
    with Client(stack.variables()["BLURLINE_API_URL"], token) as client:
        _upload(page, stack.dashboard_url())
        image_id = _open_in_review(page)
        found = [box for box in client.image(image_id).detections if box.destroyed]
        dropped, *kept = found
        _correct(page, dropped)
        (decision,) = client.decisions(image_id)
        assert client.image(image_id).faces_found == len(found)
    _expect_decision(decision, dropped)
    faces = [*map(_corners, kept), DRAWN]

    published = _download_result(page, image_id, stack)
    _expect_destroyed(published, faces, _corners(dropped))
    _expect_figures(page, stack.dashboard_url(), len(faces))
    _expect_training_set(page, stack.dashboard_url(), image_id, faces, _corners(dropped))
    record = _download_record(page, stack.dashboard_url(), image_id)
    _expect_verified(stack, tmp_path, record, published)


def _submit_as_somebody_else(stack: Stack) -> None:
    """Submit a picture with the same label as another user."""
    files, form = [("files", ("other.jpg", HOPPER.read_bytes()))], {"labels": json.dumps(LABELS)}
    with stack.client("other") as other:
        job = other.post("/v1/jobs", files=files, data=form).raise_for_status().json()
        finished(other, job["id"])


def _pick(page: Page, name: str, option: str) -> None:
    """Choose an option. A list that opens while the page reruns closes at once, so open it until it is chosen."""
    wanted = page.get_by_role("option", name=option)

    def is_taken() -> bool:
        if not wanted.is_visible():
            page.get_by_role("combobox", name=name).click()
        try:
            wanted.click(timeout=2000)
        except PlaywrightTimeout:
            return False
        return True

    wait_for(f"{option} is taken", is_taken)


def _upload(page: Page, url: str) -> None:
    page.goto(url)
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose photographs").click()
    chooser.value.set_files(GROUP)
    _fill(page, "Labels", ", ".join(f"{name}={value}" for name, value in LABELS.items()))
    page.get_by_text("Adjust the policy").click()
    _pick(page, "Review", "always")
    page.get_by_role("button", name="Submit 1 photograph").click()
    expect(page.get_by_text("0 of 1 image published, 1 waiting for review")).to_be_visible()


def _open_in_review(page: Page) -> UUID:
    """Open the review from the image's page; its id."""
    page.get_by_role("button", name="group.jpg", exact=True).click()
    page.get_by_role("link", name="Open in Review").click()
    image_id, name = wait_until_shown(page)
    assert name == "group.jpg"
    return UUID(image_id)


def _correct(page: Page, false_one: Detection) -> None:
    """Drop a box, draw another, draw a third and undo it twice; then save."""
    page.mouse.click(*on_screen(page, *middle(_corners(false_one))))
    drag(page, *DRAWN)
    drag(page, 700, 900, 760, 960)
    page.keyboard.press("u")
    page.keyboard.press("Shift+U")
    page.keyboard.press("u")
    expect(board(page)).to_contain_text("1 dropped")
    expect(board(page)).to_contain_text("1 drawn")
    page.keyboard.press("s")
    expect(page.get_by_text("group.jpg: published")).to_be_visible()


def _expect_decision(decision: Decision, dropped: Detection) -> None:
    (added,) = decision.added
    assert _corners(added) == pytest.approx(DRAWN, abs=2)
    assert [_corners(box) for box in decision.dropped] == [pytest.approx(_corners(dropped))]
    assert decision.reviewer == OPERATOR


def _download_result(page: Page, image_id: UUID, stack: Stack) -> bytes:
    page.goto(f"{stack.dashboard_url()}/jobs?image={image_id}")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    return download.value.path().read_bytes()


def _expect_destroyed(result: bytes, faces: list[Corners], dropped: Corners) -> None:
    """Assert that the marked face has changed and the dropped one has not."""
    for face in faces:
        assert _changed(result, face) > 10
    assert _changed(result, dropped) < 2


def _changed(result: bytes, box: Corners) -> float:
    """The mean difference between a box of the group picture and its original, in levels."""
    x1, y1, x2, y2 = map(int, box)
    before, after = (np.asarray(Image.open(file).convert("RGB"), np.float32) for file in (GROUP, io.BytesIO(result)))
    return float(np.abs(before - after)[y1:y2, x1:x2].mean())


def _expect_figures(page: Page, url: str, faces: int) -> None:
    page.goto(f"{url}/statistics")
    _choose(page)
    for name, number in (("Images", 1), ("Faces", faces), ("Published", 1), ("Failed", 0)):
        _expect_metric(page, name, number)

    page.get_by_test_id("stButtonGroup").get_by_text("Review and quality").click()
    for name, number in (("Decisions", 1), ("Corrected", 1), ("Approved", 0)):
        _expect_metric(page, name, number)
    share = rf"{(faces - 1) / faces:.1%} \([\d.]+% to [\d.]+%, of {faces}\)"  # one missed face, one false detection
    expected = re.compile(rf"Of 1 reviewed image: recall {share}, precision {share}\.")
    said = page.get_by_test_id("stMarkdown").filter(has_text=expected)
    expect(said.first).to_be_visible()  # while Streamlit runs, it may stand there twice


def _expect_metric(page: Page, name: str, number: int) -> None:
    label = page.get_by_test_id("stMetricLabel").get_by_text(name, exact=True)
    metric = page.get_by_test_id("stMetric").filter(has=label)
    expect(metric.get_by_test_id("stMetricValue")).to_have_text(str(number))


def _expect_training_set(page: Page, url: str, image_id: UUID, faces: list[Corners], dropped: Corners) -> None:
    page.goto(f"{url}/exports")
    _choose(page)
    expect(page.get_by_text("1 image selected.")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="COCO").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        coco: dict[str, Any] = json.loads(archive.read("annotations.json"))
    (picture,) = coco["images"]
    assert picture["blurline_image_id"] == str(image_id)
    boxes = sorted(annotation["bbox"] for annotation in coco["annotations"])
    assert boxes == [pytest.approx(box, abs=2) for box in sorted(map(_coco_box, faces))]
    assert pytest.approx(_coco_box(DRAWN), abs=2) in boxes
    assert pytest.approx(_coco_box(dropped), abs=2) not in boxes


def _download_record(page: Page, url: str, image_id: UUID) -> bytes:
    page.goto(f"{url}/exports")
    _fill(page, "Image", str(image_id))
    with page.expect_download() as download:
        page.get_by_role("button", name="Record of group.jpg").click()
    return download.value.path().read_bytes()


def _expect_verified(stack: Stack, folder: Path, signed: bytes, published: bytes) -> None:
    """Assert that the record verifies, and is refused when a byte of it or of the result changes."""
    record, result = folder / "record.json", folder / "group.jpg"
    record.write_bytes(signed)
    result.write_bytes(published)
    said = stack.command("verify", str(record), "--result", str(result))
    assert f"{record} has a valid signature" in said
    assert f"{result} is the result of the record" in said
    assert f"decisions: corrected by {OPERATOR}" in said

    result.write_bytes(published[:-1] + bytes([published[-1] ^ 1]))
    with pytest.raises(CommandFailed, match=re.escape(f"{result} is not the result of the record")):
        stack.command("verify", str(record), "--result", str(result))
    record.write_bytes(signed.replace(b"group.jpg", b"groug.jpg", 1))
    with pytest.raises(CommandFailed, match="the record was changed after it was signed"):
        stack.command("verify", str(record))


def _choose(page: Page) -> None:
    """Only the story's image."""
    _fill(page, "Label", ",".join(f"{name}={value}" for name, value in LABELS.items()))
    _fill(page, "Owner", OPERATOR)


def _fill(page: Page, label: str, text: str) -> None:
    box = page.get_by_role("textbox", name=label, exact=True)
    box.fill(text)
    box.press("Enter")


def _corners(box: Any) -> Corners:
    return box.x1, box.y1, box.x2, box.y2


def _coco_box(box: Corners) -> list[float]:
    x1, y1, x2, y2 = box
    return [x1, y1, x2 - x1, y2 - y1]
