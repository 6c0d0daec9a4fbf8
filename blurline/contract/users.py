"""Users, their tokens and quotas, and what they use."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import (
    BaseModel,
    Field,
)

from blurline.contract.base import Request, with_examples
from blurline.contract.examples import TIME

_MOST_PER_DAY = 10**15  # far beyond any use, and within a bigint


class Quotas(Request):
    """How much an owner may submit; null for no limit. Days are UTC."""

    model_config = with_examples({"images_per_day": 10000, "bytes_per_day": None, "open_jobs": 20})
    images_per_day: int | None = Field(default=None, ge=0, le=_MOST_PER_DAY, strict=True)
    bytes_per_day: int | None = Field(default=None, ge=0, le=_MOST_PER_DAY, strict=True)
    open_jobs: int | None = Field(default=None, ge=0, le=_MOST_PER_DAY, strict=True)


class Usage(BaseModel):
    """What an owner has submitted today (UTC), and how many jobs are unfinished."""

    images_today: int
    bytes_today: int
    open_jobs: int


class Me(BaseModel):
    """Who the token is for, what it allows, and how much of the quotas is used."""

    model_config = with_examples(
        {
            "id": "ann",
            "scopes": ["submit"],
            "expires_at": TIME,
            "quotas": {"images_per_day": 10000, "bytes_per_day": None, "open_jobs": 20},
            "usage": {"images_today": 120, "bytes_today": 381725280, "open_jobs": 1},
        }
    )
    id: str
    scopes: list[str]
    expires_at: datetime
    quotas: Quotas
    usage: Usage


class IssuedToken(BaseModel):
    """A bearer token of the local issuer."""

    model_config = with_examples({"token": "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl", "expires_at": TIME})
    token: str
    expires_at: datetime


USER: dict[str, Any] = {
    "id": "ann",
    "issuer": "blurline-local",
    "subject": "ann",
    "name": None,
    "email": None,
    "quotas": {"images_per_day": 10000},
    "first_seen_at": TIME,
    "last_seen_at": TIME,
}


class User(BaseModel):
    """A user who has presented a valid token."""

    model_config = with_examples(USER)
    id: str
    issuer: str
    subject: str
    name: str | None
    email: str | None
    quotas: dict[str, int | None] = Field(description="Quotas that take precedence over the settings.")
    first_seen_at: datetime
    last_seen_at: datetime


class UserPage(BaseModel):
    """Users. Request more with `cursor=next_cursor` until it is null."""

    model_config = with_examples({"users": [USER], "next_cursor": None})
    users: list[User]
    next_cursor: str | None
