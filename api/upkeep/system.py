"""The state of the service, for operators."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter

from api.dependencies import Context, Ctx, Operator
from blurline.contract import (
    ApiProcess,
    FruitlessAttempts,
    Housekeeping,
    MissingObjects,
    Retention,
    System,
    Waiting,
    Worker,
)
from blurline.orchestration.flow_runs import PrefectUnavailable
from blurline.version import VERSION, version_of_worker
from sql.jobs.job_queries import database_version
from sql.upkeep.metrics import Backlog, read_figures
from sql.upkeep.processes import list_api_processes
from sql.upkeep.reconcile import list_fruitless

router = APIRouter(prefix="/v1/system", tags=["operating"])


@router.get("")
def get_system(context: Ctx, _: Operator) -> System:
    """Return images, backlogs, workers, failed attempts and retention times."""
    figures = read_figures(context.settings.database)
    return System(
        version=VERSION,
        database_version=database_version(context.database),
        images=figures.images,
        failed=figures.failed,
        queues=_waiting(figures.waiting),
        review=_waiting(figures.held),
        outbox=Waiting(**asdict(figures.outbox)),
        webhook_deliveries=Waiting(**asdict(figures.undelivered)),
        disabled_webhooks=figures.disabled_webhooks,
        workers=_workers(context),
        api_processes=[
            ApiProcess.model_validate(each, from_attributes=True) for each in list_api_processes(context.database)
        ],
        fruitless_attempts=[
            FruitlessAttempts.model_validate(each, from_attributes=True) for each in list_fruitless(context.database)
        ],
        missing_objects=MissingObjects(originals=figures.missing_originals, results=figures.missing_results),
        holds=figures.holds,
        housekeeping=[Housekeeping.model_validate(each, from_attributes=True) for each in figures.housekeeping],
        retention=Retention.model_validate(context.settings, from_attributes=True),
    )


def _workers(context: Context) -> list[Worker] | None:
    try:
        workers = context.flow_runs.workers()
    except PrefectUnavailable:
        return None
    return [Worker(**asdict(each), version=version_of_worker(each.name)) for each in workers]


def _waiting(backlogs: dict[str, Backlog]) -> dict[str, Waiting]:
    return {name: Waiting(**asdict(backlog)) for name, backlog in backlogs.items()}
