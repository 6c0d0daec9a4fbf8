"""Files that a page offers, and the way by which browsers fetch them.

Streamlit's own buttons forget a file that is made on demand as soon as the page runs again, also when that is between
a press and its arrival. An offer is there, at one address, for as long as its session.
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import BinaryIO
from urllib.parse import quote
from weakref import WeakValueDictionary

import streamlit as st
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from blurline.errors import BlurlineError

Write = Callable[[BinaryIO], None]

_PATH = "/offers"
_KEPT = "offers"
_IN_MEMORY_BYTES = 8_000_000
_CHUNK_BYTES = 256 * 1024


@dataclass(slots=True, weakref_slot=True)
class Offer:
    """A file that is made when it is fetched. Whoever has the ``token`` may fetch it."""

    name: str
    media_type: str
    write: Write
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))


_offers: WeakValueDictionary[str, Offer] = WeakValueDictionary()  # each is its session's, and goes with it


def offer(label: str, name: str, media_type: str, write: Write, *, key: str = "", meaning: str | None = None) -> None:
    """A button for a file. Its ``key``, or its name, tells it from the session's others; ``meaning`` is for those who
    ask."""
    kept: dict[str, Offer] = st.session_state.setdefault(_KEPT, {})
    there = kept.setdefault(key or name, Offer(name, media_type, write))
    there.name, there.media_type, there.write = name, media_type, write
    _offers[there.token] = there
    st.link_button(
        label, f"{_PATH}/{there.token}", icon=":material/download:", key=f"offer-{key or name}", help=meaning
    )


def _fetch(request: Request) -> Response:
    there = _offers.get(request.path_params["token"])
    if there is None:
        return PlainTextResponse("This file is not offered any more. Open its page anew.", HTTPStatus.NOT_FOUND)
    file = tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES)  # noqa: SIM115 (`_chunks` closes it)
    try:
        there.write(file)  # type: ignore[arg-type]  # typeshed has it as no BinaryIO
    except BlurlineError as error:
        file.close()
        return PlainTextResponse(str(error), HTTPStatus.BAD_GATEWAY)
    headers = {
        "Content-Length": str(file.tell()),
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(there.name, safe='')}",
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }
    file.seek(0)
    return StreamingResponse(_chunks(file), headers=headers, media_type=there.media_type)


def _chunks(file: tempfile.SpooledTemporaryFile[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk


ROUTE = Route(f"{_PATH}/{{token}}", _fetch)
"""For the dashboard's server."""
