"""Health: whether the process lives, and whether what it needs answers."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel

from api.context import Ctx
from blurline.errors import RetryableError
from sql.reading import ping

router = APIRouter(tags=["health"])


class Liveness(BaseModel):
    """The process lives."""

    status: Literal["alive"] = "alive"


class Health(BaseModel):
    """The state of each part: `ok`, or a sentence that says what is wrong."""

    status: Literal["ok", "degraded"]
    parts: dict[str, str]


@router.get("/liveness")
async def liveness() -> Liveness:
    """Whether the process lives. Touches nothing else."""
    return Liveness()


@router.get("/healthcheck", responses={503: {"model": Health}})
def healthcheck(context: Ctx, response: Response) -> Health:
    """Whether database, store and Prefect answer. 503 when one does not."""
    checks: dict[str, Callable[[], None]] = {
        "database": lambda: ping(context.database),
        "store": context.store.check,
        "prefect": context.flow_runs.check,
    }
    with ThreadPoolExecutor(max_workers=len(checks)) as threads:
        parts = dict(zip(checks, threads.map(_state, checks.values()), strict=True))
    is_ok = all(state == "ok" for state in parts.values())
    response.status_code = 200 if is_ok else 503
    return Health(status="ok" if is_ok else "degraded", parts=parts)


def _state(check: Callable[[], None]) -> str:
    try:
        check()
    except RetryableError as error:
        return error.code
    return "ok"
