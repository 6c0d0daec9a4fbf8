"""Thumbnails of images, fetched several at a time and cached in the session."""

from __future__ import annotations

import io
from base64 import b64encode
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from uuid import UUID

import streamlit as st
from PIL import Image

from blurline.client import Client
from blurline.client.api import PreviewOf
from blurline.contract import Image as JobImage
from blurline.contract import Job

_AT_ONCE = 6
_KEPT = 500
_STORED, _ICONS = "thumbs", "icons"
_ICON_PX = (96, 64)
_HAVING = ("published", "needs_review")

Kept = dict[tuple[str, PreviewOf, str | None], bytes]


def thumbs(client: Client, images: Sequence[JobImage], of: PreviewOf = "result") -> list[bytes | None]:
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


def first_images(client: Client, jobs: Sequence[Job]) -> dict[UUID, str]:
    """A tiny picture of the first image of each job that has one, as a data URL. Raises the client's errors."""
    kept: dict[UUID, str] = st.session_state.setdefault(_ICONS, {})
    ids = [
        job.first_image.id for job in jobs if job.first_image and (job.progress.published or job.state == "finished")
    ]
    missing = [each for each in ids if each not in kept]
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        found = threads.map(lambda image_id: client.preview(image_id, "result", "thumb"), missing)
        kept.update({image_id: _icon(data) for image_id, data in zip(missing, found, strict=True) if data is not None})
    for image_id in list(kept)[: max(0, len(kept) - _KEPT)]:
        del kept[image_id]
    return kept


def _icon(thumb: bytes) -> str:
    with Image.open(io.BytesIO(thumb)) as picture:
        picture.thumbnail(_ICON_PX)
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=70)
    return f"data:image/jpeg;base64,{b64encode(file.getvalue()).decode()}"


def _thumb(client: Client, of: PreviewOf, image: JobImage) -> bytes | None:
    return client.preview(image.id, of, "thumb")


def _key(image: JobImage, of: PreviewOf) -> tuple[str, PreviewOf, str | None]:
    """A key that changes with the result. An original does not change, so it is fetched (and logged) once."""
    return str(image.id), of, image.result_sha256 if of == "result" else None
