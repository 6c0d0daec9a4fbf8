"""Health: whether the process lives, and whether what it needs answers."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from fastapi import APIRouter, Response

from api.context import Context, Ctx
from blurline.contract import Health, Liveness
from blurline.errors import RetryableError
from sql.reading import ping
from sql.reconciling import count_undispatched

router = APIRouter(tags=["health"])


_DISPATCH_PATIENCE_S = 60


class DispatchLate(RetryableError):
    """What was accepted does not become flow runs."""

    code = "dispatch_late"


@router.get("/liveness")
async def liveness() -> Liveness:
    """Whether the process lives. Touches nothing else."""
    return Liveness()


@router.get("/healthcheck", responses={503: {"model": Health}})
def healthcheck(context: Ctx, response: Response) -> Health:
    """Whether database, store and Prefect answer and what was accepted is dispatched. 503 when not."""
    checks: dict[str, Callable[[], None]] = {
        "database": lambda: ping(context.database),
        "store": context.store.check,
        "prefect": context.flow_runs.check,
        "dispatch": lambda: _check_dispatch(context),
    }
    with ThreadPoolExecutor(max_workers=len(checks)) as threads:
        parts = dict(zip(checks, threads.map(_state, checks.values()), strict=True))
    is_ok = all(state == "ok" for state in parts.values())
    response.status_code = 200 if is_ok else 503
    return Health(status="ok" if is_ok else "degraded", parts=parts)


def _check_dispatch(context: Context) -> None:
    waiting = count_undispatched(context.database)
    if waiting.age_s > _DISPATCH_PATIENCE_S:
        raise DispatchLate(f"{waiting.batches} batches wait to be dispatched, the oldest for {waiting.age_s:.0f} s.")


def _state(check: Callable[[], None]) -> str:
    try:
        check()
    except RetryableError as error:
        return error.code
    return "ok"
