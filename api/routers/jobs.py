"""Jobs: submitting pictures and following their progress."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile

from api.context import Context, Ctx, Submitter, Who, problems, visible_owner
from api.problems import NotFound, Problem
from api.submission import Name, Named, OpenFile, submit_files, submit_keys
from api.views import ImagePage, Job, JobPage, image_view, job_view
from blurline.policy import Policy
from blurline.tokens import Scope
from sql.reading import find_job, list_images_of_job, list_jobs
from sql.reruns import call_off_job

router = APIRouter(prefix="/v1/jobs", tags=["jobs"], responses=problems(403, 422, 503))

_MAX_FILES = 1000
_MAX_JSON_BYTES = 64_000_000

Model = TypeVar("Model", bound=BaseModel)


class SubmittedUpload(BaseModel):
    """An uploaded object, and what its owner calls it."""

    key: str
    name: Name | None = None


class JobRequest(BaseModel):
    """A submission of uploaded objects."""

    images: list[SubmittedUpload] = Field(min_length=1)
    policy: Policy = Policy()


_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": JobRequest.model_json_schema(ref_template="#/components/schemas/{model}")},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["files"],
                    "properties": {
                        "files": {"type": "array", "items": {"type": "string", "format": "binary"}},
                        "policy": {"type": "string", "description": "A policy as JSON"},
                    },
                }
            },
        },
    }
}


@router.post("", status_code=202, openapi_extra=_BODY, responses=problems(403, 409, 413, 415, 422, 503))
async def create_job(context: Ctx, who: Submitter, request: Request) -> Job:
    """Submit pictures: keys of uploads as JSON, or the files themselves as multipart form data.

    When this answers 202 the job is stored and nothing can lose it.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        given = _validated(JobRequest, await _body(request))
        uploads = [Named(image.key, image.name or image.key.rsplit("/", 1)[-1]) for image in given.images]
        job_id = await run_in_threadpool(submit_keys, context, who.subject, uploads, given.policy)
    elif kind == "multipart/form-data":
        async with request.form(max_files=_MAX_FILES, max_fields=10) as form:
            files, policy = _files(form), _validated(Policy, form.get("policy") or "{}")
            job_id = await run_in_threadpool(submit_files, context, who.subject, files, policy)
    else:
        raise Problem(
            415, "unsupported_media_type", "Send application/json with keys or multipart/form-data with files."
        )
    return await run_in_threadpool(_job, context, who.subject, job_id)


@router.get("")
def get_jobs(
    context: Ctx, who: Who, limit: Annotated[int, Query(ge=1, le=100)] = 50, before: UUID | None = None
) -> JobPage:
    """Jobs, newest first."""
    rows = list_jobs(context.database, visible_owner(who), limit, before)
    return JobPage(jobs=[job_view(row) for row in rows], next_before=rows[-1].id if len(rows) == limit else None)


@router.get("/{job_id}", responses=problems(404))
def get_job(context: Ctx, who: Who, job_id: UUID) -> Job:
    """A job and its progress."""
    return _job(context, visible_owner(who), job_id)


@router.post("/{job_id}/cancel", responses=problems(404))
def cancel_job(context: Ctx, who: Who, job_id: UUID) -> Job:
    """Call off what is left of a job, one's own or (operators) anyone's. What is published stays; what is not
    fails with the code `job_cancelled`."""
    owner = None if Scope.OPERATE in who.scopes else who.subject
    _job(context, owner, job_id)
    _, flow_run_ids = call_off_job(context.database, job_id)
    for flow_run_id in flow_run_ids:
        context.flow_runs.cancel(flow_run_id)
    return _job(context, owner, job_id)


@router.get("/{job_id}/images", responses=problems(404))
def get_images(
    context: Ctx, who: Who, job_id: UUID, limit: Annotated[int, Query(ge=1, le=1000)] = 100, after: int = -1
) -> ImagePage:
    """The images of a job in the order they were submitted."""
    _job(context, visible_owner(who), job_id)
    rows = list_images_of_job(context.database, job_id, limit, after)
    return ImagePage(
        images=[image_view(row) for row in rows], next_after=rows[-1].position if len(rows) == limit else None
    )


def _job(context: Context, owner: str | None, job_id: UUID) -> Job:
    row = find_job(context.database, owner, job_id)
    if row is None:
        raise NotFound("job")
    return job_view(row)


async def _body(request: Request) -> bytes:
    """The whole body. Raises Problem when it is larger than any list of keys has to be."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > _MAX_JSON_BYTES:
            raise Problem(413, "request_too_large", f"A JSON request has at most {_MAX_JSON_BYTES} bytes.")
        parts.append(part)
    return b"".join(parts)


def _files(form: FormData) -> list[OpenFile]:
    strays = {name for name, _ in form.multi_items()} - {"files", "policy"}
    if strays:
        raise Problem(
            422, "invalid_request", f"The form has a part {min(strays)!r}; its parts are `files` and `policy`."
        )
    given = [value for value in form.getlist("files") if isinstance(value, UploadFile)]
    if not given:
        raise Problem(422, "image_count", "The form has no files; send each picture as a part named `files`.")
    return [OpenFile(_printable(file.filename) or f"{at}", file.file, file.size or 0) for at, file in enumerate(given)]


def _printable(name: str | None) -> str:
    return "".join(letter for letter in name or "" if letter.isprintable())[:255]


def _validated(model: type[Model], text: Any) -> Model:
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        detail = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise Problem(422, "invalid_request", detail) from error
