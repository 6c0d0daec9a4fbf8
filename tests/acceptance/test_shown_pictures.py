"""One file of each kind through the REST API, and its result beside the original in Chromium."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.acceptance.picture_sheet import Pair, PictureSheet, Shown
from tests.acceptance.shown_files import ShownFile, shown_files
from tests.acceptance.stack import Stack, fetch, finished, submit
from tests.dashboard.board_page import chromium
from tests.picture.browser_view import mean_delta_e
from tests.picture.corpus import TOOLS
from tests.picture.corpus_judge import MOST_DELTA_E, shown_by_tool

_MOST_IF_TONE_MAPPED = 5.0
_LEAST_CHANGE = 1.5  # of a destroyed face; the palest, behind transparency, changes by 2.3 to 3, as the noise falls
_CELL_PX = (320, 320)
_PER_SHEET = 48
_SHEETS = "PICTURE_SHEETS"


@pytest.mark.long
@pytest.mark.skipif(any(shutil.which(tool) is None for tool in TOOLS), reason=f"needs {', '.join(TOOLS)}")
def test_every_kind_of_picture_comes_back_with_its_look(stack: Stack, tmp_path: Path) -> None:
    files = {file.name: file for file in shown_files(tmp_path)}
    with stack.client() as client:
        images = finished(client, submit(client, [(name, file.data) for name, file in files.items()]))
        assert {name: image["error"] for name, image in images.items() if image["state"] != "published"} == {}
        treated = [_Treated(file, images[name], client, tmp_path) for name, file in files.items()]
    rows = [(each, page, each.pair(page)) for each in treated for page in range(each.file.frames)]
    sheets = Path(os.environ.get(_SHEETS, tmp_path))
    faults: dict[str, list[str]] = {}
    with chromium("--force-color-profile=srgb") as browser:
        for at in range(0, len(rows), _PER_SHEET):
            part = rows[at : at + _PER_SHEET]
            sheet = PictureSheet(browser, [pair for _, _, pair in part], _CELL_PX)
            (sheets / f"sheet-{at // _PER_SHEET}.png").write_bytes(sheet.picture)
            for number, (each, page, pair) in enumerate(part):
                if found := list(each.faults(page, *sheet.views(number))):
                    faults[pair.title] = found
    assert faults == {}


class _Treated:
    """A file, the image that it became, and its result."""

    def __init__(self, file: ShownFile, image: Mapping[str, Any], client: httpx.Client, folder: Path) -> None:
        self.file, self._folder = file, folder
        self._result = fetch(client, dict(image))
        self._extension = image["result_media_type"].removeprefix("image/")
        self._is_tone_mapped = any(note["code"] == "hdr_reduced" for note in image["notes"])
        answer = client.get(f"/v1/images/{image['id']}/detections").raise_for_status().json()
        self._boxes = [box for box in answer["detections"] if box["destroyed"]]

    def pair(self, page: int) -> Pair:
        """A frame or page of the result beside the original's."""
        title = f"{self.file.name} {page}" if self.file.frames > 1 else self.file.name
        frame = page if page and self._extension != "tiff" else None
        original = Shown(self.file.name, self.file.data, frame)
        if self.file.meant:
            data = self.file.meant[page]
            original = Shown(f"meant.{_extension_of(data)}", data)
        result = Shown(f"result.{self._extension}", self._result, frame)
        if self._extension == "tiff":
            result = Shown("result.png", shown_by_tool(self._result, "tiff", self._folder, page))
        return Pair(title, original, result)

    def faults(self, page: int, before: NDArray[np.uint8], after: NDArray[np.uint8]) -> Iterator[str]:
        """What is wrong with a view of the result, beside that of the original."""
        if before.shape != after.shape or not before.size:
            yield f"shows as {after.shape} instead of {before.shape}"
            return
        outside = np.ones(before.shape[:2], bool)
        boxes = [box for box in self._boxes if box["frame"] == page]
        if not boxes:
            yield "no face was found"
        for box in boxes:
            x1, y1, x2, y2 = (round(box[name]) for name in ("x1", "y1", "x2", "y2"))
            inside = np.zeros_like(outside)
            inside[max(0, y1) : y2, max(0, x1) : x2] = True
            if mean_delta_e(before, after, inside) < _LEAST_CHANGE:
                yield "the face is visible"
            across, down = round(0.7 * (x2 - x1)), round(0.7 * (y2 - y1))
            outside[max(0, y1 - down) : y2 + down, max(0, x1 - across) : x2 + across] = False
        difference = mean_delta_e(before, after, outside)
        if difference > (_MOST_IF_TONE_MAPPED if self._is_tone_mapped else MOST_DELTA_E):
            yield f"the colours differ by {difference:.1f}"


def _extension_of(data: bytes) -> str:
    return "jpeg" if data.startswith(b"\xff\xd8") else "webp" if data.startswith(b"RIFF") else "png"
