"""The FastAPI application: `uvicorn --factory api.app:create_app`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from anyio import CapacityLimiter
from fastapi import Depends, FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi_offline import FastAPIOffline

from api import problems
from api.background import Background
from api.body_limit import BodyLimit
from api.context import Context
from api.cutting import Cuttable
from api.database_metrics import DatabaseMetrics
from api.deleter import deleter
from api.dispatcher import dispatcher
from api.flow_runs import FlowRuns
from api.identities import Identities
from api.known_query import refuse_unknown_query
from api.live import Hub
from api.observation import Observation
from api.openapi import describe
from api.rate_limit import RateLimit, RateLimitHeaders
from api.routers import (
    audits,
    backlog,
    compatibility,
    deletions,
    exports,
    figures,
    health,
    holds,
    images,
    jobs,
    live,
    metrics,
    presets,
    previews,
    reruns,
    reviews,
    statistics,
    submissions,
    system,
    uploads,
    users,
    webhooks,
)
from api.tracing import tracing
from api.turns import Turns
from api.webhook_sender import WebhookSender
from blurline.logs import configure_logs
from blurline.settings import Settings, load_settings
from blurline.store import Store
from blurline.telemetry import configure_traces, end_traces
from blurline.version import VERSION, process_name
from sql.database import Database

log = structlog.get_logger()

_LONGEST_STATEMENT_S = 60
_SUBMISSIONS_AT_ONCE = 8

_DESCRIPTION = """Submit photographs; get them back with every face that was found destroyed.

Upload with `POST /v1/uploads` (straight to the store) and submit the keys with `POST /v1/jobs`, or send the
files to `POST /v1/jobs` as a form. Follow the job, then fetch `GET /v1/images/{id}/result`. Errors are
`application/problem+json` with a stable `code`."""


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application, which opens its connections when it starts and closes them when it ends."""
    settings = settings or load_settings()
    configure_logs(settings.log_level)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        database = Database(
            settings.database,
            max_connections=20,
            statement_timeout_s=_LONGEST_STATEMENT_S,
            application=process_name("api"),
        )
        flow_runs = FlowRuns(settings)
        store = Store(settings)
        identities = Identities(settings, database)
        app.state.context = Context(
            settings,
            database,
            store,
            flow_runs,
            identities,
            RateLimit(settings.requests_per_minute),
            CapacityLimiter(_SUBMISSIONS_AT_ONCE),
        )
        health.remember_health(app)
        app.state.database_metrics = DatabaseMetrics(settings.database)
        threads: list[Background | WebhookSender] = [
            dispatcher(settings, database, flow_runs),
            deleter(settings, database, store),
        ]
        if settings.allow_webhooks:
            threads.append(WebhookSender(settings, database))
        for thread in threads:
            thread.start()
        hub = app.state.hub = Hub(settings.database, settings.websockets_per_owner)
        hub.start()
        log.info("api_started", version=VERSION)
        yield
        await hub.stop()
        for thread in threads:
            thread.stop()
        for thread in threads:
            thread.join()
        store.close()
        flow_runs.close()
        database.close()
        end_traces()

    app = FastAPIOffline(
        title="Blurline",
        version=VERSION,
        description=_DESCRIPTION,
        lifespan=lifespan,
        telemetry=tracing(configure_traces("blurline-api")),
    )
    problems.install(app)
    app.add_middleware(Turns)
    app.add_middleware(BodyLimit, max_bytes=int(settings.max_request_mb * 1e6))
    for module in (
        uploads, submissions, jobs, images, previews, reviews, deletions, presets, users, statistics, figures,
        exports, audits, holds, compatibility, health, metrics, webhooks, reruns, backlog, system,
    ):  # fmt: skip
        app.include_router(module.router, dependencies=[Depends(refuse_unknown_query)])
    app.include_router(live.router)
    describe(app)
    app.add_middleware(RateLimitHeaders)
    if settings.allowed_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.allowed_origins,
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=["*"],
        )
    app.add_middleware(Observation)
    app.add_middleware(Cuttable)  # the last that is added is the outermost
    return app
