"""`blurline submit`: submit pictures to the API and fetch their results."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from blurline.settings import load_settings


def submit(
    paths: Annotated[list[Path], typer.Argument(help="Photographs, and folders of photographs.", metavar="PATH...")],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Folder for the results and the journal of the run.")
    ] = Path("published"),
    recursive: Annotated[bool, typer.Option("--recursive", "-r", help="Include subfolders.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Keep submitting new photographs until Ctrl-C.")] = False,
    wait: Annotated[bool, typer.Option(help="Wait for the results and fetch them.")] = True,
    preset: Annotated[str | None, typer.Option(help="Name of a preset.")] = None,
    policy: Annotated[list[str] | None, typer.Option(help="A field of the policy, as name=value; repeatable.")] = None,
    label: Annotated[list[str] | None, typer.Option(help="A label of the jobs, as name=value; repeatable.")] = None,
    api: Annotated[str | None, typer.Option(help="Address of the API. Default: the setting.")] = None,
    user: Annotated[str, typer.Option(help="User, for a token of the local issuer.")] = "operator",
) -> None:
    """Submit photographs, wait, and fetch the results. After an interruption, run the same command again to resume."""
    from blurline.cli.upload.command import options_of, start
    from blurline.cli.upload.run import Plan

    plan = Plan(
        tuple(paths),
        output,
        options_of(preset, policy or [], label or []),
        is_recursive=recursive,
        is_watching=watch,
        is_waiting=wait,
    )
    values = load_settings()
    sys.exit(start(values.replace(api_url=api) if api else values, plan, user))
