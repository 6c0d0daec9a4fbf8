"""Webhooks and their deliveries."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import (
    BaseModel,
    Field,
    StrictBool,
)

from blurline.contract.base import EventType, HttpsUrl, Request, with_examples
from blurline.contract.examples import IMAGE_ID, JOB_ID, OTHER_ID, TIME


class WebhookRequest(Request):
    """Where to send events. Without `events`, every type."""

    model_config = with_examples({"url": "https://example.org/hooks/blurline", "events": ["image.published"]})
    url: HttpsUrl
    events: list[EventType] = Field(default=list(EventType), min_length=1, max_length=len(EventType))


WEBHOOK: dict[str, Any] = {
    "id": OTHER_ID,
    "job_id": None,
    "url": "https://example.org/hooks/blurline",
    "events": ["image.published", "job.finished"],
    "is_enabled": True,
    "disabled_reason": None,
    "failing_since": None,
    "created_at": TIME,
}


class Webhook(BaseModel):
    """An endpoint that receives the events of all jobs of its owner, or of one job."""

    model_config = with_examples(WEBHOOK)
    id: UUID
    job_id: UUID | None
    url: str
    events: list[EventType]
    is_enabled: bool
    disabled_reason: str | None
    failing_since: datetime | None
    created_at: datetime


class WebhookWithSecret(Webhook):
    """A webhook and its signing secret. Only this answer shows the secret."""

    model_config = with_examples(WEBHOOK | {"secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"})
    secret: str = Field(description="In the form of Standard Webhooks: `whsec_` and base64.")


class WebhookChange(Request):
    """Changes to a webhook; an absent field keeps its value."""

    model_config = with_examples({"is_enabled": True})
    url: HttpsUrl | None = None
    events: list[EventType] | None = Field(default=None, min_length=1, max_length=len(EventType))
    is_enabled: StrictBool | None = None


class Webhooks(BaseModel):
    """The caller's webhooks."""

    model_config = with_examples({"webhooks": [WEBHOOK]})
    webhooks: list[Webhook]


DELIVERY: dict[str, Any] = {
    "id": OTHER_ID,
    "type": "image.published",
    "payload": {
        "type": "image.published",
        "timestamp": TIME,
        "data": {
            "job_id": JOB_ID,
            "image_id": IMAGE_ID,
            "sequence": 17,
            "faces_found": 3,
            "error_code": None,
            "notes": [],
        },
    },
    "state": "delivered",
    "tries": 1,
    "not_before": TIME,
    "last_status": 200,
    "last_error": None,
    "last_try_at": TIME,
    "created_at": TIME,
}


class Delivery(BaseModel):
    """One message to a webhook, its state, and the outcome of the last try."""

    model_config = with_examples(DELIVERY)
    id: UUID
    type: str
    payload: dict[str, Any]
    state: Literal["pending", "delivered", "given_up"]
    tries: int
    not_before: datetime
    last_status: int | None
    last_error: str | None
    last_try_at: datetime | None
    created_at: datetime


class DeliveryPage(BaseModel):
    """Deliveries, newest first. Request more with `cursor=next_cursor` until it is null."""

    model_config = with_examples({"deliveries": [DELIVERY], "next_cursor": None})
    deliveries: list[Delivery]
    next_cursor: str | None
