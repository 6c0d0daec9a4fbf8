"""Imports from buckets of other stores: start, list, follow, report, pause, resume and cancel. For operators."""

from __future__ import annotations

from uuid import UUID

import structlog
from fastapi import APIRouter

from api.dependencies import Context, Ctx, Operator
from api.http.problems import ApiProblem, NotFound, problem_responses
from api.http.streaming import StreamedFile
from blurline.contract import ImportRequest, ImportRun, Imports, ImportWithProgress, Progress, StartedImport
from sql.imports.imports import (
    ImportRow,
    cancel_import,
    check_import,
    count_images,
    create_due_runs,
    find_import,
    list_imports,
    pause_import,
    resume_import,
    start_import,
)
from sql.imports.listing import preview_import
from sql.imports.report import IMPORT_REPORT, report_pages
from sql.statistics.tables import TableFormat, encoded

log = structlog.get_logger()

router = APIRouter(prefix="/v1/imports", tags=["operating"])

_MOST_PREVIEWED = 100_000


@router.post(
    "",
    responses=problem_responses(
        "unknown_bucket", "unknown_preset", "unknown_class", "import_conflict", "source_unavailable"
    ),
)
def start(context: Ctx, who: Operator, request: ImportRequest) -> StartedImport:
    """Start an import, or with `dry_run` (the default) only count the first 100,000 objects of the source.

    An import that has this name lists its source once more, and takes what is new.
    """
    if request.dry_run:
        check_import(context.database, request, context.settings)
        source = context.store.source(request.source)
        return StartedImport(started=None, preview=preview_import(context.database, request, source, _MOST_PREVIEWED))
    started = start_import(context.database, request, context.settings, who.owner)
    create_due_runs(context.database, context.flow_runs.create_import)
    return StartedImport(started=_view(started), preview=None)


@router.get("")
def get_imports(context: Ctx, _: Operator) -> Imports:
    """List the imports, the newest first."""
    return Imports(imports=[_view(row) for row in list_imports(context.database)])


@router.get("/{import_id}", responses=problem_responses("not_found"))
def get_import(context: Ctx, _: Operator, import_id: UUID) -> ImportWithProgress:
    """Return an import, with the states of its images."""
    row = _found(context, import_id)
    counts = count_images(context.database, import_id)
    states = {state: counts.get(state, 0) for state in Progress.model_fields if state != "images"}
    progress = Progress(images=sum(counts.values()), **states)
    return ImportWithProgress(**_view(row).model_dump(), progress=progress)


@router.get(
    "/{import_id}/report",
    response_class=StreamedFile,
    responses={
        200: {
            "content": {TableFormat.PARQUET.media_type: {"schema": {"type": "string", "format": "binary"}}},
            "description": "The table, streamed.",
        },
        **problem_responses("not_found"),
    },
)
def get_report(context: Ctx, _: Operator, import_id: UUID) -> StreamedFile:
    """Export a row for each image of an import, as Parquet: the object, what became of it, and where its result is."""
    row = _found(context, import_id)
    content = encoded(report_pages(context.database, import_id), IMPORT_REPORT, TableFormat.PARQUET)
    headers = {
        "Content-Disposition": f'attachment; filename="import-{row.name}.parquet"', "Cache-Control": "private, no-store"
    }  # fmt: skip
    return StreamedFile(content, 200, headers, TableFormat.PARQUET.media_type)


@router.post("/{import_id}/pause", responses=problem_responses("not_found", "import_ended"))
def pause(context: Ctx, who: Operator, import_id: UUID) -> ImportRun:
    """Stop taking objects. Images that were taken are processed."""
    return _changed(context, import_id, "paused", who.owner, is_done=pause_import(context.database, import_id))


@router.post("/{import_id}/resume", responses=problem_responses("not_found", "import_ended"))
def resume(context: Ctx, who: Operator, import_id: UUID) -> ImportRun:
    """Go on with a paused import, after the last object that was listed."""
    is_done = resume_import(context.database, import_id)
    create_due_runs(context.database, context.flow_runs.create_import)
    return _changed(context, import_id, "resumed", who.owner, is_done=is_done)


@router.post("/{import_id}/cancel", responses=problem_responses("not_found", "import_ended"))
def cancel(context: Ctx, who: Operator, import_id: UUID) -> ImportRun:
    """Stop taking objects, and cancel the images that are not finished."""
    images = cancel_import(context.database, import_id)
    return _changed(context, import_id, "cancelled", who.owner, is_done=images is not None)


def _changed(context: Context, import_id: UUID, change: str, asked_by: str, *, is_done: bool) -> ImportRun:
    row = _found(context, import_id)
    if not is_done:
        raise ApiProblem("import_ended", f"The import is {row.state}, so it cannot be {change}.")
    log.info("import_changed", import_id=str(import_id), change=change, asked_by=asked_by)
    return _view(row)


def _found(context: Context, import_id: UUID) -> ImportRow:
    row = find_import(context.database, import_id)
    if row is None:
        raise NotFound("import")
    return row


def _view(row: ImportRow) -> ImportRun:
    return ImportRun(**{name: getattr(row, name) for name in ImportRun.model_fields})
