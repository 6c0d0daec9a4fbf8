"""Searching images over the API."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from blurline.client.paging import following, given
from blurline.client.transport import Transport
from blurline.contract import Image, ImageCount, ImagePage, ImageState, Neighbours

ImageSortName = Literal["-created_at", "created_at", "-doubt", "position", "-position"]


@dataclass(frozen=True, slots=True)
class ImageQuery:
    """A search of images. A field of None does not restrict.

    ``name`` is a part of the name, ``note`` the code of a note; ``owner`` is for reviewers and operators. The sort
    ``-doubt`` requires a state or a job, ``position`` a job.
    """

    job: UUID | None = None
    state: ImageState | None = None
    name: str | None = None
    labels: tuple[tuple[str, str], ...] = ()
    owner: str | None = None
    note: str | None = None
    error_code: str | None = None
    doubt_above: float | None = None
    doubt_up_to: float | None = None
    since: datetime | None = None
    until: datetime | None = None
    sort: ImageSortName = "-created_at"

    @property
    def filters(self) -> dict[str, Any]:
        """The parameters of a request, without the order."""
        return {
            "job": self.job and str(self.job),
            "state": self.state,
            "name": self.name,
            "label": [f"{name}:{value}" for name, value in self.labels],
            "owner": self.owner,
            "note": self.note,
            "error_code": self.error_code,
            "doubt_above": self.doubt_above,
            "doubt_up_to": self.doubt_up_to,
            "since": self.since and self.since.isoformat(),
            "until": self.until and self.until.isoformat(),
        }


class SearchClient:
    """The part of the client that searches images of all jobs that the caller can view."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def images(self, query: ImageQuery, *, page_size: int = 1000) -> Iterator[Image]:
        """Every matching image."""
        for page in following(lambda cursor: self.page(query, cursor, page_size)):
            yield from page.images

    def page(self, query: ImageQuery, cursor: str | None = None, page_size: int = 100) -> ImagePage:
        """One page of matching images, from ``cursor`` on."""
        wanted = {**query.filters, "sort": query.sort, "cursor": cursor, "limit": page_size}
        return self._transport.ask(ImagePage, "GET", "/v1/images", params=given(wanted))

    def count(self, query: ImageQuery) -> ImageCount:
        """How many images match, counted up to 10,000."""
        return self._transport.ask(ImageCount, "GET", "/v1/image-count", params=given(query.filters))

    def neighbours(self, image_id: UUID, query: ImageQuery) -> Neighbours:
        """The images before and after an image in the list of the query."""
        wanted = given({**query.filters, "sort": query.sort})
        return self._transport.ask(Neighbours, "GET", f"/v1/images/{image_id}/neighbours", params=wanted)
