"""`blurline backup` and `blurline restore`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from blurline.settings import load_settings


def backup(
    folder: Annotated[Path, typer.Argument(help="Folder of the backup; one that is there already is refreshed.")],
) -> None:
    """Back up database, buckets and keys while everything runs. The folder shows every face: keep it safe."""
    from deployments.backup.taking import back_up
    from deployments.embedded.storage import running_storage

    with running_storage(load_settings()) as settings:
        manifest = back_up(settings, folder, typer.echo)
    for role, total in manifest.buckets.items():
        typer.echo(f"{role}: {total.objects} objects, {total.size_bytes / 1e6:.1f} MB")
    rows = manifest.rows
    typer.echo(f"{rows['jobs']} jobs with {rows['images']} images, as of {manifest.taken_at:%H:%M:%S} UTC")
    if not manifest.keys:
        _warn(f"There is no key in {settings.home}: run this where the API has its BLURLINE_HOME, or copy its *.pem.")
    if manifest.missing or manifest.altered:
        _warn(
            f"{manifest.missing} objects that images name are not in the store, and {manifest.altered} are not what "
            "their rows say: they cannot be brought back. `blurline consistency` names what is missing."
        )
    _warn(f"{folder} shows faces and holds the keys that sign tokens. Encrypt what leaves this machine.")


def restore(
    folder: Annotated[Path, typer.Argument(help="Folder of a backup.")],
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Lose what database, buckets and data folder hold."),
    ] = False,
) -> None:
    """Bring a backup back into an empty installation that is stopped, checking every file's hash."""
    from deployments.backup.restoring import find_backup
    from deployments.backup.restoring import restore as bring_back
    from deployments.embedded.storage import check_stopped, running_storage

    found, manifest = find_backup(folder)
    given = load_settings()
    check_stopped(given)
    with running_storage(given) as settings:
        bring_back(settings, found, manifest, typer.echo, replacing=replace)
    if manifest.missing:
        _warn(f"{manifest.missing} objects were not in the store when the backup was made: `blurline consistency`.")
    typer.echo("Start everything, then run `blurline doctor` and `blurline consistency`.")


def _warn(text: str) -> None:
    typer.secho(text, fg="yellow", err=True)
