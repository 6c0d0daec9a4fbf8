"""Exports: images and detections as tables, reviewers' corrections as a training set."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from typing import Annotated, Any

import pyarrow
import structlog
from fastapi import APIRouter, Header, Query

from api.dependencies import Context, Ctx, Who
from api.http.filters import ImageSelection, SelectedImages
from api.http.problems import ApiProblem
from api.http.streaming import StreamedFile
from api.statistics.training_set import TrainingFormat, training_set
from blurline.access.tokens import Scope
from sql.engine.database import Database
from sql.review.reviews import record_view
from sql.statistics.exports import Reviewed, list_reviewed, pages_of_detections, pages_of_images
from sql.statistics.statistics import StatisticsFilter
from sql.statistics.tables import DETECTIONS, IMAGES, Rows, TableFormat, encoded

log = structlog.get_logger()

router = APIRouter(prefix="/v1/exports", tags=["exports"])

_BINARY = {"schema": {"type": "string", "format": "binary"}}
_TABLE: dict[int | str, dict[str, Any]] = {
    200: {"content": {each.media_type: _BINARY for each in TableFormat}, "description": "The table, streamed."}
}
AskedFormat = Annotated[
    TableFormat | None, Query(alias="format", description="When absent, the format in `Accept`, or else Parquet.")
]


@router.get("/images", response_class=StreamedFile, responses=_TABLE)
def export_images(
    context: Ctx, wanted: SelectedImages, asked: AskedFormat = None, accept: Annotated[str, Header()] = ""
) -> StreamedFile:
    """Export a row for each image that the caller can view."""
    return _table(context, wanted, pages_of_images, IMAGES, asked or _accepted(accept), "images")


@router.get("/detections", response_class=StreamedFile, responses=_TABLE)
def export_detections(
    context: Ctx, wanted: SelectedImages, asked: AskedFormat = None, accept: Annotated[str, Header()] = ""
) -> StreamedFile:
    """Export a row for each detected box of the current results, including those that were not destroyed."""
    return _table(context, wanted, pages_of_detections, DETECTIONS, asked or _accepted(accept), "detections")


@router.get(
    "/corrections",
    response_class=StreamedFile,
    responses={200: {"content": {"application/zip": _BINARY}, "description": "The training set, streamed."}},
)
def export_corrections(
    context: Ctx,
    who: Who,
    wanted: SelectedImages,
    asked: Annotated[TrainingFormat, Query(alias="format")] = TrainingFormat.COCO,
    with_originals: Annotated[bool, Query(description="Include the originals. For operators only.")] = False,
) -> StreamedFile:
    """Export the boxes of every image that a reviewer has approved or corrected, as a training set for detectors. For
    reviewers and operators. Boxes are in pixels of the upright photograph."""
    if not who.sees_everything:
        raise ApiProblem("missing_scope", f"The token lacks the scope `{Scope.REVIEW}` or `{Scope.OPERATE}`.")
    if with_originals and Scope.OPERATE not in who.scopes:
        raise ApiProblem(
            "missing_scope", f"The token lacks the scope `{Scope.OPERATE}`, which is required for originals."
        )
    images: Iterable[Reviewed] = list_reviewed(context.database, _wanted(wanted))
    if with_originals:
        log.info("originals_exported", operator=who.owner)
        images = _record_views(context.database, who.owner, images)
    content = training_set(images, asked, context.store if with_originals else None)
    return _attachment(content, "application/zip", f"faces-{asked}.zip")


def _table(
    context: Context,
    wanted: ImageSelection,
    pages: Callable[[Database, StatisticsFilter], Iterator[Rows]],
    schema: pyarrow.Schema,
    table_format: TableFormat,
    name: str,
) -> StreamedFile:
    content = encoded(pages(context.database, _wanted(wanted)), schema, table_format)
    return _attachment(content, table_format.media_type, f"{name}.{table_format}")


def _attachment(content: Iterable[bytes], media_type: str, name: str) -> StreamedFile:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return StreamedFile(content, 200, headers, media_type)


def _accepted(accept: str) -> TableFormat:
    """The first table format that an Accept header names; Parquet if it names none."""
    named = [part.partition(";")[0].strip() for part in accept.split(",")]
    known = {each.media_type: each for each in TableFormat}
    return next((known[each] for each in named if each in known), TableFormat.PARQUET)


def _wanted(given: ImageSelection) -> StatisticsFilter:
    return StatisticsFilter(**asdict(given))


def _record_views(database: Database, operator: str, images: Iterable[Reviewed]) -> Iterator[Reviewed]:
    """Record a view of each original: exporting one counts as viewing it."""
    for image in images:
        record_view(database, operator, image.id)
        yield image
