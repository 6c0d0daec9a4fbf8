"""Webhooks through the typed client."""

from __future__ import annotations

import httpx
import pytest
from pydantic import HttpUrl

from blurline.access.tokens import LocalIssuer, Scope
from blurline.client import ApiRefused, Client
from blurline.contract import EventType, WebhookChange, WebhookRequest
from blurline.settings import Settings
from tests.events.webhooks.receiver import Receiver


def test_the_client_creates_uses_and_deletes_a_webhook(
    client: httpx.Client, allowing: Settings, receiver: Receiver
) -> None:
    token = LocalIssuer(allowing.home).issue("ann", [Scope.SUBMIT], 60)
    with Client(str(client.base_url), token) as ann:
        url = HttpUrl(receiver.url)
        made = ann.webhooks.create(WebhookRequest(url=url, events=[EventType.JOB_FINISHED]))
        assert made.secret.startswith("whsec_")
        assert made.events == [EventType.JOB_FINISHED]
        assert [each.id for each in ann.webhooks.list()] == [made.id]
        assert ann.webhooks.list(made.id) == []
        sent = [ann.webhooks.test(made.id) for _ in range(3)]
        receiver.wait_for(3)
        logged = list(ann.webhooks.deliveries(made.id, page_size=2))
        assert [each.id for each in logged] == [each.id for each in reversed(sent)]
        ann.webhooks.redeliver(made.id, sent[0].id)
        receiver.wait_for(4)
        assert ann.webhooks.rotate_secret(made.id).secret != made.secret
        assert not ann.webhooks.change(made.id, WebhookChange(is_enabled=False)).is_enabled
        assert ann.webhooks.get(made.id).events == [EventType.JOB_FINISHED]
        ann.webhooks.delete(made.id)
        with pytest.raises(ApiRefused) as refused:
            ann.webhooks.get(made.id)
        assert refused.value.code == "not_found"
