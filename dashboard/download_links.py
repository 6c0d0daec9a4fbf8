"""Links to files that are made when a browser downloads them.

Streamlit's own download buttons drop a file that is made on demand as soon as the page runs again, even between the
click and the download. An address made here lasts a few minutes, and only the browser that shows it can use it. An
open page renews it.
"""

from __future__ import annotations

import secrets
import tempfile
import time
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
from dashboard.access.sign_in import browser_of

Write = Callable[[BinaryIO], None]

_PATH = "/offers"
_KEPT = "offers"
_IN_MEMORY_BYTES = 8_000_000
_CHUNK_BYTES = 256 * 1024
_VALID_S = 600
_RENEWED_AFTER_S = 240  # an address on an open page is always valid for some minutes


@dataclass(slots=True, weakref_slot=True)
class DownloadLink:
    """A file that is made when it is downloaded, at an address with the ``token``, by one ``browser``."""

    name: str
    media_type: str
    write: Write
    browser: str | None
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    made_at_s: float = field(default_factory=lambda: time.monotonic())

    @property
    def age_s(self) -> float:
        """Seconds since the address was made."""
        return time.monotonic() - self.made_at_s


_links: WeakValueDictionary[str, DownloadLink] = WeakValueDictionary()  # each belongs to a session and ends with it


@st.fragment(run_every=_RENEWED_AFTER_S)
def download_link(
    label: str, name: str, media_type: str, write: Write, *, key: str = "", meaning: str | None = None
) -> None:
    """Show a button that downloads a file. ``key`` (by default the name) is unique in the session; ``meaning`` is the
    button's help text."""
    kept: dict[str, list[DownloadLink]] = st.session_state.setdefault(_KEPT, {})
    browser = browser_of(st.context.cookies, st.context.headers.get("Host", ""))
    links = [link for link in kept.get(key or name, []) if link.age_s < _VALID_S and link.browser == browser]
    if not links or links[-1].age_s > _RENEWED_AFTER_S:
        links.append(DownloadLink(name, media_type, write, browser))
    for link in links:
        link.name, link.media_type, link.write = name, media_type, write
    kept[key or name], link = links, links[-1]
    _links[link.token] = link
    st.link_button(label, f"{_PATH}/{link.token}", icon=":material/download:", key=f"offer-{key or name}", help=meaning)


def _fetch(request: Request) -> Response:
    link = _links.get(request.path_params["token"])
    browser = browser_of(request.cookies, request.headers.get("host", ""))
    if link is None or link.age_s > _VALID_S or browser is None or link.browser != browser:
        return PlainTextResponse("This link has expired. Reload the page it came from.", HTTPStatus.NOT_FOUND)
    file = tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES)  # noqa: SIM115 (`_chunks` closes it)
    try:
        link.write(file)  # type: ignore[arg-type]  # typeshed does not declare it a BinaryIO
    except BlurlineError as error:
        file.close()
        return PlainTextResponse(str(error), HTTPStatus.BAD_GATEWAY)
    headers = {
        "Content-Length": str(file.tell()),
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(link.name, safe='')}",
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }
    file.seek(0)
    return StreamingResponse(_chunks(file), headers=headers, media_type=link.media_type)


def _chunks(file: tempfile.SpooledTemporaryFile[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk


ROUTE = Route(f"{_PATH}/{{token}}", _fetch)
"""The route of the downloads, for the dashboard's server."""
