"""Which jobs, images and files a caller may see, change and download."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from api.dependencies import Context
from api.http.problems import ApiProblem, NotFound
from blurline.access.tokens import Identity, Scope
from blurline.errors import ObjectMissing
from blurline.storage.store import SubmittedOriginal
from sql.jobs.job_queries import (
    DetectionRow,
    ImageRow,
    JobRow,
    find_image,
    find_job,
    list_detections,
    list_findings,
)


def visible_owner(identity: Identity) -> str | None:
    """The owner whose jobs the caller can view. None: every owner's."""
    return None if identity.sees_everything else identity.owner


def manageable_owner(identity: Identity) -> str | None:
    """The owner whose jobs the caller can cancel and delete. None (operators): every owner's."""
    return None if Scope.OPERATE in identity.scopes else identity.owner


def listed_owner(identity: Identity, asked: str | None) -> str | None:
    """The owner that a list is filtered by; None for every owner. Raises ApiProblem when the caller may not view it."""
    visible = visible_owner(identity)
    if visible is not None and asked not in (None, visible):
        raise ApiProblem("missing_scope", "Only reviewers and operators can view other owners' jobs and images.")
    return asked if visible is None else visible


def visible_job(context: Context, who: Identity, job_id: UUID) -> JobRow:
    """The job. Raises NotFound when it does not exist or the caller may not view it."""
    row = find_job(context.database, visible_owner(who), job_id)
    if row is None:
        raise NotFound("job")
    return row


def visible_image(context: Context, who: Identity, image_id: UUID) -> ImageRow:
    """The image. Raises NotFound when it does not exist or the caller may not view it."""
    row = find_image(context.database, visible_owner(who), image_id)
    if row is None:
        raise NotFound("image")
    return row


def boxes_of(context: Context, row: ImageRow) -> list[DetectionRow]:
    """The detections of an image's current result."""
    return list_detections(context.database, row.result_attempt_id) if row.result_attempt_id else []


def findings_of(context: Context, row: ImageRow) -> list[dict[str, Any]]:
    """The places where the last written file of an image at the review gate still shows a face."""
    is_about_it = row.error_code == "output_check_failed" or row.refused_attempt_id == row.result_attempt_id
    if row.refused_attempt_id is None or not is_about_it:
        return []
    return list_findings(context.database, row.refused_attempt_id)


def sendable_result(who: Identity, row: ImageRow) -> str:
    """The key of a result that the caller may download: published, or for reviewers also at the review gate.

    Raises ApiProblem.
    """
    if row.result_gone_at is not None and row.state in ("published", "needs_review"):
        raise ApiProblem("result_gone", f"The result {_since(row.result_gone_at, row.result_gone_why)}")
    can_review = row.state == "needs_review" and Scope.REVIEW in who.scopes
    if row.result_key is not None and (row.state == "published" or can_review):
        return row.result_key
    why = {
        "needs_review": "It waits for a reviewer's approval",
        "failed": f"It failed ({row.error_code}): {row.error_message}",
    }.get(row.state, "It is still being processed")
    raise ApiProblem("not_published", f"The image has no published result. {why.rstrip('.')}.")


def readable_original(row: ImageRow) -> SubmittedOriginal:
    """The original, as it was submitted. Raises ApiProblem when it is gone, ObjectMissing before it is fetched."""
    if row.original_gone_at is not None:
        raise ApiProblem("original_gone", f"The original {_since(row.original_gone_at, row.original_gone_why)}")
    if row.original_etag is None:
        raise ObjectMissing("The original is not fetched from its URL yet. Try again later.")
    return SubmittedOriginal(row.original_key, row.original_etag, row.original_sha256, row.source, row.source_key)


def not_manageable(what: str) -> ApiProblem:
    """The problem for a change to something that the caller can view but does not own."""
    return ApiProblem("missing_scope", f"You can view this {what}, but only its owner or an operator can change it.")


def _since(at: datetime, why: str | None) -> str:
    if why == "missing":
        return f"was found missing on {at:%Y-%m-%d}. Ask your operator."
    return f"expired on {at:%Y-%m-%d} and was deleted."
