"""import-backlog: imports pictures from a bucket of another store. Run it by hand from the Prefect UI."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from pydantic import ValidationError
from pydantic.json_schema import SkipJsonSchema

from blurline.contract.imports import MAX_JOB_IMAGES, ImportPreview, ImportRequest
from blurline.errors import ConfigurationError
from blurline.file_names import EXTENSIONS
from blurline.settings import load_settings
from flows.form import EMPTY, EMPTY_IS_NULL, titled, with_offset
from flows.outcome import Outcome, Row, completed, dashboard_link
from sql.imports.imports import ImportRow, check_import, find_import, start_import
from sql.imports.listing import preview_import, run_import
from tasks.resources import database, store

_MAX_S = 1200
_BY = "prefect"


def _run_name() -> str:
    chosen = flow_run.parameters
    if isinstance(chosen.get("import_id"), (str, UUID)):
        return f"continue import {chosen['import_id']}"
    kind = "dry run of import" if chosen.get("dry_run", True) else "import"
    return f"{kind} {chosen.get('name') or chosen.get('source') or ''}".rstrip()


@flow(name="import-backlog", flow_run_name=_run_name, persist_result=False)
def import_backlog(
    source: Annotated[str, titled("Source", "Name of a bucket in the setting BLURLINE_SOURCES.")] = "",
    name: Annotated[
        str,
        titled(
            "Name",
            "Name of the import, as archive-2024. Empty: the source's name. Run it again under the same name "
            "to take what is new; each object is taken once under one name.",
        ),
    ] = "",
    prefix: Annotated[str, titled("Prefix", "Only objects whose path in the source starts with this.")] = "",
    suffixes: Annotated[
        list[str], titled("Suffixes", "Only objects with one of these endings. An empty list takes all.")
    ] = sorted(EXTENSIONS),  # noqa: B008  Prefect builds the form from the default
    min_bytes: Annotated[int, titled("Smallest size", "Only objects of this many bytes or more.")] = 1,
    max_bytes: Annotated[
        int | SkipJsonSchema[None], titled("Largest size", "Only objects of this many bytes or fewer."), EMPTY_IS_NULL
    ] = EMPTY,
    modified_from: Annotated[
        datetime | SkipJsonSchema[None],
        titled("Modified from", "Only objects changed at this time or later. Without an offset, the time is UTC."),
        EMPTY_IS_NULL,
    ] = EMPTY,
    modified_until: Annotated[
        datetime | SkipJsonSchema[None],
        titled("Modified until", "Only objects changed before this time. Without an offset, the time is UTC."),
        EMPTY_IS_NULL,
    ] = EMPTY,
    owner: Annotated[str, titled("Owner", "Owner of the jobs, by the id of the user.")] = "operator",
    preset: Annotated[str, titled("Preset", "Name of a preset for the jobs.")] = "default",
    labels: Annotated[dict[str, str], titled("Labels", "Labels of the jobs, as JSON.")] = {},  # noqa: B006
    destination: Annotated[
        str,
        titled(
            "Destination",
            "Name of a bucket in BLURLINE_DESTINATIONS, to which published results are also written. Empty: none.",
        ),
    ] = "",
    job_images: Annotated[
        int, titled("Images per job", f"The most images of one job; at most {MAX_JOB_IMAGES}.")
    ] = 1000,
    dry_run: Annotated[bool, titled("Dry run", "Only list the objects. Untick it to start the import.")] = True,
    import_id: Annotated[
        UUID | SkipJsonSchema[None],
        titled("Import id", "Continue this import, as it was started; the other fields are then ignored."),
        EMPTY_IS_NULL,
    ] = EMPTY,
) -> State[None]:
    """Import the pictures of a source as jobs, through the `backlog` queue.

    Workers read the originals from the source. Nothing is written there. A run that is killed, or waits for room or for
    a quota, is continued by itself.
    """
    if isinstance(import_id, UUID):
        return completed(_outcome(_continue(import_id)))
    given: dict[str, Any] = {
        "name": name or source,
        "source": source,
        "prefix": prefix,
        "suffixes": suffixes,
        "min_bytes": min_bytes,
        "owner": owner or None,
        "preset": preset or None,
        "labels": labels,
        "destination": destination or None,
        "job_images": job_images,
        "dry_run": dry_run,
    }
    limits = {"max_bytes": max_bytes, "modified_from": modified_from, "modified_until": modified_until}
    given |= {key: _timed(value) for key, value in limits.items() if value is not EMPTY}
    try:
        request = ImportRequest.model_validate(given)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise ConfigurationError(f"The import cannot be made. {wrong}.") from error
    settings = load_settings()
    if request.dry_run:
        check_import(database(), request, settings)
        return completed(_previewed(preview_import(database(), request, store().source(request.source))))
    return completed(_outcome(_continue(start_import(database(), request, settings, _BY).id)))


def _continue(import_id: UUID) -> ImportRow:
    found = find_import(database(), import_id)
    if found is None:
        raise ConfigurationError(f"There is no import {import_id}.")
    return run_import(database(), load_settings(), store().source(found.source), import_id, _MAX_S)


def _timed(value: Any) -> Any:
    return with_offset(value) if isinstance(value, datetime) else value


def _previewed(found: ImportPreview) -> Outcome:
    rows: list[Row] = [{"path": each.path, "bytes": each.size_bytes} for each in found.sample]
    new = found.matched - found.known
    return Outcome(
        f"{new} images would be imported (dry run), of {found.listed} objects; {found.known} were imported before. All "
        f"that match have {found.matched_bytes / 1e9:.2f} GB.",
        rows,
        dashboard_link("system"),
    )


def _outcome(found: ImportRow) -> Outcome:
    waits = f" {found.message}" if found.message else ""
    return Outcome(
        f"Import {found.name} is {found.state}: {found.listed} objects listed, {found.matched} match, {found.known} of "
        f"them imported before; {found.imported} images in all.{waits} Its id is {found.id}.",
        link=dashboard_link("system"),
    )
