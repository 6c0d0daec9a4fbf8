"""Uploads: presigned forms for sending originals straight to the store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Body

from api.dependencies import Context, Ctx, Submitter
from api.http.problems import problem_responses
from blurline.contract import Upload, Uploads, UploadsRequest
from blurline.ids import new_id
from blurline.storage.original_keys import owner_prefix
from sql.jobs.open_uploads import list_expired_forms, reserve_uploads, settle_expired_forms
from sql.jobs.quotas import default_quotas

router = APIRouter(prefix="/v1/uploads", tags=["uploads"])


@router.post("", status_code=201, responses=problem_responses("quota_exceeded", "store_unavailable"))
def create_uploads(context: Ctx, who: Submitter, request: Annotated[UploadsRequest | None, Body()] = None) -> Uploads:
    """Create presigned POST forms, each for one new object key.

    Forms count against the quotas until their upload is submitted, or they expire unused.
    """
    asked = request or UploadsRequest()
    return Uploads(uploads=new_uploads(context, who.owner, asked.count, asked.max_bytes))


def new_uploads(context: Context, owner: str, count: int = 1, max_bytes: int | None = None) -> list[Upload]:
    """New forms of the owner, each for a new object key. Raises OverQuota."""
    settings = context.settings
    _settle_expired_forms(context, owner)
    limit = int(settings.pictures.max_file_mb * 1e6)
    accepted = limit if max_bytes is None else min(max_bytes, limit)
    expires_at = datetime.now(UTC) + timedelta(seconds=settings.store.upload_ttl_s)
    keys = [f"{owner_prefix(owner)}{new_id()}" for _ in range(count)]
    reserve_uploads(
        context.database,
        owner,
        keys,
        accepted,
        settings.store.upload_ttl_s,
        default_quotas(settings),
        settings.quotas.open_uploads,
    )
    forms = [context.store.presign_upload(key, accepted) for key in keys]
    return [
        Upload(key=key, url=form.url, fields=form.fields, expires_at=expires_at, max_bytes=accepted)
        for key, form in zip(keys, forms, strict=True)
    ]


def _settle_expired_forms(context: Context, owner: str) -> None:
    """Look which expired forms were used, so that those that were not no longer count."""
    expired = list_expired_forms(context.database, owner)
    if expired:
        listed = context.store.list_originals(owner_prefix(owner), expired[0], expired[-1])
        wanted = set(expired)
        stored = {each.key: each.size_bytes for each in listed if each.key in wanted}
        settle_expired_forms(context.database, expired, stored)
