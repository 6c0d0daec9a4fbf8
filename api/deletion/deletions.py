"""Deletions: receipts of what was deleted, and proofs."""

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
from sql.deletion.deletions import Erasure, Receipt, find_receipt, list_erasures

router = APIRouter(prefix="/v1/deletions", tags=["deletions"])


@router.get("/{deletion_id}", responses=problem_responses("not_found"))
def get_deletion(context: Ctx, who: Who, deletion_id: UUID) -> DeletionReceipt:
    """The receipt of a deletion. Once `completed_at` is set, nothing of what was deleted is left."""
    receipt = find_receipt(context.database, manageable_owner(who), deletion_id)
    if receipt is None:
        raise NotFound("deletion")
    return receipt_view(receipt)


@router.get("/{deletion_id}/proof", responses=problem_responses("not_found", "deletion_underway"))
def get_proof(context: Ctx, who: Who, deletion_id: UUID) -> SignedDeletion:
    """What was deleted, when and why, and that the store had no more of it: signed, for `blurline verify`."""
    receipt = find_receipt(context.database, manageable_owner(who), deletion_id)
    if receipt is None:
        raise NotFound("deletion")
    if receipt.completed_at is None:
        raise ApiProblem("deletion_underway", "The store is not rid of every object yet. Ask again later.")
    fields = {name: getattr(receipt, name) for name in Receipt.__slots__ if name in DeletionRecord.model_fields}
    record = DeletionRecord(
        **{**fields, "images": [_erased(each) for each in list_erasures(context.database, deletion_id)]},
        blurline_version=VERSION,
        issued_at=datetime.now(UTC),
        deletion_id=deletion_id,
        deleted_at=receipt.created_at,
    )
    return Auditor(context.settings.home).sign_deletion(record)


def _erased(erasure: Erasure) -> ErasedImage:
    kept = dict(erasure.record)
    files = {}
    for role, key in (("original", erasure.original_key), ("result", erasure.result_key)):
        sha256, size_bytes = kept.pop(f"{role}_sha256"), kept.pop(f"{role}_bytes")
        files[role] = ErasedFile(key=key, sha256=sha256, size_bytes=size_bytes) if key else None
    return ErasedImage(image_id=erasure.image_id, confirmed_at=erasure.confirmed_at, **files, **kept)
