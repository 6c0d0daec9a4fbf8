"""Liveness of the process, and health of the services it needs."""

from __future__ import annotations

import asyncio
import time

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, FastAPI, Request, Response

from api.dependencies import Context
from api.upkeep.part_checks import LIMIT_S, checks_of
from blurline.contract import Health, Liveness
from blurline.error_codes import ERROR_CODES
from blurline.version import VERSION

router = APIRouter(tags=["health"])

_REMEMBERED_S = 1

_MESSAGES = {
    "database_unavailable": f"The database does not answer within {LIMIT_S} s. Start PostgreSQL, or check its log, its "
    "connections and the network to it.",
    "store_unavailable": f"The store does not answer within {LIMIT_S} s, so nothing can be submitted or downloaded. "
    "Start it, or check its log, its disk and the network to it.",
    "bucket_missing": "A bucket of the store does not exist. Run `blurline buckets`.",
    "prefect_unavailable": f"Prefect does not answer as expected within {LIMIT_S} s, so accepted jobs wait. Start it, "
    "or run `blurline deploy` if its database is new.",
}
"""Messages for operators, where the catalogue's advice is for submitters."""


@router.get("/liveness")
async def liveness() -> Liveness:
    """Return 200 while the process runs. Checks nothing else."""
    return Liveness()


@router.get("/healthcheck", responses={503: {"model": Health}})
async def healthcheck(request: Request, response: Response) -> Health:
    """Check every part, with writes to database and store, within five seconds; 503 if one does not do its work.

    `parts` has `database`, `store`, `prefect`, `dispatch` (accepted jobs become flow runs), `workers` (one is online)
    and `disk` (of this process). Concurrent requests share one check.
    """
    state = request.app.state
    async with state.health_turn:
        if time.monotonic() > state.health_until_s:
            parts = await to_thread.run_sync(state.health_checks.run, limiter=state.health_thread)
            state.health, state.health_until_s = _health(parts), time.monotonic() + _REMEMBERED_S
    health: Health = state.health
    response.status_code = 200 if health.status == "ok" else 503
    return health


def remember_health(app: FastAPI, context: Context) -> None:
    """Initialize the state that `healthcheck` caches in the application."""
    app.state.health_checks, app.state.health_until_s = checks_of(context), 0.0
    app.state.health_turn, app.state.health_thread = asyncio.Lock(), CapacityLimiter(1)


def _health(parts: dict[str, str]) -> Health:
    wrong = {part: code for part, code in parts.items() if code != "ok"}
    return Health(
        status="degraded" if wrong else "ok",
        parts=parts,
        messages={part: _message(code) for part, code in wrong.items()},
        version=VERSION,
    )


def _message(code: str) -> str:
    known = ERROR_CODES[code]
    return _MESSAGES.get(code, f"{known.meaning} {known.advice}")
