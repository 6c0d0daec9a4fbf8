"""Tiles: originals and results at full resolution, a part at a time."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import structlog
from fastapi import APIRouter, Path, Query, Response

from api.dependencies import Context, Ctx, Who
from api.http.problems import ApiProblem, problem_responses
from api.review.previews import Of
from api.review.tile_files import TileSource
from api.visibility import readable_original, sendable_result, visible_image
from blurline.access.tokens import Identity, Scope
from blurline.contract import SphereArea, TiledFrame, Tiles
from blurline.picture.tile_index import TILE_PX, TileIndex, TilePlace, top_level
from blurline.storage.inventory import ImageBucket
from blurline.storage.preview_keys import PREVIEW_MEDIA_TYPE
from sql.jobs.job_queries import ImageRow
from sql.review.reviews import record_look

log = structlog.get_logger()

router = APIRouter(prefix="/v1/images", tags=["images"])

_PROBLEMS = (
    "not_found", "object_missing", "tiles_missing", "not_published", "result_gone", "original_gone",
    "original_changed", "tiles_busy", "store_unavailable", "bucket_missing",
)  # fmt: skip
_HEADERS = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}
_MOST = 1 << 20


@router.get("/{image_id}/tiles", responses=problem_responses(*_PROBLEMS))
def get_tiles(context: Ctx, who: Who, image_id: UUID, of: Of = Of.RESULT) -> Tiles:
    """Return what the tiles of the result show, for everyone who can download the result, or those of the original, for
    reviewers only. The first request for a picture cuts it into tiles, which takes seconds for a large one."""
    index = _index(context, who, visible_image(context, who, image_id), of)
    frames = [
        TiledFrame(width_px=width, height_px=height, top_level=top_level(width, height), sphere=_sphere(index, number))
        for number, (width, height) in enumerate(index.sizes_px)
    ]
    return Tiles(tile_px=TILE_PX, frames=frames)


@router.get(
    "/{image_id}/tiles/{level}/{column}/{row}",
    response_class=Response,
    responses={
        200: {
            "content": {PREVIEW_MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
            "description": "A JPEG of a part of the upright picture",
        },
        **problem_responses(*_PROBLEMS, "tile_missing"),
    },
)
def get_tile(
    context: Ctx,
    who: Who,
    image_id: UUID,
    level: Annotated[int, Path(ge=0, le=_MOST)],
    column: Annotated[int, Path(ge=0, le=_MOST)],
    row: Annotated[int, Path(ge=0, le=_MOST)],
    of: Of = Of.RESULT,
    frame: Annotated[int, Query(ge=0, le=_MOST)] = 0,
) -> Response:
    """Return one tile. The levels, columns and rows are those of Deep Zoom. A reviewer's views of an original are
    recorded at most once a minute."""
    image = visible_image(context, who, image_id)
    place = TilePlace(frame, level, column, row)
    source = _source(who, image, of)
    found = _index(context, who, image, of).range_of(place)
    if found is None:
        raise ApiProblem("tile_missing", f"The picture has no tile {place.name}.")
    return Response(context.tile_files.read(source, *found), 200, _HEADERS, PREVIEW_MEDIA_TYPE)


def _sphere(index: TileIndex, number: int) -> SphereArea | None:
    if number not in index.spheres:
        return None
    width, height, left, top = index.spheres[number]
    return SphereArea(full_width_px=width, full_height_px=height, left_px=left, top_px=top)


def _index(context: Context, who: Identity, image: ImageRow, of: Of) -> TileIndex:
    index = context.tile_files.index(_source(who, image, of))
    if of is Of.ORIGINAL and record_look(context.database, who.owner, image.id):
        log.info("original_looked_at", image_id=str(image.id), reviewer=who.owner, size="tiles")
    return index


def _source(who: Identity, image: ImageRow, of: Of) -> TileSource:
    if of is Of.RESULT:
        return TileSource(ImageBucket.RESULTS, sendable_result(who, image), image.id)
    if Scope.REVIEW not in who.scopes:
        raise ApiProblem(
            "missing_scope", f"The token lacks the scope `{Scope.REVIEW}`, which is required for originals."
        )
    original = readable_original(image)
    return TileSource(ImageBucket.ORIGINALS, original.key, image.id, original)
