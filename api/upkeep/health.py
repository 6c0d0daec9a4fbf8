"""Liveness of the process, and health of the services it needs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, FastAPI, Request, Response

from api.dependencies import Context, Ctx
from blurline.contract import Health, Liveness
from blurline.errors import RetryableError
from blurline.version import VERSION
from sql.jobs.job_queries import ping
from sql.upkeep.reconcile import count_undispatched

router = APIRouter(tags=["health"])


_DISPATCH_PATIENCE_S = 60
_REMEMBERED_S = 1


class DispatchLate(RetryableError):
    """Accepted batches wait too long to become flow runs."""

    code = "dispatch_late"


@router.get("/liveness")
async def liveness() -> Liveness:
    """Return 200 while the process runs. Checks nothing else."""
    return Liveness()


@router.get("/healthcheck", responses={503: {"model": Health}})
async def healthcheck(context: Ctx, request: Request, response: Response) -> Health:
    """Check that the database, the store and Prefect respond and that accepted jobs are dispatched; 503 if not.

    Concurrent requests share one check.
    """
    state = request.app.state
    async with state.health_turn:
        if time.monotonic() > state.health_until_s:
            state.health = await to_thread.run_sync(_health, context, limiter=state.health_thread)
            state.health_until_s = time.monotonic() + _REMEMBERED_S
    health: Health = state.health
    response.status_code = 200 if health.status == "ok" else 503
    return health


def remember_health(app: FastAPI) -> None:
    """Initialize the state that `healthcheck` caches in the application."""
    app.state.health_turn, app.state.health_thread, app.state.health_until_s = asyncio.Lock(), CapacityLimiter(1), 0.0


def _health(context: Context) -> Health:
    checks: dict[str, Callable[[], None]] = {
        "database": lambda: ping(context.database),
        "store": context.store.check,
        "prefect": context.flow_runs.check,
        "dispatch": lambda: _check_dispatch(context),
    }
    with ThreadPoolExecutor(max_workers=len(checks)) as threads:
        parts = dict(zip(checks, threads.map(_state, checks.values()), strict=True))
    return Health(status="ok" if set(parts.values()) == {"ok"} else "degraded", parts=parts, version=VERSION)


def _check_dispatch(context: Context) -> None:
    waiting = count_undispatched(context.database)
    if waiting.age_s > _DISPATCH_PATIENCE_S:
        raise DispatchLate(
            f"{waiting.batches} batches wait to be dispatched, the oldest for {waiting.age_s:.0f} s. Check Prefect."
        )


def _state(check: Callable[[], None]) -> str:
    try:
        check()
    except RetryableError as error:
        return error.code
    return "ok"
