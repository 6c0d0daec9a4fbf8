"""`blurline doctor`."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated

import typer

from blurline.cli.problems import masked
from blurline.errors import ConfigurationError
from blurline.settings import export_prefect, load_settings

if TYPE_CHECKING:
    from deployments.doctor import Finding

_COLOURS = {"ok": "green", "warning": "yellow", "error": "red"}


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Check settings, versions, models, database, store, Prefect and this machine, and suggest remedies.

    The exit code is 1 when there are errors.
    """
    findings = [_without_secrets(finding) for finding in _findings()]
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], indent=1))
    else:
        _print(findings)
    sys.exit(1 if any(finding.severity == "error" for finding in findings) else 0)


def _findings() -> list[Finding]:
    """Return all findings; if the settings are wrong, only that, because no other check can run."""
    from deployments.doctor.result import error

    try:
        settings = load_settings()
    except ConfigurationError as problem:
        remedy = (
            "Correct it and run the doctor again; nothing else was checked. `blurline settings` lists all settings."
        )
        return [error("settings", str(problem), remedy)]
    from blurline.observability.logs import configure_logs

    export_prefect(settings)
    configure_logs("ERROR")
    from deployments.doctor import examine  # reads what export_prefect has set

    return examine(settings)


def _without_secrets(finding: Finding) -> Finding:
    return replace(finding, says=masked(finding.says), remedy=finding.remedy and masked(finding.remedy))


def _print(findings: list[Finding]) -> None:
    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        mark = typer.style(f"{finding.severity:7}", fg=_COLOURS[finding.severity])
        typer.echo(f"{mark}  {finding.name:{width}}  {finding.says}")
        if finding.remedy is not None:
            typer.echo(f"{'':{width + 9}}  → {finding.remedy}")
    counts = {name: sum(finding.severity == name for finding in findings) for name in _COLOURS}
    typer.echo(f"\n{counts['ok']} ok, {counts['warning']} warnings, {counts['error']} errors.")
