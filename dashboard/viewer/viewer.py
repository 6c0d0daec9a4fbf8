"""The large view of an image on its page: what the review board shows, without anything that changes the image."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence

import streamlit as st

from blurline.client.api import PreviewOf
from blurline.contract import Image
from dashboard.access.session import client
from dashboard.viewer.scripts import CSS, PICTURE_JS, page, script
from dashboard.viewer.tiles import TileAddress, tile_address

Picture = tuple[PreviewOf, bytes, str]
"""What a picture is, a small or whole version of it, and its media type."""

_TILES = "viewer_tiles"

HTML = page("viewer.html")
JS = "\n".join([PICTURE_JS, script("viewer")])

_mount = st.components.v2.component("blurline_viewer", html=HTML, css=CSS, js=JS)


def show_viewer(image: Image, pictures: Sequence[Picture]) -> None:
    """Show one or two pictures of an image side by side.

    Where the version is smaller than the picture, tiles bring every pixel. Needs the image's size in pixels.
    """
    shown = [*pictures, *[None] * (2 - len(pictures))]
    data = {
        "key": f"{image.id} {image.result_sha256} {[of for of, _, _ in pictures]}",
        "name": image.name,
        "width_px": image.width_px,
        "height_px": image.height_px,
        "frames": image.frames or 1,
        "tiles": _tiles(image),
        "of": [each[0] if each else "result" for each in shown],
        "original": _data_url(shown[0]),
        "result": _data_url(shown[1]),
    }
    _mount(key=f"viewer-{image.id}", data=data)


def _tiles(image: Image) -> str:
    """The address of the image's tiles, which stays the same while the image is shown."""
    name = f"{image.id} {image.result_sha256}"
    kept: tuple[str, TileAddress] | None = st.session_state.get(_TILES)
    if kept is None or kept[0] != name:
        kept = st.session_state[_TILES] = (name, tile_address(client(), image.id))
    return kept[1].path


def _data_url(shown: Picture | None) -> str | None:
    return None if shown is None else f"data:{shown[2]};base64,{b64encode(shown[1]).decode()}"
