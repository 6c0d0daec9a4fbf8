"""Deletions: receipts of what was deleted."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter

from api.context import Ctx, Who
from api.finding import manageable_owner
from api.problems import NotFound, problems
from api.views import receipt_view
from blurline.contract import DeletionReceipt
from sql.deletions import find_receipt

router = APIRouter(prefix="/v1/deletions", tags=["deletions"])


@router.get("/{deletion_id}", responses=problems("not_found"))
def get_deletion(context: Ctx, who: Who, deletion_id: UUID) -> DeletionReceipt:
    """The receipt of a deletion. Once `completed_at` is set, nothing of what was deleted is left."""
    receipt = find_receipt(context.database, manageable_owner(who), deletion_id)
    if receipt is None:
        raise NotFound("deletion")
    return receipt_view(receipt)
