"""The three RPC-like endpoints of the article that started the project, over the functions of v1."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body
from pydantic import BaseModel, Field

from api.context import Ctx, Submitter, Who, problems
from api.submission import Name, Named, new_upload, submit_keys
from api.views import Image, image_view
from blurline.policy import Policy
from sql.reading import list_images_of_job, list_images_of_owner

router = APIRouter(prefix="/v1/image", tags=["compatibility"], responses=problems(403, 409, 422, 503))


class UploadUrl(BaseModel):
    """A presigned form for one object."""

    object_key: str
    url: str
    fields: dict[str, str]


class SubmitRequest(BaseModel):
    """An object that was uploaded."""

    object_key: str
    name: Name | None = None


class ListRequest(BaseModel):
    """A page of the caller's images: those older than `before`."""

    limit: int = Field(default=50, ge=1, le=1000)
    before: UUID | None = None


@router.post("/upload-url/get")
def get_upload_url(context: Ctx, who: Submitter) -> UploadUrl:
    """As POST /v1/uploads, for one object."""
    key, form = new_upload(context, who.subject)
    return UploadUrl(object_key=key, url=form.url, fields=form.fields)


@router.post("/submit", status_code=202)
def submit(context: Ctx, who: Submitter, request: SubmitRequest) -> Image:
    """As POST /v1/jobs, for one object under the default policy."""
    name = request.name or request.object_key.rsplit("/", 1)[-1]
    job_id = submit_keys(context, who.subject, [Named(request.object_key, name)], Policy())
    return image_view(list_images_of_job(context.database, job_id, limit=1)[0])


@router.post("/list")
def list_images(context: Ctx, who: Who, request: Annotated[ListRequest | None, Body()] = None) -> list[Image]:
    """The caller's images, newest first."""
    asked = request or ListRequest()
    return [image_view(row) for row in list_images_of_owner(context.database, who.subject, asked.limit, asked.before)]
