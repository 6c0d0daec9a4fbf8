"""The `blurline` command. Only its verbs import packages outside `blurline`, each when it runs."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from blurline.cli import operator, pictures, servers, setup
from blurline.cli.backup import backup, restore
from blurline.cli.consistency import consistency
from blurline.cli.doctor import doctor
from blurline.cli.imports import app as imports
from blurline.cli.problems import failure
from blurline.cli.submit import submit
from blurline.cli.verify import verify
from blurline.version import VERSION

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


def _tell_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"Blurline {VERSION}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_tell_version, is_eager=True)
    ] = False,
) -> None:
    """Find and destroy faces in photographs."""


for verb in (
    servers.up,
    servers.demo,
    servers.api,
    servers.dashboard,
    servers.worker,
    servers.prefect,
    setup.migrate,
    setup.buckets,
    setup.deploy,
    setup.secrets,
    submit,
    operator.token,
    operator.dashboard_link,
    operator.prefect_password,
    operator.rerun,
    consistency,
    backup,
    restore,
    doctor,
    operator.settings,
    operator.bench,
    verify,
    pictures.detect,
    pictures.redact,
    pictures.evaluate,
):
    app.command()(verb)

app.add_typer(imports, name="import")


def main() -> None:
    """Run the command. An error is printed on standard error, with exit code 1 (`blurline.cli.problems`)."""
    os.environ["DO_NOT_TRACK"] = "1"  # Prefect reports usage from every process that imports it
    try:
        app()
    except Exception as error:
        typer.secho(failure(error), fg="red", err=True)
        sys.exit(1)
