"""Thumbnails of images, fetched several at a time and cached in the session."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import streamlit as st

from blurline.client import Client
from blurline.client.api import PreviewOf
from blurline.contract import Image

_AT_ONCE = 6
_KEPT = 500
_STORED = "thumbs"
_HAVING = ("published", "needs_review")

Kept = dict[tuple[str, PreviewOf, str | None], bytes]


def thumbs(client: Client, images: Sequence[Image], of: PreviewOf = "result") -> list[bytes | None]:
    """A small JPEG of each result, or of its original; None if there is none. Raises the client's errors."""
    kept: Kept = st.session_state.setdefault(_STORED, {})
    missing = [image for image in images if image.state in _HAVING and _key(image, of) not in kept]
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        for image, data in zip(missing, threads.map(partial(_thumb, client, of), missing), strict=True):
            if data is not None:
                kept[_key(image, of)] = data
    shown = [kept.get(_key(image, of)) for image in images]
    for key in list(kept)[: max(0, len(kept) - _KEPT)]:
        del kept[key]
    return shown


def _thumb(client: Client, of: PreviewOf, image: Image) -> bytes | None:
    return client.preview(image.id, of, "thumb")


def _key(image: Image, of: PreviewOf) -> tuple[str, PreviewOf, str | None]:
    """A key that changes with the result. An original does not change, so it is fetched (and logged) once."""
    return str(image.id), of, image.result_sha256 if of == "result" else None
