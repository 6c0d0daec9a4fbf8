"""`blurline backup` and `blurline restore`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from blurline.settings import load_settings


def backup(
    folder: Annotated[Path, typer.Argument(help="Folder of the backup; an existing backup is updated.")],
) -> None:
    """Back up database, buckets and keys without stopping anything. The backup shows every face: keep it safe."""
    from deployments.backup.taking import back_up
    from deployments.embedded.storage import running_storage

    with running_storage(load_settings()) as settings:
        manifest = back_up(settings, folder, typer.echo)
    for role, total in manifest.buckets.items():
        typer.echo(f"{role}: {total.objects} objects, {total.size_bytes / 1e6:.1f} MB")
    rows = manifest.rows
    typer.echo(f"{rows['jobs']} jobs with {rows['images']} images, as of {manifest.taken_at:%H:%M:%S} UTC")
    if not manifest.keys:
        _warn(f"{settings.home} contains no key. Run this with the BLURLINE_HOME of the API, or copy its *_key.pem.")
    if manifest.missing or manifest.altered:
        _warn(
            f"{manifest.missing} objects of images are missing from the store, and {manifest.altered} do not match "
            "their rows; the backup cannot restore them. `blurline consistency` lists the missing objects."
        )
    _warn(f"{folder} shows faces and contains the keys that sign tokens. Encrypt copies that leave this machine.")


def restore(
    folder: Annotated[Path, typer.Argument(help="Folder of the backup.")],
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Overwrite database, buckets and data folder."),
    ] = False,
) -> None:
    """Restore a backup into an empty, stopped installation, and check the hash of every file."""
    from deployments.backup.restoring import find_backup
    from deployments.backup.restoring import restore as bring_back
    from deployments.embedded.storage import check_stopped, running_storage

    found, manifest = find_backup(folder)
    given = load_settings()
    check_stopped(given)
    with running_storage(given) as settings:
        bring_back(settings, found, manifest, typer.echo, replacing=replace)
    if manifest.missing:
        _warn(f"{manifest.missing} objects were already missing from the backup; see `blurline consistency`.")
    typer.echo("Start everything, then run `blurline doctor` and `blurline consistency`.")


def _warn(text: str) -> None:
    typer.secho(text, fg="yellow", err=True)
