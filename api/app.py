"""The FastAPI application: `uvicorn --factory api.app:create_app`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from api import problems
from api.body_limit import BodyLimit
from api.context import Context
from api.database_metrics import DatabaseMetrics
from api.dispatcher import Dispatcher
from api.flow_runs import FlowRuns
from api.observation import Observation
from api.routers import compatibility, health, images, jobs, metrics, statistics, uploads
from api.tracing import Tracing
from blurline.logs import configure_logs
from blurline.settings import Settings, load_settings
from blurline.store import Store
from blurline.telemetry import configure_traces, end_traces
from blurline.tokens import LocalIssuer
from sql.database import Database

_DESCRIPTION = """Submit photographs; get them back with every face that was found destroyed.

Upload with `POST /v1/uploads` (straight to the store) and submit the keys with `POST /v1/jobs`, or send the
files to `POST /v1/jobs` as a form. Follow the job, then fetch `GET /v1/images/{id}/result`. Errors are
`application/problem+json` with a stable `code`."""


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application, which opens its connections when it starts and closes them when it ends."""
    settings = settings or load_settings()
    configure_logs(settings.log_level)
    configure_traces("blurline-api")

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        database = Database(settings.database, max_connections=20)
        flow_runs = FlowRuns(settings)
        store = Store(settings)
        app.state.context = Context(settings, database, store, LocalIssuer(settings.home), flow_runs)
        app.state.database_metrics = DatabaseMetrics(settings.database)
        dispatcher = Dispatcher(settings.database, database, flow_runs)
        dispatcher.start()
        yield
        dispatcher.stop()
        store.close()
        flow_runs.close()
        database.close()
        end_traces()

    app = FastAPIOffline(title="Blurline", version=version("blurline"), description=_DESCRIPTION, lifespan=lifespan)
    problems.install(app)
    app.add_middleware(BodyLimit, max_bytes=int(settings.max_request_mb * 1e6))
    for module in (uploads, jobs, images, statistics, compatibility, health, metrics):
        app.include_router(module.router)
    app.add_middleware(Observation)
    app.add_middleware(Tracing)  # the last that is added is the outermost
    return app
