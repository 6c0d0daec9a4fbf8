"""The WebSocket: live events of the caller's own jobs. docs/live.md describes the protocol."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import structlog
from fastapi import APIRouter
from starlette.websockets import WebSocket, WebSocketDisconnect

from api.events.live_client import CloseConnection, LiveClient
from api.events.websocket_abort import abort
from api.http.problems import ApiProblem
from blurline.settings import Settings

router = APIRouter()
log = structlog.get_logger()

_CLOSE_S = 1


@router.websocket("/ws")
async def live(websocket: WebSocket) -> None:
    """Send events once the first message has brought a token, until that token expires."""
    state = websocket.app.state
    _check_origin(websocket, state.context.settings)
    await websocket.accept()
    closing: CloseConnection | None = None
    try:
        await LiveClient(websocket, state.context, state.hub).serve()
    except* WebSocketDisconnect:
        pass
    except* CloseConnection as group:
        closing = next(each for each in group.exceptions if isinstance(each, CloseConnection))
    if closing:
        await _close(websocket, closing)


def _check_origin(websocket: WebSocket, settings: Settings) -> None:
    """Refuse pages of other sites. A client that is not a browser sends no Origin."""
    origin = websocket.headers.get("origin")
    if origin is None:
        return
    host, own = websocket.headers.get("host", ""), urlsplit(settings.api.url)
    allowed = {*settings.access.allowed_origins, f"{own.scheme}://{own.netloc}", f"http://{host}", f"https://{host}"}
    if origin.lower() not in {each.lower().rstrip("/") for each in allowed}:
        raise ApiProblem(
            "origin_not_allowed",
            f"Pages of {origin} may not connect. Add the origin to BLURLINE_ALLOWED_ORIGINS to allow it.",
        )


async def _close(websocket: WebSocket, closing: CloseConnection) -> None:
    try:
        async with asyncio.timeout(_CLOSE_S):
            await websocket.close(closing.code, closing.reason)
    except TimeoutError:
        log.warning("websocket_cut", code=closing.code)
        abort(websocket)
    except (WebSocketDisconnect, RuntimeError):
        log.debug("websocket_gone", code=closing.code)
