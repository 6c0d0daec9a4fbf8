"""Set-up commands: `migrate`, `buckets`, `deploy`, `secrets`. Each may be repeated."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from blurline.settings import export_prefect, load_settings
from blurline.version import VERSION


def migrate() -> None:
    """Apply database migrations. Processes of the previous release may keep running."""
    from blurline.observability.logs import configure_logs
    from sql.engine.migrate import migrate as apply
    from sql.engine.migrate import newer

    settings = load_settings()
    configure_logs(settings.log_level)
    applied = apply(settings.database.conninfo)
    if unknown := newer(settings.database.conninfo):
        typer.echo(
            f"The database has migrations of a newer release than Blurline {VERSION}: {', '.join(unknown)}. "
            "Nothing was changed."
        )
    else:
        typer.echo("\n".join(applied) or "The database is up to date.")


def buckets() -> None:
    """Create the missing buckets of the store."""
    from deployments.create_buckets import make_buckets

    make_buckets(load_settings())


def deploy() -> None:
    """Create or update the work pool, its queues and the deployments in Prefect."""
    from deployments.deploy import deploy as set_up

    export_prefect(load_settings())
    set_up()


def secrets(folder: Annotated[Path, typer.Argument(help="Folder for the files; created if missing.")]) -> None:
    """Create the secrets of an installation in containers, one file each. Existing files stay unchanged."""
    from deployments.containers.first_secrets import make_secrets

    for path in make_secrets(folder):
        typer.echo(path)
