"""Commands for operators: `token`, `dashboard-link`, `prefect-password`, `rerun`, `settings`, `bench`."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from pydantic import ValidationError

from blurline.access.tokens import Scope
from blurline.cli.problems import masked
from blurline.errors import ConfigurationError
from blurline.settings import SETTINGS, export_prefect, load_settings

_TIME = "As 2026-11-25 or 2026-11-25T14:16:01Z; UTC unless it has an offset."


def token(
    user: Annotated[str, typer.Option(help="User of the token.")] = "operator",
    scope: Annotated[list[Scope] | None, typer.Option(help="Scope of the token; repeatable. Default: all.")] = None,
    ttl_s: Annotated[int, typer.Option("--ttl", help="Seconds until the token expires.", min=1)] = 86_400,
) -> None:
    """Print a bearer token of the local issuer."""
    from blurline.access.tokens import LocalIssuer

    typer.echo(LocalIssuer(load_settings().home).issue(user, scope or list(Scope), ttl_s))


def dashboard_link(
    user: Annotated[str, typer.Option(help="User whom the link signs in.")] = "operator",
    scope: Annotated[list[Scope] | None, typer.Option(help="Scope of the user; repeatable. Default: all.")] = None,
) -> None:
    """Print a link that signs in at the dashboard. It works once, within ten minutes."""
    from sql.access.sign_in_links import create_link
    from sql.engine.database import check_connection

    settings = load_settings()
    check_connection(settings.database.conninfo)
    typer.echo(create_link(settings, user, scope or list(Scope)))


def prefect_password() -> None:
    """Print the user and password of the Prefect UI, as user:password."""
    known = load_settings().prefect.api_auth_string
    if known is None:
        raise ConfigurationError(
            "No password of Prefect is set. Start the stack with `blurline up`, or set PREFECT_API_AUTH_STRING."
        )
    typer.echo(known.get_secret_value())


def rerun(
    state: Annotated[
        list[str] | None, typer.Option(help="failed, needs_review or published; repeatable. Default: failed.")
    ] = None,
    submitted_from: Annotated[
        str | None, typer.Option(help=f"Only images submitted at this time or later. {_TIME}")
    ] = None,
    submitted_until: Annotated[
        str | None, typer.Option(help=f"Only images submitted before this time. {_TIME}")
    ] = None,
    owner: Annotated[str | None, typer.Option(help="Only this owner's images.")] = None,
    job: Annotated[UUID | None, typer.Option(help="Only this job's images.")] = None,
    another_model: Annotated[
        bool, typer.Option("--another-model", help="Only images whose result another model made.")
    ] = False,
    score_below: Annotated[
        float | None, typer.Option(help="Only images with a destroyed face that scores below this.")
    ] = None,
    override: Annotated[
        list[str] | None, typer.Option(help="A policy field to change, as name=value; repeatable.")
    ] = None,
    limit: Annotated[int, typer.Option(help="The most images, the oldest first.")] = 1000,
    yes: Annotated[bool, typer.Option("--yes", help="Start the re-run; without it, only list the images.")] = False,
    really: Annotated[bool, typer.Option("--really", hidden=True)] = False,  # the name of --yes in 0.2.0
    cancel: Annotated[UUID | None, typer.Option(help="Cancel what is left of the re-run with this id.")] = None,
) -> None:
    """Re-run settled images, like the flow `rerun-backlog`."""
    values = load_settings()
    export_prefect(values)
    from blurline.contract import BacklogRerunRequest
    from blurline.ids import new_id
    from flows.cancel_rerun import cancel_rest
    from flows.form import with_offset
    from flows.rerun_backlog import run_again
    from sql.engine.database import check_connection

    check_connection(values.database.conninfo)
    if cancel is not None:
        typer.echo(cancel_rest(cancel))
        return
    try:
        request = BacklogRerunRequest.model_validate(
            {
                "states": state or ["failed"],
                "submitted_from": submitted_from and with_offset(datetime.fromisoformat(submitted_from)),
                "submitted_until": submitted_until and with_offset(datetime.fromisoformat(submitted_until)),
                "owner": owner,
                "job_id": job,
                "made_with_another_model": another_model,
                "score_below": score_below,
                "limit": limit,
                "dry_run": not (yes or really),
                "policy": dict(map(_override, override or [])),
            }
        )
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise ConfigurationError(f"The re-run cannot be made. {wrong}.") from error
    except ValueError as error:
        raise ConfigurationError(f"The re-run cannot be made. {error}") from error
    typer.echo(run_again(request, new_id()))


def _override(pair: str) -> tuple[str, Any]:
    """A field of the policy and its value: JSON, or a bare word. Raises ValueError."""
    name, is_given, text = pair.partition("=")
    if not is_given:
        raise ValueError(f"{pair!r} is not of the form name=value.")
    try:
        return name, json.loads(text)
    except ValueError:
        return name, text


def settings() -> None:
    """Print all settings with their values (secrets masked) and meanings."""
    values = load_settings()
    for variable, setting in SETTINGS.items():
        typer.echo(masked(f"{variable}={setting.value(values)}") + f"\n    {setting.field.description}")


def bench(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="core, memory, stack, deface, submission, api, load, database, picture, consistency, sphere, tiles, "
            "where, review, express (all of these if none); before, buckets, doubt, flow_runs, formats, idle, imports, "
            "look, million, reid, second_look, shapes, soak, throughput, turned"
        ),
    ] = None,
    keep: Annotated[
        Path | None, typer.Option(help="Folder in which to keep the database of `million` for the next run.")
    ] = None,
    provider: Annotated[
        str, typer.Option(help="Execution provider of onnxruntime for `core`; must be installed.")
    ] = "CPUExecutionProvider",
) -> None:
    """Measure speed and print it as JSON, each figure beside a baseline of the same run. The exit code is 1 when a
    figure exceeds its limit. Needs a source checkout."""
    try:
        from benchmarks.run import run
    except ModuleNotFoundError as error:
        if error.name is None or "." in error.name:  # a missing module of a package that exists is a bug
            raise
        if error.name == "benchmarks":
            raise ConfigurationError("The benchmarks need a source checkout. Run `make bench` there.") from error
        raise ConfigurationError(f"The benchmarks need the package {error.name}. `make bench` installs it.") from error
    report = run(names or [], keep, provider)
    typer.echo(json.dumps(report, indent=1))
    sys.exit(1 if any(part.get("over_limits") for part in report.values()) else 0)
