"""Uploads by presigned forms."""

from __future__ import annotations

from datetime import datetime

from pydantic import (
    BaseModel,
    Field,
)

from blurline.contract.base import Request, with_examples
from blurline.contract.examples import KEY, TIME


class UploadsRequest(Request):
    """How many uploads to create, and for how large files."""

    model_config = with_examples({"count": 2})
    count: int = Field(default=1, ge=1, le=1000, strict=True)
    max_bytes: int | None = Field(
        default=None,
        ge=0,
        le=1 << 40,
        strict=True,
        description="Largest file that each form accepts; by default and at most the limit of the service. Forms count "
        "against a quota of bytes with this size.",
    )


class Upload(BaseModel):
    """POST a multipart form of `fields` and then `file` to `url`; then submit `key`."""

    key: str
    url: str
    fields: dict[str, str]
    expires_at: datetime
    max_bytes: int = Field(description="Largest file that the form accepts.")


class Uploads(BaseModel):
    """The requested uploads."""

    model_config = with_examples(
        {
            "uploads": [
                {
                    "key": KEY,
                    "url": "https://store.example/blurline-originals",
                    "fields": {"key": KEY, "policy": "eyJ…", "x-amz-signature": "9d1…"},
                    "expires_at": TIME,
                    "max_bytes": 100_000_000,
                }
            ]
        }
    )
    uploads: list[Upload]
