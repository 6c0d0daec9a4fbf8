"""Signed audit records of images, and the public keys to verify them."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from fastapi import APIRouter

from api.dependencies import Ctx, Who
from api.http.problems import problem_responses
from api.jobs.views import detection_views
from api.visibility import boxes_of, visible_image
from blurline.contract import Decision
from blurline.contract.audit import AuditedFile, AuditKeys, Auditor, AuditRecord, SignedRecord
from blurline.version import VERSION
from sql.jobs.job_queries import ImageRow
from sql.review.reviews import list_decisions

router = APIRouter(prefix="/v1", tags=["audit"])

_OF_IMAGE = set(AuditRecord.model_fields) - {"blurline_version"}


@router.get("/images/{image_id}/audit", responses=problem_responses("not_found"))
def get_audit(context: Ctx, who: Who, image_id: UUID) -> SignedRecord:
    """Return an image's signed audit record: its files, its detections, the model and every reviewer's decision. Check
    it with `blurline verify`."""
    row = visible_image(context, who, image_id)
    decisions = list_decisions(context.database, image_id)
    fields = {name: getattr(row, name) for name in ImageRow.__slots__ if name in _OF_IMAGE}
    record = AuditRecord(
        **{**fields, "image_id": row.id, "submitted_at": row.created_at},
        blurline_version=VERSION,
        made_by_version=row.blurline_version,
        issued_at=datetime.now(UTC),
        original=AuditedFile(sha256=row.original_sha256, size_bytes=row.original_bytes)
        if row.original_sha256
        else None,
        result=_result(row),
        detections=detection_views(boxes_of(context, row)),
        decisions=[Decision.model_validate(each, from_attributes=True) for each in decisions],
    )
    return Auditor(context.settings.home).sign(record)


@router.get("/audit-keys")
def get_audit_keys(context: Ctx) -> AuditKeys:
    """Return the public keys that verify this installation's audit records. Needs no token."""
    return Auditor(context.settings.home).keys


def _result(row: ImageRow) -> AuditedFile | None:
    if row.result_sha256 is None or row.result_bytes is None:
        return None
    return AuditedFile(sha256=row.result_sha256, size_bytes=row.result_bytes, media_type=row.result_media_type)
