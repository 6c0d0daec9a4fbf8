"""The state of the service, for operators."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter

from api.dependencies import Context, Ctx, Operator
from api.upkeep.workers import known_workers
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
from blurline.settings import Settings
from blurline.version import VERSION, version_of_worker
from sql.jobs.job_queries import database_version
from sql.upkeep.metrics import Backlog, read_service_metrics
from sql.upkeep.processes import list_api_processes
from sql.upkeep.reconcile import list_failed_attempts

router = APIRouter(prefix="/v1/system", tags=["operating"])


@router.get("")
def get_system(context: Ctx, _: Operator) -> System:
    """Return images, backlogs, workers, failed attempts and retention times."""
    service = read_service_metrics(context.settings.database.conninfo)
    return System(
        version=VERSION,
        database_version=database_version(context.database),
        images=service.images,
        failed=service.failed,
        queues=_waiting(service.waiting),
        review=_waiting(service.held),
        outbox=Waiting(**asdict(service.outbox)),
        webhook_deliveries=Waiting(**asdict(service.undelivered)),
        disabled_webhooks=service.disabled_webhooks,
        workers=_workers(context),
        api_processes=[
            ApiProcess.model_validate(each, from_attributes=True) for each in list_api_processes(context.database)
        ],
        fruitless_attempts=[
            FruitlessAttempts.model_validate(each, from_attributes=True)
            for each in list_failed_attempts(context.database)
        ],
        missing_objects=MissingObjects(originals=service.missing_originals, results=service.missing_results),
        failing_removals=Waiting(**asdict(service.failing_removals)),
        holds=service.holds,
        housekeeping=[Housekeeping.model_validate(each, from_attributes=True) for each in service.housekeeping],
        retention=_retention(context.settings),
    )


def _retention(settings: Settings) -> Retention:
    kept = settings.retention
    return Retention(
        keep_originals_days=kept.originals_days,
        keep_results_days=kept.results_days,
        keep_rows_days=kept.rows_days,
        keep_audit_days=kept.audit_days,
        keep_uploads_hours=kept.uploads_hours,
        events_kept_days=kept.events_days,
        idempotency_hours=settings.requests.idempotency_hours,
        upload_ttl_s=settings.store.upload_ttl_s,
    )


def _workers(context: Context) -> list[Worker] | None:
    try:
        workers = known_workers(context)
    except PrefectUnavailable:
        return None
    return [Worker(**asdict(each), version=version_of_worker(each.name)) for each in workers]


def _waiting(backlogs: dict[str, Backlog]) -> dict[str, Waiting]:
    return {name: Waiting(**asdict(backlog)) for name, backlog in backlogs.items()}
