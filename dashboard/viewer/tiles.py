"""Addresses at which the board fetches the tiles of its picture, from the dashboard's own server.

An address has a secret, is for one browser, and ends with the case: anyone who knew an address could open it otherwise.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import get_args
from uuid import UUID
from weakref import WeakValueDictionary

import streamlit as st
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from blurline.client import ApiError, Client, PreviewOf
from blurline.errors import BlurlineError
from blurline.storage.preview_keys import PREVIEW_MEDIA_TYPE
from dashboard.access.sign_in import browser_of

_PATH = "/tiles"
_HEADERS = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}


@dataclass(slots=True, weakref_slot=True)
class TileAddress:
    """The tiles of an image's original and result, for one ``browser``."""

    image_id: UUID
    client: Client
    browser: str | None
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))

    @property
    def path(self) -> str:
        """The address; `/original` or `/result` follow, then frame, level, column and row."""
        return f"{_PATH}/{self.token}"


_addresses: WeakValueDictionary[str, TileAddress] = WeakValueDictionary()  # each belongs to a session's case


def tile_address(client: Client, image_id: UUID) -> TileAddress:
    """A new address for the browser of this session. It is valid while somebody keeps it."""
    browser = browser_of(st.context.cookies, st.context.headers.get("Host", ""))
    address = TileAddress(image_id, client, browser)
    _addresses[address.token] = address
    return address


def _sizes(request: Request) -> Response:
    def fetch(at: TileAddress, of: PreviewOf) -> Response:
        sizes = at.client.tiles(at.image_id, of).model_dump_json()
        return Response(sizes, headers=_HEADERS, media_type="application/json")

    return _answer(request, fetch)


def _tile(request: Request) -> Response:
    def fetch(at: TileAddress, of: PreviewOf) -> Response:
        frame, level, column, row = (int(request.path_params[name]) for name in ("frame", "level", "column", "row"))
        tile = at.client.tile(at.image_id, of, frame, level, column, row)
        return Response(tile, headers=_HEADERS, media_type=PREVIEW_MEDIA_TYPE)

    return _answer(request, fetch)


def _answer(request: Request, fetch: Callable[[TileAddress, PreviewOf], Response]) -> Response:
    at = _addresses.get(request.path_params["token"])
    of = request.path_params["of"]
    browser = browser_of(request.cookies, request.headers.get("host", ""))
    if at is None or browser is None or at.browser != browser or of not in get_args(PreviewOf):
        return PlainTextResponse("This address has expired. Reload the page.", HTTPStatus.NOT_FOUND)
    try:
        return fetch(at, of)
    except ApiError as error:
        return PlainTextResponse(str(error), error.status)
    except BlurlineError as error:
        return PlainTextResponse(str(error), HTTPStatus.BAD_GATEWAY)


TILE_ROUTES = [
    Route(f"{_PATH}/{{token}}/{{of}}", _sizes),
    Route(f"{_PATH}/{{token}}/{{of}}/{{frame:int}}/{{level:int}}/{{column:int}}/{{row:int}}", _tile),
]
"""The routes of the tiles, for the dashboard's server."""
