"""Uploads: presigned forms for sending originals straight to the store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Body

from api.dependencies import Ctx, Submitter
from api.jobs.create_job import new_upload
from blurline.contract import Upload, Uploads, UploadsRequest

router = APIRouter(prefix="/v1/uploads", tags=["uploads"])


@router.post("", status_code=201)
def create_uploads(context: Ctx, who: Submitter, request: Annotated[UploadsRequest | None, Body()] = None) -> Uploads:
    """Create presigned POST forms, each for one new object key."""
    count = request.count if request else 1
    expires_at = datetime.now(UTC) + timedelta(seconds=context.settings.store.upload_ttl_s)
    max_bytes = int(context.settings.pictures.max_file_mb * 1e6)
    made = [new_upload(context, who.owner) for _ in range(count)]
    return Uploads(
        uploads=[
            Upload(key=key, url=form.url, fields=form.fields, expires_at=expires_at, max_bytes=max_bytes)
            for key, form in made
        ]
    )
