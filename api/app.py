"""The FastAPI application: `uvicorn --factory api.app:create_app`."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from anyio import CapacityLimiter
from fastapi import Depends, FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi_offline import FastAPIOffline

from api.access import sign_in, users
from api.access.identities import Identities
from api.background.database_threads import deleter, deliverer, dispatcher
from api.background.notified_thread import NotifiedThread
from api.background.webhook_sender import WebhookSender
from api.deletion import deletions, legal_holds
from api.dependencies import Context
from api.events import live, webhooks
from api.events.live_hub import Hub
from api.events.websocket_abort import WebSocketAbort
from api.http.known_query import refuse_unknown_query
from api.http.openapi import describe
from api.http.operation_ids import operation_id
from api.http.problems import install_error_handlers
from api.imports import imports
from api.jobs import (
    audit_records,
    classes,
    compatibility,
    image_count,
    images,
    jobs,
    limits,
    presets,
    submissions,
    uploads,
)
from api.middleware.body_limit import BodyLimit
from api.middleware.own_hosts import OwnHosts
from api.middleware.rate_limit import RateLimit, RateLimitHeaders
from api.middleware.request_log import RequestLog
from api.middleware.token_before_body import TokenBeforeBody
from api.middleware.tracing import tracing
from api.middleware.upload_throttle import UploadThrottle
from api.panoramax import blur
from api.reruns import backlog, job_reruns
from api.review import previews, reviews, tiles
from api.review.tile_files import TileFiles
from api.statistics import exports, statistics
from api.upkeep import health, metrics, system
from api.upkeep.database_metrics import DatabaseMetrics
from blurline.access.tokens import LocalIssuer
from blurline.observability.logs import configure_logs
from blurline.observability.traces import configure_traces, end_traces
from blurline.orchestration.flow_runs import FlowRuns
from blurline.outbound.page_policy import PagePolicy
from blurline.settings import Settings, load_settings
from blurline.storage.store import Store
from blurline.version import VERSION, process_name
from sql.engine.database import Database

log = structlog.get_logger()

_LONGEST_STATEMENT_S = 60
_SUBMISSIONS_AT_ONCE = 8
_STREAM_CHUNKS_AT_ONCE = 4

_DESCRIPTION = """Submit photographs and get them back with every detected face destroyed.

Upload with `POST /v1/uploads` (straight to the store) and submit the keys with `POST /v1/jobs`, or send the
files to `POST /v1/jobs` as a form. Follow the job, then fetch `GET /v1/images/{id}/result`. Errors are
`application/problem+json` with a stable `code`."""


def check_start(settings: Settings) -> None:
    """Raise ConfigurationError for a setting or a key with which no application can start."""
    _ = settings.database.conninfo
    Store(settings).close()
    if settings.access.local_issuer:
        LocalIssuer(settings.home)


def create_app(settings: Settings | None = None) -> FastAPI:
    """Build the application. It opens its connections at startup and closes them at shutdown."""
    settings = settings or load_settings()
    configure_logs(settings.log_level)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        database = Database(
            settings.database.conninfo,
            max_connections=20,
            statement_timeout_s=_LONGEST_STATEMENT_S,
            application=process_name("api"),
        )
        flow_runs = FlowRuns(settings)
        store = Store(settings)
        identities = Identities(settings, database)
        tile_files = TileFiles(settings, database, store)
        app.state.context = Context(
            settings,
            database,
            store,
            flow_runs,
            identities,
            RateLimit(settings.requests.requests_per_minute),
            CapacityLimiter(_SUBMISSIONS_AT_ONCE),
            CapacityLimiter(_STREAM_CHUNKS_AT_ONCE),
            threading.Lock(),
            tile_files,
        )
        health.remember_health(app, app.state.context)
        app.state.database_metrics = DatabaseMetrics(settings.database.conninfo)
        threads: list[NotifiedThread | WebhookSender] = [
            dispatcher(settings, database, flow_runs),
            deleter(settings, database, store),
        ]
        if settings.outbound.allow_webhooks:
            threads.append(WebhookSender(settings, database))
        if settings.imports.destinations:
            threads.append(deliverer(settings, database, store))
        for thread in threads:
            thread.start()
        hub = app.state.hub = Hub(settings.database.conninfo, settings.requests.websockets_per_owner)
        hub.start()
        log.info("api_started", version=VERSION)
        yield
        await hub.stop()
        for thread in threads:
            thread.stop()
        for thread in threads:
            thread.join()
        tile_files.close()
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
        generate_unique_id_function=operation_id,
    )
    install_error_handlers(app)
    app.add_middleware(UploadThrottle)
    app.add_middleware(TokenBeforeBody)
    app.add_middleware(BodyLimit, max_bytes=int(settings.requests.max_request_mb * 1e6))
    for module in (
        uploads, limits, submissions, jobs, images, image_count, previews, tiles, reviews, deletions, presets,
        classes, users, sign_in, statistics, exports, audit_records, legal_holds, compatibility, health, metrics,
        webhooks, job_reruns, backlog, imports, system, blur,
    ):  # fmt: skip
        app.include_router(module.router, dependencies=[Depends(refuse_unknown_query)])
    app.include_router(live.router)
    describe(app)
    app.add_middleware(RateLimitHeaders)
    if settings.access.allowed_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.access.allowed_origins,
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=["*"],
        )
    app.add_middleware(OwnHosts, settings=settings)
    app.add_middleware(PagePolicy)
    app.add_middleware(RequestLog)
    app.add_middleware(WebSocketAbort)  # the last one added is the outermost
    return app
