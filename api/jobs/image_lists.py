"""Lists of images: their filters, orders and cursors, and the place of one image in them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query

from api.dependencies import Context, Who
from api.http.filters import LabelFilter, OwnerFilter, parse_labels
from api.http.paging import next_cursor, parse_cursor
from api.http.problems import ApiProblem
from api.jobs.views import image_view
from api.visibility import listed_owner
from blurline.contract import ImagePage, ImageState, Time
from sql.jobs.image_search import ImageFilter, ImageOrder, ImagePlace, list_images

_NAME_CHARACTERS = 255

NameFilter = Annotated[
    str | None,
    Query(
        min_length=1,
        max_length=_NAME_CHARACTERS,
        description="A part of the name, in any case; fewer than three characters: its beginning.",
    ),
]
NoteFilter = Annotated[str | None, Query(max_length=63, description="The code of one of the image's notes.")]
DoubtAbove = Annotated[
    float | None, Query(ge=0, le=1, description="Only a known doubt above this, from 0 to 1.", allow_inf_nan=False)
]
DoubtUpTo = Annotated[
    float | None, Query(ge=0, le=1, description="Only a known doubt up to this, from 0 to 1.", allow_inf_nan=False)
]


class ImageSort(StrEnum):
    """Orders of images. `-doubt` lists the most doubtful images of one `state` or `job` first; `position` is the order
    of submission of one `job`."""

    NEWEST = "-created_at"
    OLDEST = "created_at"
    DOUBT = "-doubt"
    FIRST = "position"
    LAST = "-position"


class JobImageSort(StrEnum):
    """Orders of the images of a job."""

    FIRST = "position"
    LAST = "-position"
    DOUBT = "-doubt"


_ORDERS: Mapping[str, ImageOrder] = {
    ImageSort.NEWEST: ImageOrder.NEWEST,
    ImageSort.OLDEST: ImageOrder.OLDEST,
    ImageSort.DOUBT: ImageOrder.MOST_DOUBTFUL,
    ImageSort.FIRST: ImageOrder.FIRST,
    ImageSort.LAST: ImageOrder.LAST,
}


def order_of(sort: ImageSort | JobImageSort, wanted: ImageFilter) -> ImageOrder:
    """The order of a list. Raises ApiProblem where the filter lacks what the order requires."""
    if wanted.job_id is None:
        if sort == ImageSort.DOUBT and wanted.state is None:
            raise ApiProblem(
                "invalid_request", "sort=-doubt requires a state or a job, for example state=needs_review."
            )
        if sort in (ImageSort.FIRST, ImageSort.LAST):
            raise ApiProblem("invalid_request", f"sort={sort} requires a job.")
    return _ORDERS[sort]


def image_page(
    context: Context, wanted: ImageFilter, order: ImageOrder, listed: str, limit: int, cursor: str | None
) -> ImagePage:
    """A page of the list ``listed``. Raises ApiProblem for a cursor of another list."""
    rows = list_images(context.database, wanted, limit, _after(order, listed, cursor), order)
    at = _at(order, ImagePlace.of(rows[-1])) if rows else []
    return ImagePage(images=[image_view(row) for row in rows], next_cursor=next_cursor(listed, rows, limit, *at))


def _after(order: ImageOrder, listed: str, cursor: str | None) -> ImagePlace | None:
    if cursor is None:
        return None
    if order in (ImageOrder.FIRST, ImageOrder.LAST):
        return ImagePlace(UUID(int=0), position=parse_cursor(listed, cursor, int))
    if order is ImageOrder.MOST_DOUBTFUL:
        doubt, image_id = parse_cursor(listed, cursor, float, UUID)
        return ImagePlace(image_id, doubt)
    return ImagePlace(parse_cursor(listed, cursor, UUID))


def _at(order: ImageOrder, place: ImagePlace) -> list[Any]:
    if order in (ImageOrder.FIRST, ImageOrder.LAST):
        return [place.position]
    return [place.doubt, place.id] if order is ImageOrder.MOST_DOUBTFUL else [place.id]


def _search(
    who: Who,
    state: ImageState | None = None,
    error_code: Annotated[str | None, Query(max_length=63)] = None,
    since: Time | None = None,
    until: Time | None = None,
    owner: OwnerFilter = None,
    job: Annotated[UUID | None, Query(description="The id of a job.")] = None,
    label: LabelFilter = None,
    name: NameFilter = None,
    note: NoteFilter = None,
    doubt_above: DoubtAbove = None,
    doubt_up_to: DoubtUpTo = None,
) -> ImageFilter:
    return ImageFilter(
        owner=listed_owner(who, owner),
        state=state,
        error_code=error_code,
        since=since,
        until=until,
        job_id=job,
        labels=parse_labels(label),
        name=name,
        note=note,
        doubt_above=doubt_above,
        doubt_up_to=doubt_up_to,
    )


SearchedImages = Annotated[ImageFilter, Depends(_search)]
