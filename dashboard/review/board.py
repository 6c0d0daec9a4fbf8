"""The board in the browser: it receives pictures and boxes, and returns the reviewer's answers."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Any

import streamlit as st

from blurline.contract import Image
from blurline.storage.preview_keys import PREVIEW_MEDIA_TYPE
from dashboard.review.answer import parse_answer
from dashboard.review.case import Case
from dashboard.review.desk import Desk
from dashboard.review.words import error_words
from dashboard.viewer.scripts import CSS, PICTURE_JS
from dashboard.viewer.tiles import TileAddress, tile_address

_FOLDER = Path(__file__).with_name("board")
_SCRIPTS = (
    "boxes",
    "shapes",
    "spoken",
    "claim",
    "sheets",
    "mouse",
    "keys",
    "words",
    "editor",
    "board",
)
_KEY, _TILES = "review_board", "review_tiles"

HTML = (_FOLDER / "board.html").read_text()
JS = "\n".join([PICTURE_JS, *((_FOLDER / f"{script}.js").read_text() for script in _SCRIPTS)])

_mount = st.components.v2.component("blurline_review_board", html=HTML, css=CSS, js=JS)


def show_board(desk: Desk, case: Case) -> None:
    """Show the desk's case. The desk handles the reviewer's answer before the page runs again."""

    def receive() -> None:
        answer = parse_answer(st.session_state[_KEY].get("answer"))
        if answer is not None:
            desk.handle(answer)

    _mount(key=_KEY, data=board_data(desk, case, _tiles(desk, case)), on_answer_change=receive)


def board_data(desk: Desk, case: Case, tiles: str | None = None) -> dict[str, Any]:
    """The data for the board's scripts. ``tiles``: the address of the picture's tiles."""
    image = case.image
    return {
        "key": case.key,
        "turn": desk.turn,
        "image_id": str(case.id),
        "name": image.name,
        "width_px": case.width_px,
        "height_px": case.height_px,
        "boxes": [
            *({"score": 1, **found.model_dump(exclude_none=True), "destroyed": False} for found in image.findings),
            *(box.model_dump() | {"score": _share(box.score)} for box in case.boxes),
        ],
        "kept_marks": [box.model_dump() for box in case.kept_marks],
        "classes": case.classes,
        "frames": case.frames,
        "can_approve": _can_approve(image) and not case.awaits_another,
        "awaits_another": case.awaits_another,
        "is_refused": image.result_refused,
        "can_reject": image.state in ("needs_review", "published"),
        "is_rendering": desk.is_awaiting,
        "message": error_words(desk.error),
        "claimed_until": case.claimed_until.isoformat(),
        "claimed_for_s": case.claimed_for_s,
        "tiles": tiles,
        "original": _data_url(case.original),
        "result": _data_url(case.result) if case.result is not None else None,
    }


def _tiles(desk: Desk, case: Case) -> str:
    """The address of the case's tiles, which stays the same while the case is shown."""
    kept: tuple[str, TileAddress] | None = st.session_state.get(_TILES)
    if kept is None or kept[0] != case.key:
        kept = st.session_state[_TILES] = (case.key, tile_address(desk.client, case.id))
    return kept[1].path


def _can_approve(image: Image) -> bool:
    return image.state == "needs_review" and image.result_sha256 is not None and not image.result_refused


def _share(score: float) -> float:
    return min(max(score, 0.0), 1.0)


def _data_url(jpeg: bytes) -> str:
    """The picture as a data URL: anyone who knew an address could open it."""
    return f"data:{PREVIEW_MEDIA_TYPE};base64,{b64encode(jpeg).decode()}"
