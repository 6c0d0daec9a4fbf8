"""Uploads: presigned forms with which a client sends originals straight to the store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Body
from pydantic import BaseModel, Field

from api.context import Ctx, Submitter, problems
from api.submission import new_upload

router = APIRouter(prefix="/v1/uploads", tags=["uploads"], responses=problems(403, 422, 503))


class UploadsRequest(BaseModel):
    """How many pictures are to be uploaded."""

    count: int = Field(default=1, ge=1, le=1000)


class Upload(BaseModel):
    """POST a multipart form of `fields` and then `file` to `url`; then submit `key`."""

    key: str
    url: str
    fields: dict[str, str]
    expires_at: datetime


class Uploads(BaseModel):
    """Uploads, as many as were asked for."""

    uploads: list[Upload]


@router.post("", status_code=201)
def create_uploads(context: Ctx, who: Submitter, request: Annotated[UploadsRequest | None, Body()] = None) -> Uploads:
    """Hand out presigned POST forms, each for one object of a key of our choice."""
    count = request.count if request else 1
    expires_at = datetime.now(UTC) + timedelta(seconds=context.settings.upload_ttl_s)
    made = [new_upload(context, who.subject) for _ in range(count)]
    return Uploads(
        uploads=[Upload(key=key, url=form.url, fields=form.fields, expires_at=expires_at) for key, form in made]
    )
