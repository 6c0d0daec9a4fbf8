"""For operators: `token`, `rerun`, `settings`, `bench`."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from blurline.access.tokens import Scope
from blurline.errors import ConfigurationError
from blurline.settings import Settings, export_prefect, load_settings, variable


def token(
    user: Annotated[str, typer.Option(help="Whom the token is for.")] = "operator",
    scope: Annotated[list[Scope] | None, typer.Option(help="May be given several times; all when absent.")] = None,
    ttl_s: Annotated[int, typer.Option("--ttl", help="How long it is valid, in seconds.", min=1)] = 86_400,
) -> None:
    """Print a bearer token of the local issuer."""
    from blurline.access.tokens import LocalIssuer

    typer.echo(LocalIssuer(load_settings().home).issue(user, scope or list(Scope), ttl_s))


def rerun(
    state: Annotated[
        list[str] | None, typer.Option(help="failed, needs_review or published; failed when absent.")
    ] = None,
    submitted_from: Annotated[datetime | None, typer.Option(help="Only images submitted from then on.")] = None,
    submitted_until: Annotated[datetime | None, typer.Option(help="Only images submitted before.")] = None,
    owner: Annotated[str | None, typer.Option(help="Only this owner's images.")] = None,
    job: Annotated[UUID | None, typer.Option(help="Only this job's images.")] = None,
    another_model: Annotated[bool, typer.Option("--another-model", help="Only results of another model.")] = False,
    score_below: Annotated[float | None, typer.Option(help="Only with a destroyed face of a lower score.")] = None,
    override: Annotated[list[str] | None, typer.Option(help="Change in the policies, as name=value.")] = None,
    limit: Annotated[int, typer.Option(min=1)] = 1000,
    really: Annotated[
        bool, typer.Option("--really", help="Do it; without, only say which images it would be.")
    ] = False,
    cancel: Annotated[UUID | None, typer.Option(help="Call off what is left of the re-run with this id.")] = None,
) -> None:
    """Re-run images that have ended, as the flow `rerun-backlog` does."""
    export_prefect(load_settings())
    from blurline.ids import new_id
    from flows.cancel_rerun import call_off
    from flows.rerun_backlog import EndedState, PolicyOverrides, run_again
    from sql.reruns.reruns import Selection

    if cancel is not None:
        typer.echo(call_off(cancel))
        return
    try:
        states = tuple(EndedState(name) for name in state or ["failed"])
        overrides = PolicyOverrides.model_validate(dict(pair.split("=", 1) for pair in override or []))
    except ValueError as error:
        raise ConfigurationError(f"The re-run cannot be made: {error}") from error
    selection = Selection(states, submitted_from, submitted_until, owner, job, another_model, score_below, limit)
    changes = overrides.model_dump(mode="json", exclude_none=True)
    typer.echo(run_again(selection, changes, new_id(), dry_run=not really))


def settings() -> None:
    """Print every setting with its value (secrets masked) and meaning."""
    values = load_settings()
    for name, field in Settings.model_fields.items():
        typer.echo(f"{variable(name)}={getattr(values, name)}\n    {field.description}")


def bench(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="core, stack, deface, submission, api, database, picture (all if none), million, soak, reid"
        ),
    ] = None,
    keep: Annotated[
        Path | None, typer.Option(help="Folder for the database of `million`, to be found filled the next time.")
    ] = None,
) -> None:
    """Measure speed and print it as JSON, each figure beside a baseline of the same run. The exit code is 1 when
    something was over its limit. Needs a source checkout."""
    try:
        from benchmarks.run import run
    except ModuleNotFoundError as error:
        raise ConfigurationError("The benchmark is run from a source checkout: `make bench`.") from error
    report = run(names or [], keep)
    typer.echo(json.dumps(report, indent=1))
    sys.exit(1 if any(part.get("over_limits") for part in report.values()) else 0)
