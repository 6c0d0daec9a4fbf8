"""Submitting pictures: `POST /v1/jobs`."""

from __future__ import annotations

import contextlib
import json
import os
from collections import Counter
from typing import Any, BinaryIO, TypeVar

from anyio import to_thread
from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData, UploadFile

from api.dependencies import Context, Ctx, Submitter
from api.http.problems import ApiProblem, problem_responses
from api.jobs.create_job import OpenFile, printable, submission_options, submit_files, submit_images
from api.jobs.idempotency import IdempotencyKey, fingerprint_of, once
from api.jobs.spooled_body import spooled_form, spooled_json
from blurline.contract import CreatedJob, JobOptions, JobRequest
from sql.jobs.quotas import check_room, default_quotas

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

_MAX_FILES = 1000
_MAX_FIELDS = 10
_MAX_JSON_BYTES = 64_000_000
_LARGE_JSON_BYTES = 4_000_000  # parsed one at a time: objects take ten times the memory of their text
_OPTIONS = tuple(JobOptions.model_fields)
_OVERHEAD_BYTES = 1_000_000
_EXAMPLES = {
    "policy": '{"style": "solid"}',
    "labels": '{"assignment": "4711"}',
    "webhook": '{"url": "https://example.org/hooks"}',
    "retention": '{"originals_days": 30}',
}

Model = TypeVar("Model", bound=BaseModel)

_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/JobRequest"}},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["files"],
                    "additionalProperties": False,
                    "properties": {
                        "files": {
                            "type": "array",
                            "minItems": 1,
                            "items": {"type": "string", "format": "binary"},
                        },
                        "policy": {"type": "string", "description": "Fields of a policy, as JSON"},
                        "preset": {"type": "string", "description": "A preset's name"},
                        "labels": {"type": "string", "description": "Labels, as JSON"},
                        "webhook": {"type": "string", "description": "A webhook, as JSON"},
                        "retention": {"type": "string", "description": "How long files and records are kept, as JSON"},
                    },
                },
                "encoding": {"files": {"contentType": "image/*"}},
            },
        },
    }
}


@router.post(
    "",
    status_code=202,
    openapi_extra=_BODY,
    response_model=CreatedJob,
    responses=problem_responses(
        "urls_not_allowed", "webhooks_not_allowed", "upload_already_submitted",
        "request_in_progress", "picture_too_large", "unsupported_media_type",
        "address_refused", "duplicate_key", "image_count", "object_missing", "idempotency_key_reused",
        "unknown_preset", "policy_below_least", "unknown_class", "retention_too_long", "quota_exceeded",
        "store_unavailable", "bucket_missing",
    ),
)  # fmt: skip
async def create_job(
    context: Ctx, who: Submitter, request: Request, idempotency_key: IdempotencyKey = None
) -> JSONResponse:
    """Submit pictures: as JSON with the keys of uploads or URLs, or as multipart form data with the files.

    A 202 response means that the job is stored and cannot be lost.
    """
    limiter = context.submission_threads
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        async with spooled_json(request, _MAX_JSON_BYTES) as body:
            return await to_thread.run_sync(_from_json, context, who.owner, idempotency_key, body, limiter=limiter)
    if kind == "multipart/form-data":
        quotas, at_least_bytes = default_quotas(context.settings), _declared_bytes(request)
        await to_thread.run_sync(check_room, context.database, who.owner, quotas, 1, at_least_bytes, limiter=limiter)
        async with spooled_form(request, _MAX_FILES, _MAX_FIELDS) as form:
            return await to_thread.run_sync(_from_form, context, who.owner, idempotency_key, form, limiter=limiter)
    raise ApiProblem("unsupported_media_type", "Send application/json with keys or multipart/form-data with files.")


def _from_json(context: Context, owner: str, key: str | None, file: BinaryIO) -> JSONResponse:
    with context.large_requests if file.seek(0, os.SEEK_END) > _LARGE_JSON_BYTES else contextlib.nullcontext():
        file.seek(0)
        return _from_bytes(context, owner, key, file.read())


def _from_bytes(context: Context, owner: str, key: str | None, body: bytes) -> JSONResponse:
    with contextlib.suppress(ValueError, RecursionError):  # pydantic says what is wrong
        json.loads(body, object_pairs_hook=_once_each)
    given = _validated(JobRequest, body)
    return once(
        context,
        owner,
        key,
        lambda: fingerprint_of("json", body.decode()),
        lambda claim: submit_images(context, submission_options(context, owner, given, claim), given.images),
    )


def _from_form(context: Context, owner: str, key: str | None, form: FormData) -> JSONResponse:
    options, files = _options(form), _files(form)
    return once(
        context,
        owner,
        key,
        lambda: fingerprint_of("form", options.model_dump_json(), files=[(each.name, each.file) for each in files]),
        lambda claim: submit_files(context, submission_options(context, owner, options, claim), files),
    )


def _declared_bytes(request: Request) -> int:
    """The minimum size of a form's files, from its Content-Length; 0 without one."""
    declared = request.headers.get("content-length", "0")
    return max(0, int(declared) - _OVERHEAD_BYTES) if declared.isdigit() else 0


def _options(form: FormData) -> JobOptions:
    strays = {name for name, _ in form.multi_items()} - {"files", *_OPTIONS}
    if strays:
        raise ApiProblem(
            "invalid_request", f"The form has an unknown part {min(strays)!r}. It accepts files, {', '.join(_OPTIONS)}."
        )
    repeated = next((name for name in _OPTIONS if len(form.getlist(name)) > 1), None)
    if repeated:
        raise ApiProblem("invalid_request", f"The form has the part {repeated} more than once. Send it once.")
    texts = {name: form[name] for name in _OPTIONS if form.get(name)}
    if not all(isinstance(text, str) for text in texts.values()):
        raise ApiProblem("invalid_request", f"The parts {', '.join(_OPTIONS)} must be text, not files.")
    preset = texts.pop("preset", None)
    fields = {name: _parsed(name, text) for name, text in texts.items()}
    return _validated(JobOptions, json.dumps(fields | ({"preset": preset} if preset else {})))


def _parsed(name: str, text: Any) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_once_each)
    except (ValueError, RecursionError) as error:
        raise ApiProblem(
            "invalid_request", f"The part {name} is not valid JSON: {error}. Example: {_EXAMPLES[name]}"
        ) from error


def _files(form: FormData) -> list[OpenFile]:
    files = []
    for at, part in enumerate(form.getlist("files")):
        if not isinstance(part, UploadFile):
            raise ApiProblem(
                "invalid_request", f"Part {at + 1} of `files` has no file name. Give each picture a `filename`."
            )
        files.append(OpenFile(printable(part.filename) or f"{at}", part.file, part.size or 0))
    if not files:
        raise ApiProblem("image_count", "The form has no files. Send each picture as a part named `files`.")
    return files


def _validated(model: type[Model], text: Any) -> Model:
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_context=False)) from error


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names differ: a parser would keep one of two values, and drop the other without a word."""
    fields = dict(pairs)
    if len(fields) < len(pairs):
        ((repeated, _),) = Counter(name for name, _ in pairs).most_common(1)
        raise ApiProblem("invalid_request", f"The JSON object has the name {repeated[:100]!r} more than once.")
    return fields
