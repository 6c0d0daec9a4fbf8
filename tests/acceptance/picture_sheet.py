"""A sheet of pictures in Chromium: what it shows of each file, and the whole as a picture."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import PurePath

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, Page, Route

from tests.waiting import TIMEOUT_MS

_ADDRESS = "https://pictures.test/"  # a browser decodes single frames only on a page of https
_TYPES = {"jpg": "jpeg", "tif": "tiff"}
_COLUMNS = 4
_GAP_PX, _TITLE_PX = 8, 20
_DRAW = """async ([place, type, number]) => {
    const canvas = document.getElementById(place);
    const decoder = new ImageDecoder({ data: await (await fetch(canvas.dataset.file)).arrayBuffer(), type });
    const { image } = await decoder.decode({ frameIndex: number });
    canvas.width = image.displayWidth;
    canvas.height = image.displayHeight;
    canvas.getContext("2d").drawImage(image, 0, 0);
    await decoder.tracks.ready;
    return decoder.tracks.selectedTrack.frameCount;
}"""


@dataclass(frozen=True, slots=True)
class Shown:
    """A file to show. ``frame``: the number of a frame of an animation, or None to show the file as pages do."""

    name: str
    data: bytes
    frame: int | None = None

    @property
    def media_type(self) -> str:
        """By the extension."""
        extension = PurePath(self.name).suffix[1:].lower()
        return f"image/{_TYPES.get(extension, extension)}"


@dataclass(frozen=True, slots=True)
class Pair:
    """An original and its result."""

    title: str
    original: Shown
    result: Shown


class PictureSheet:
    """The sheet of some pairs, as Chromium shows it."""

    def __init__(self, browser: Browser, pairs: Sequence[Pair], cell_px: tuple[int, int]) -> None:
        self._pairs, self._cell_px = pairs, cell_px
        self._files = [shown for pair in pairs for shown in (pair.original, pair.result)]
        page = browser.new_page(viewport={"width": _COLUMNS * self._step_px[0], "height": 800})
        page.set_default_timeout(TIMEOUT_MS)
        page.route(f"{_ADDRESS}**", self._answer)
        page.goto(_ADDRESS)
        self.sizes_px = [self._size(page, at, shown) for at, shown in enumerate(self._files)]
        """Width and height in which each file shows itself, original and result by turns; (0, 0) for none."""
        self.picture = page.screenshot(full_page=True)
        page.close()

    def views(self, number: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """(H, W, 3) sRGB of the original and the result of a pair."""
        with Image.open(io.BytesIO(self.picture)) as image:
            whole = np.asarray(image.convert("RGB"))
        left, top = self._place(number)
        found = []
        for at, (width, height) in enumerate(self.sizes_px[2 * number : 2 * number + 2]):
            start = left + at * (self._cell_px[0] + _GAP_PX)
            found.append(whole[top : top + height, start : start + width])
        return found[0], found[1]

    @property
    def _step_px(self) -> tuple[int, int]:
        width, height = self._cell_px
        return 2 * width + 4 * _GAP_PX, height + _TITLE_PX + _GAP_PX

    def _place(self, number: int) -> tuple[int, int]:
        across, down = self._step_px
        return number % _COLUMNS * across, number // _COLUMNS * down + _TITLE_PX

    def _answer(self, route: Route) -> None:
        name = route.request.url.removeprefix(_ADDRESS)
        if not name:
            route.fulfill(body=self._html(), content_type="text/html")
            return
        shown = self._files[int(name)]
        route.fulfill(body=shown.data, content_type=shown.media_type)

    def _html(self) -> str:
        parts = []
        for number, pair in enumerate(self._pairs):
            left, top = self._place(number)
            parts.append(f'<p style="left:{left}px;top:{top - _TITLE_PX}px">{escape(pair.title)}</p>')
            for at, shown in enumerate((pair.original, pair.result)):
                file = 2 * number + at
                style = f'id="{file}" style="left:{left + at * (self._cell_px[0] + _GAP_PX)}px;top:{top}px"'
                is_whole = shown.frame is None
                parts.append(f'<img {style} src="{file}">' if is_whole else f'<canvas {style} data-file="{file}">')
                parts.append("" if is_whole else "</canvas>")
        rows = -(-len(self._pairs) // _COLUMNS)
        css = "body { margin: 0; background: #fff } p, img, canvas { position: absolute; margin: 0 }"
        css += f" p {{ font: 14px sans-serif }} body {{ height: {rows * self._step_px[1]}px }}"
        return f"<!doctype html><style>{css}</style>{''.join(parts)}"

    def _size(self, page: Page, at: int, shown: Shown) -> tuple[int, int]:
        if shown.frame is not None:
            page.evaluate(_DRAW, [str(at), shown.media_type, shown.frame])
        else:
            page.evaluate("(place) => document.getElementById(place).decode().catch(() => {})", str(at))
        sizes = page.evaluate(
            "(place) => { const found = document.getElementById(place);"
            " return [found.naturalWidth ?? found.width, found.naturalHeight ?? found.height] }",
            str(at),
        )
        return int(sizes[0]), int(sizes[1])
