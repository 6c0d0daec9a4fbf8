"""`blurline import`: imports from buckets of other stores, over the API. For operators."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

import typer
from pydantic import ValidationError

from blurline.access.tokens import LocalIssuer, Scope
from blurline.client import Client
from blurline.contract import ImportPreview, ImportRequest, ImportRun
from blurline.errors import ConfigurationError
from blurline.settings import Settings, load_settings

app = typer.Typer(no_args_is_help=True, help="Import pictures from buckets of other S3 stores.")

_TOKEN_TTL_S = 3600
_ImportId = Annotated[UUID, typer.Argument(metavar="ID", help="Id of the import.")]


@app.command()
def start(
    source: Annotated[str, typer.Argument(help="Name of a bucket in BLURLINE_SOURCES.")],
    name: Annotated[str | None, typer.Option(help="Name of the import. Default: the source's name.")] = None,
    prefix: Annotated[str, typer.Option(help="Only objects whose path in the source starts with this.")] = "",
    suffix: Annotated[
        list[str] | None, typer.Option(help="Only objects with this ending; repeatable. Default: pictures.")
    ] = None,
    min_bytes: Annotated[int, typer.Option(help="Only objects of this size or larger.")] = 1,
    max_bytes: Annotated[int | None, typer.Option(help="Only objects of this size or smaller.")] = None,
    modified_from: Annotated[
        str | None, typer.Option(help="Only objects changed at this time or later, as 2026-11-25T14:16:01Z.")
    ] = None,
    modified_until: Annotated[str | None, typer.Option(help="Only objects changed before this time.")] = None,
    owner: Annotated[str | None, typer.Option(help="Owner of the jobs. Default: the token's user.")] = None,
    preset: Annotated[str | None, typer.Option(help="Preset of the jobs.")] = None,
    label: Annotated[list[str] | None, typer.Option(help="A label of the jobs, as name=value; repeatable.")] = None,
    destination: Annotated[
        str | None, typer.Option(help="Name of a bucket in BLURLINE_DESTINATIONS, to which published results also go.")
    ] = None,
    job_images: Annotated[int, typer.Option(help="The most images of one job.")] = 1000,
    yes: Annotated[bool, typer.Option("--yes", help="Start the import; without it, only count.")] = False,
) -> None:
    """Start an import, or count what it would take. Under a known name it takes what is new."""
    given = {
        "name": name or source,
        "source": source,
        "prefix": prefix,
        "min_bytes": min_bytes,
        "max_bytes": max_bytes,
        "modified_from": modified_from,
        "modified_until": modified_until,
        "owner": owner,
        "preset": preset,
        "labels": dict(_pair(each) for each in label or []),
        "destination": destination,
        "job_images": job_images,
        "dry_run": not yes,
        **({"suffixes": suffix} if suffix else {}),
    }
    try:
        request = ImportRequest.model_validate(given)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise ConfigurationError(f"The import cannot be made. {wrong}.") from error
    with _client() as client:
        answer = client.imports.start(request)
    if answer.preview is not None:
        _show_preview(answer.preview)
    if answer.started is not None:
        typer.echo(_line(answer.started))


@app.command("list")
def list_all() -> None:
    """List the imports, the newest first."""
    with _client() as client:
        for each in client.imports.list().imports:
            typer.echo(_line(each))


@app.command()
def show(import_id: _ImportId) -> None:
    """Show how far an import has come."""
    with _client() as client:
        found = client.imports.get(import_id)
    typer.echo(_line(found))
    for state, images in found.progress:
        typer.echo(f"     {state.replace('_', ' ')}: {images}")


@app.command()
def report(
    import_id: _ImportId,
    output: Annotated[Path, typer.Option("--output", "-o", help="The Parquet file to write.")],
) -> None:
    """Write a Parquet table with a row for each image: its object, what became of it, where its result is."""
    with _client() as client, output.open("wb") as file:
        client.imports.report(import_id, file)
    typer.echo(f"{output} has the report.")


@app.command()
def pause(import_id: _ImportId) -> None:
    """Stop taking objects. Images that were taken are processed."""
    _change(import_id, "pause")


@app.command()
def resume(import_id: _ImportId) -> None:
    """Go on with a paused import."""
    _change(import_id, "resume")


@app.command()
def cancel(import_id: _ImportId) -> None:
    """Stop taking objects, and cancel the images that are not finished."""
    _change(import_id, "cancel")


def _change(import_id: UUID, change: Literal["pause", "resume", "cancel"]) -> None:
    with _client() as client:
        typer.echo(_line(client.imports.change(import_id, change)))


def _client() -> Client:
    settings = load_settings()
    return Client(settings.api.url, _token(settings))


def _token(settings: Settings) -> str:
    given = settings.api.token
    if given is not None:
        return given.get_secret_value()
    return LocalIssuer(settings.home).issue("operator", [Scope.OPERATE], _TOKEN_TTL_S)


def _line(found: ImportRun) -> str:
    waits = f" {found.message}" if found.message else ""
    counts = f"{found.listed} listed, {found.matched} match, {found.known} known; {found.imported} imported in all"
    return f"{found.id} {found.name} {found.state}: {counts}.{waits}"


def _show_preview(found: ImportPreview) -> None:
    for each in found.sample:
        typer.echo(f"{each.size_bytes:>12} {each.path}")
    new = found.matched - found.known
    more = "" if found.is_complete else " The source has more objects than were listed."
    typer.echo(
        f"{new} images would be imported, of {found.listed} objects; {found.known} were imported before. "
        f"All that match have {found.matched_bytes / 1e9:.2f} GB.{more} Add --yes to start."
    )


def _pair(text: str) -> tuple[str, str]:
    name, is_given, value = text.partition("=")
    if not is_given:
        raise ConfigurationError(f"{text!r} is not of the form name=value.")
    return name, value
