"""Receipts and signed proofs of deletions."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from fastapi import APIRouter

from api.dependencies import Ctx, Who
from api.http.problems import ApiProblem, NotFound, problem_responses
from api.jobs.views import receipt_view
from api.visibility import manageable_owner
from blurline.contract import DeletionReceipt
from blurline.contract.audit import Auditor
from blurline.contract.deletion_proof import DeletionRecord, ErasedFile, ErasedImage, SignedDeletion
from blurline.version import VERSION
from sql.deletion.deletions import ImageRecord, Receipt, find_receipt, list_image_records

router = APIRouter(prefix="/v1/deletions", tags=["deletions"])


@router.get("/{deletion_id}", responses=problem_responses("not_found"))
def get_deletion(context: Ctx, who: Who, deletion_id: UUID) -> DeletionReceipt:
    """Return the receipt of a deletion. Once `completed_at` is set, every object is removed from the store."""
    receipt = find_receipt(context.database, manageable_owner(who), deletion_id)
    if receipt is None:
        raise NotFound("deletion")
    return receipt_view(receipt)


@router.get("/{deletion_id}/proof", responses=problem_responses("not_found", "deletion_underway"))
def get_proof(context: Ctx, who: Who, deletion_id: UUID) -> SignedDeletion:
    """A signed record of what was deleted, when and why, and that the store has none of it. For `blurline verify`."""
    receipt = find_receipt(context.database, manageable_owner(who), deletion_id)
    if receipt is None:
        raise NotFound("deletion")
    if receipt.completed_at is None:
        raise ApiProblem("deletion_underway", "The store still holds objects of this deletion. Try again later.")
    fields = {name: getattr(receipt, name) for name in Receipt.__slots__ if name in DeletionRecord.model_fields}
    record = DeletionRecord(
        **{**fields, "images": [_erased_image(each) for each in list_image_records(context.database, deletion_id)]},
        blurline_version=VERSION,
        issued_at=datetime.now(UTC),
        deletion_id=deletion_id,
        deleted_at=receipt.created_at,
    )
    return Auditor(context.settings.home).sign_deletion(record)


def _erased_image(row: ImageRecord) -> ErasedImage:
    kept = dict(row.record)
    files = {}
    for role, key in (("original", row.original_key), ("result", row.result_key)):
        sha256, size_bytes = kept.pop(f"{role}_sha256"), kept.pop(f"{role}_bytes")
        files[role] = ErasedFile(key=key, sha256=sha256, size_bytes=size_bytes) if key else None
    return ErasedImage(image_id=row.image_id, confirmed_at=row.confirmed_at, **files, **kept)
