"""Client methods for webhooks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from blurline.client.paging import following, given
from blurline.client.transport import Transport
from blurline.contract import (
    Delivery,
    DeliveryPage,
    Webhook,
    WebhookChange,
    WebhookRequest,
    Webhooks,
    WebhookWithSecret,
)

_PATH = "/v1/webhooks"
_JSON = {"Content-Type": "application/json"}


class WebhooksClient:
    """The caller's webhooks and their deliveries."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(self, request: WebhookRequest) -> WebhookWithSecret:
        """Create a webhook for all of the caller's jobs. Only this answer shows its secret."""
        return self._transport.ask(WebhookWithSecret, "POST", _PATH, is_repeatable=False, **_body(request))

    def list(self, job_id: UUID | None = None) -> list[Webhook]:
        """The webhooks for all jobs, or those for one."""
        return self._transport.ask(Webhooks, "GET", _PATH, params=given({"job_id": job_id})).webhooks

    def get(self, webhook_id: UUID) -> Webhook:
        """A webhook."""
        return self._transport.ask(Webhook, "GET", f"{_PATH}/{webhook_id}")

    def change(self, webhook_id: UUID, change: WebhookChange) -> Webhook:
        """Change the given fields. A webhook that is enabled again receives its pending messages."""
        return self._transport.ask(Webhook, "PATCH", f"{_PATH}/{webhook_id}", **_body(change))

    def delete(self, webhook_id: UUID) -> None:
        """Delete a webhook with its log."""
        self._transport.request("DELETE", f"{_PATH}/{webhook_id}", is_repeatable=False)

    def rotate_secret(self, webhook_id: UUID) -> WebhookWithSecret:
        """Replace a webhook's secret. For a day, messages are also signed with the old one."""
        path = f"{_PATH}/{webhook_id}/rotate-secret"
        return self._transport.ask(WebhookWithSecret, "POST", path, is_repeatable=False)

    def test(self, webhook_id: UUID) -> Delivery:
        """Send a message of the type `test`."""
        return self._transport.ask(Delivery, "POST", f"{_PATH}/{webhook_id}/test", is_repeatable=False)

    def deliveries(self, webhook_id: UUID, *, page_size: int = 100) -> Iterator[Delivery]:
        """The deliveries of a webhook, newest first."""
        path = f"{_PATH}/{webhook_id}/deliveries"

        def page(cursor: str | None) -> DeliveryPage:
            wanted = given({"cursor": cursor, "limit": page_size})
            return self._transport.ask(DeliveryPage, "GET", path, params=wanted)

        for each in following(page):
            yield from each.deliveries

    def redeliver(self, webhook_id: UUID, delivery_id: UUID) -> Delivery:
        """Send a message again, now."""
        path = f"{_PATH}/{webhook_id}/deliveries/{delivery_id}/redeliver"
        return self._transport.ask(Delivery, "POST", path, is_repeatable=False)


def _body(request: WebhookRequest | WebhookChange) -> dict[str, Any]:
    return {"headers": _JSON, "content": request.model_dump_json(exclude_unset=True)}
