"""Three RPC-style endpoints that call the functions of v1, for clients of the article the project started from."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body
from pydantic import BaseModel, Field

from api.dependencies import Ctx, Submitter, Who
from api.http.problems import problem_responses
from api.jobs.create_job import submission_options, submit_images
from api.jobs.uploads import new_uploads
from api.jobs.views import image_view
from blurline.contract import Image, JobOptions, Key, Name, SubmittedImage, with_examples
from blurline.contract.examples import KEY
from sql.jobs.image_search import ImageFilter, ImagePlace
from sql.jobs.image_search import list_images as images_of
from sql.jobs.job_queries import list_images_of_job

router = APIRouter(prefix="/v1/image", tags=["compatibility"])


class UploadUrl(BaseModel):
    """A presigned form for one object."""

    model_config = with_examples(
        {"object_key": KEY, "url": "https://store.example/blurline-originals", "fields": {"key": KEY}}
    )
    object_key: str
    url: str
    fields: dict[str, str]


class SubmitRequest(BaseModel):
    """An uploaded object to submit."""

    model_config = with_examples({"object_key": KEY, "name": "a.jpg"})
    object_key: Key
    name: Name | None = None


class ListRequest(BaseModel):
    """A page of the caller's images, older than `before`."""

    model_config = with_examples({"limit": 50})
    limit: int = Field(default=50, ge=1, le=1000)
    before: UUID | None = None


@router.post("/upload-url/get", responses=problem_responses("quota_exceeded", "store_unavailable"))
def get_upload_url(context: Ctx, who: Submitter) -> UploadUrl:
    """Like `POST /v1/uploads`, for one object."""
    (form,) = new_uploads(context, who.owner)
    return UploadUrl(object_key=form.key, url=form.url, fields=form.fields)


@router.post(
    "/submit",
    status_code=202,
    responses=problem_responses(
        "upload_already_submitted",
        "picture_too_large",
        "object_missing",
        "quota_exceeded",
        "store_unavailable",
        "bucket_missing",
    ),
)
def submit(context: Ctx, who: Submitter, request: SubmitRequest) -> Image:
    """Like `POST /v1/jobs`, for one object with the default policy."""
    image = SubmittedImage(key=request.object_key, name=request.name)
    job = submit_images(context, submission_options(context, who.owner, JobOptions()), [image])
    return image_view(list_images_of_job(context.database, job.id, limit=1)[0])


@router.post("/list")
def list_images(context: Ctx, who: Who, request: Annotated[ListRequest | None, Body()] = None) -> list[Image]:
    """List the caller's images, newest first."""
    asked = request or ListRequest()
    before = ImagePlace(asked.before) if asked.before else None
    rows = images_of(context.database, ImageFilter(who.owner), asked.limit, before)
    return [image_view(row) for row in rows]
