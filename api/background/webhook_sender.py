"""The sender of webhooks: delivers the messages in the database to their endpoints, and retries for days.

Every API process sends from several threads; among all processes, one thread at a time sends to an endpoint. A message
is delivered at least once: one whose sender crashed is sent again, with the same id.
"""

from __future__ import annotations

import json
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import structlog

from api.background.notified_thread import NotifiedThread
from blurline.errors import AddressRefused, HostUnavailable, NotServed, RetryableError
from blurline.observability import metrics
from blurline.outbound.guarded_client import Outbound
from blurline.outbound.webhook_signature import signed_headers
from blurline.settings import Settings
from sql.engine.channels import Channel
from sql.engine.database import Database
from sql.events.deliveries import (
    ClaimedDelivery,
    DeliveryFailure,
    claim_delivery,
    record_failure,
    record_gone,
    record_success,
)
from sql.events.webhook_secrets import WebhookSecrets, encrypt_stored_secrets

log = structlog.get_logger()

RETRIES_S = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""The delay after each failed try. After the last retry a message is given up."""

_POLL_S = 1
_THREADS = 16
_TIMEOUT_S = 15
_LEASE_S = 60
_FIRST_PAUSE_S = 5
_LONGEST_PAUSE_S = 300
_GONE = 410
_SECRET_LOST = "The service has lost the key of this webhook's secret. Rotate the secret to receive messages again."


class WebhookSender:
    """Sends from `start` until `stop`."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings, self._database = settings, database
        self._outbound = Outbound(settings.outbound.networks)
        self._background = NotifiedThread(
            "webhooks", settings.database.conninfo, Channel.WEBHOOKS, _POLL_S, self._begin
        )
        self._threads = ThreadPoolExecutor(_THREADS, "webhook")
        self._idle = threading.Semaphore(_THREADS)
        self._secrets = WebhookSecrets(settings.home)
        self._are_secrets_encrypted = False
        self._stopped = threading.Event()

    def start(self) -> None:
        """Start sending."""
        self._background.start()

    def stop(self) -> None:
        """Ask the threads to end after their current messages."""
        self._stopped.set()
        self._background.stop()

    def join(self) -> None:
        """Wait until the threads have ended."""
        self._background.join()
        self._threads.shutdown()

    def _begin(self) -> int:
        """Have an idle thread send what is due. Return 1 if a message was due, else 0."""
        if not self._are_secrets_encrypted:
            encrypt_stored_secrets(self._database, self._secrets)
            self._are_secrets_encrypted = True
        if not self._idle.acquire(timeout=_POLL_S):
            return 0
        claim = None
        try:
            claim = claim_delivery(self._database, _LEASE_S)
        finally:
            if claim is None:
                self._idle.release()
            else:
                self._threads.submit(self._send_all, claim)
        return 0 if claim is None else 1

    def _send_all(self, claim: ClaimedDelivery | None) -> None:
        """Send the claimed message, then every other one that is due."""
        try:
            while claim is not None:
                self._send(claim)
                claim = None if self._stopped.is_set() else claim_delivery(self._database, _LEASE_S)
        except RetryableError as error:
            log.warning("webhook_sender_waits", error=str(error))
        except Exception:
            log.exception("webhook_sender_broke")
        finally:
            self._idle.release()

    def _send(self, claim: ClaimedDelivery) -> None:
        body = json.dumps(claim.payload, separators=(",", ":")).encode()
        secret, previous = (
            stored and self._secrets.decrypt(stored) for stored in (claim.secret, claim.previous_secret)
        )
        if secret is None:
            log.error("webhook_secret_lost", **_ids(claim))
            self._failed(claim, None, _SECRET_LOST)
            return
        secrets = [secret, *([previous] if previous else [])]
        headers = signed_headers(secrets, str(claim.delivery_id), int(time.time()), body)
        status, fault = None, ""
        try:
            status = self._outbound.post(
                claim.url, body, {"Content-Type": "application/json", **headers}, timeout_s=_TIMEOUT_S
            )
        except (AddressRefused, NotServed, HostUnavailable) as error:
            fault = str(error)
        except Exception:  # counts as a failed try, or the message would be retried forever
            log.exception("webhook_broke", **_ids(claim))
            fault = "An unexpected error prevented the delivery. Ask your operator: the reason is in the service's log."
        if status is not None and 200 <= status < 300:
            record_success(self._database, claim, status)
            metrics.webhook_tries.labels("delivered").inc()
            log.info("webhook_delivered", **_ids(claim), status=status)
        elif status == _GONE:
            record_gone(self._database, claim, status, "The endpoint answered 410 Gone, so the webhook was disabled.")
            metrics.webhook_tries.labels("given_up").inc()
            log.warning("webhook_disabled", **_ids(claim), status=status)
        else:
            self._failed(claim, status, fault or f"The endpoint answered {status}.")

    def _failed(self, claim: ClaimedDelivery, status: int | None, error: str) -> None:
        days = self._settings.outbound.webhook_stop_days
        failure = DeliveryFailure(status, error, retry_in_s(claim.tries), pause_s(claim.failures_in_a_row))
        is_disabled = record_failure(
            self._database,
            claim,
            failure,
            days,
            f"The endpoint failed for more than {days:g} days, so the webhook was disabled. {error}",
        )
        metrics.webhook_tries.labels("given_up" if is_disabled or failure.retry_in_s is None else "failed").inc()
        event = "webhook_disabled" if is_disabled else "webhook_failed"
        log.warning(event, **_ids(claim), status=status, error=error, retry_in_s=failure.retry_in_s)


def retry_in_s(tries: int) -> float | None:
    """Seconds until the next try of a message after ``tries`` earlier tries. None: give the message up."""
    return RETRIES_S[tries] * random.uniform(0.9, 1.1) if tries < len(RETRIES_S) else None


def pause_s(failures_in_a_row: int) -> float:
    """Seconds to pause an endpoint after its failures, so that a dead one does not occupy every thread."""
    return min(_FIRST_PAUSE_S * 2.0 ** min(failures_in_a_row, 10), _LONGEST_PAUSE_S)


def _ids(claim: ClaimedDelivery) -> dict[str, str]:
    return {"webhook_id": str(claim.webhook_id), "delivery_id": str(claim.delivery_id)}
