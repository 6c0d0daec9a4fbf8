"""The image that answers for a picture's bytes: that of the first request with them, or a new job with one image."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from uuid import UUID

from starlette.datastructures import FormData, UploadFile

from api.dependencies import Context
from api.http.problems import ApiProblem
from api.jobs.create_job import OpenFile, printable, submission_options, submit_files
from blurline.contract import JobOptions
from blurline.policy import Policy, Review
from blurline.policy.policy import OutputFormat
from sql.jobs.contents import Content, ContentTaken, find_image_of
from sql.jobs.job_queries import ImageRow, find_image
from sql.review.reviews import list_decisions

PRESET = "street"
PART = "picture"
LABELS = {"source": "panoramax"}

_TRIES = 5


def submitted_image(context: Context, owner: str, form: FormData) -> UUID:
    """The id of the image for the form's picture. Raises ApiProblem, OverQuota and StoreUnavailable.

    The same bytes of the same owner have one image, whenever they are sent: the client repeats its requests.
    """
    file = _picture(form)
    content = Content(owner, PRESET, hashlib.file_digest(file.file, "sha256").hexdigest())  # type: ignore[arg-type]
    for _ in range(_TRIES):
        known = find_image_of(context.database, content)
        row = find_image(context.database, owner, known) if known else None
        if row is not None and not _has_lost_its_result(row):
            return row.id
        try:
            return _new_image(context, replace(content, replaces=known), file, _policy(context, row))
        except ContentTaken:
            continue
    raise ApiProblem("no_result", "The picture is being submitted by other requests. Send it again.")


def _picture(form: FormData) -> OpenFile:
    parts = form.multi_items()
    if [name for name, _ in parts] != [PART] or not isinstance(parts[0][1], UploadFile):
        raise ApiProblem("invalid_request", f"The form must have one part, the file `{PART}`.")
    file = parts[0][1]
    file.file.seek(0)
    return OpenFile(printable(file.filename) or PART, file.file, file.size or 0)


def _new_image(context: Context, content: Content, file: OpenFile, policy: Policy) -> UUID:
    options = submission_options(context, content.owner, JobOptions(preset=PRESET, policy=policy, labels=LABELS))
    file.file.seek(0)
    submit_files(context, replace(options, content=content), [file])
    image_id = find_image_of(context.database, content)
    if image_id is None:
        raise ApiProblem("no_result", "The picture was deleted while it was submitted. Send it again.")
    return image_id


def _has_lost_its_result(row: ImageRow) -> bool:
    return row.result_gone_at is not None and row.state in ("published", "needs_review")


def _policy(context: Context, earlier: ImageRow | None) -> Policy:
    """The client takes every result for a JPEG. What a person has looked at once, a person looks at again."""
    if earlier is not None and (earlier.state == "needs_review" or list_decisions(context.database, earlier.id)):
        return Policy(output_format=OutputFormat.JPEG, review=Review.ALWAYS)
    return Policy(output_format=OutputFormat.JPEG)
