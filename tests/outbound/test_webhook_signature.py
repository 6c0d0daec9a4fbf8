from __future__ import annotations

import base64
import time

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from blurline.outbound.webhook_signature import new_secret, signed_headers

BODY = '{"type":"test","name":"Bücher"}'.encode()


def test_secrets_follow_standard_webhooks() -> None:
    first, second = new_secret(), new_secret()
    assert first != second
    assert first.startswith("whsec_")
    assert 24 <= len(base64.b64decode(first.removeprefix("whsec_"), validate=True)) <= 64


def test_another_implementation_accepts_the_signature() -> None:
    secret = new_secret()
    headers = signed_headers([secret], "id", int(time.time()), BODY)
    assert Webhook(secret).verify(BODY, headers) == {"type": "test", "name": "Bücher"}


def test_each_secret_signs() -> None:
    new, old = new_secret(), new_secret()
    headers = signed_headers([new, old], "id", int(time.time()), BODY)
    for secret in (new, old):
        Webhook(secret).verify(BODY, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(BODY, headers)


@pytest.mark.parametrize("changed", ["webhook-id", "webhook-timestamp"])
def test_the_signature_covers_id_and_time(changed: str) -> None:
    secret, now = new_secret(), int(time.time())
    headers = signed_headers([secret], "1", now, BODY)
    headers[changed] = str(now + 1)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY, headers)


def test_the_signature_covers_the_body() -> None:
    secret = new_secret()
    headers = signed_headers([secret], "id", int(time.time()), BODY)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY + b" ", headers)
