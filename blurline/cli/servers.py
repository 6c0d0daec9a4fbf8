"""Commands that start servers: `up`, `demo`, `api`, `dashboard`, `worker`, `prefect`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from blurline.settings import export_prefect, load_home, load_settings


def up(
    workers: Annotated[int | None, typer.Option(help="Worker processes. Default: one per core.")] = None,
) -> None:
    """Start the whole stack on this machine and keep it running until Ctrl-C."""
    _check_models()
    from deployments.embedded.run import run_until_signal

    run_until_signal(load_home(), workers)


def demo(
    once: Annotated[
        bool, typer.Option(help="Exit after the table, with code 0 only if all images were published.")
    ] = False,
    workers: Annotated[int | None, typer.Option(help="Worker processes. Default: one per core.")] = None,
) -> None:
    """Start the whole stack, submit the sample photographs, and show the results."""
    _check_models()
    from deployments.embedded.demo import run_demo

    sys.exit(run_demo(load_home(), workers, once))


def api(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)] = 8000,
) -> None:
    """Serve the API. Run any number of processes, on any machines, to share the load."""
    import uvicorn

    from api.app import check_start
    from blurline.contract import MAX_LIVE_MESSAGE_BYTES
    from blurline.inbound.connection_deadlines import GRACE_S, deadlines_of_server

    check_start(load_settings())
    uvicorn.run(
        "api.app:create_app",
        factory=True,
        host=host,
        port=port,
        http=deadlines_of_server().protocol(),
        log_level="warning",
        log_config=None,
        ws_max_size=MAX_LIVE_MESSAGE_BYTES,
        timeout_graceful_shutdown=GRACE_S,
    )


def dashboard(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)] = 8501,
) -> None:
    """Serve the dashboard."""
    from dashboard.serve import serve

    serve(load_settings(), host, port)


def worker(
    pool: Annotated[str | None, typer.Option(help="Work pool. Default: the setting.")] = None,
    limit: Annotated[int | None, typer.Option(help="Worker processes. Default: one per core.")] = None,
) -> None:
    """Join the work pool with worker processes that keep the models loaded."""
    values = load_settings()
    export_prefect(values)
    _check_models()
    from deployments.worker.start import start_worker

    start_worker(values, pool, limit)


def prefect(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)] = 4200,
) -> None:
    """Serve Prefect with the settings that Blurline needs."""
    from deployments.prefect_server import serve

    serve(load_settings(), host, port)


def _check_models() -> None:
    """Load every model once, so that a wrong file stops the start. Raises ModelRejected."""
    from models import load_detectors

    load_detectors(load_settings())
