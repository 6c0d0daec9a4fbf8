"""Webhooks: endpoints that receive events, the log of their deliveries, and redelivery."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter

from api.dependencies import Context, Ctx, Submitter
from api.http.paging import Cursor, Limit, next_cursor, parse_cursor
from api.http.problems import ApiProblem, NotFound, problem_responses
from api.jobs.create_job import check_webhooks_allowed
from api.visibility import manageable_owner
from blurline.access.tokens import Identity
from blurline.contract import (
    Delivery,
    DeliveryPage,
    Webhook,
    WebhookChange,
    WebhookRequest,
    Webhooks,
    WebhookWithSecret,
)
from blurline.outbound.guarded_client import check_url
from sql.events import deliveries, webhooks
from sql.events.webhooks import WebhookRow

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])


@router.post(
    "",
    status_code=201,
    responses=problem_responses("webhooks_not_allowed", "address_refused", "too_many_webhooks"),
)
def create_webhook(context: Ctx, who: Submitter, request: WebhookRequest) -> WebhookWithSecret:
    """Create a webhook for all of the caller's jobs. Its secret is shown only in this response."""
    check_webhooks_allowed(context)
    check_url(str(request.url), context.settings.outbound.networks)
    with context.database.transaction() as transaction:
        secrets, url = context.webhook_secrets, str(request.url)
        row = webhooks.create_webhook(transaction, secrets, who.owner, None, url, request.events)
    return WebhookWithSecret.model_validate(row, from_attributes=True)


@router.get("")
def get_webhooks(context: Ctx, who: Submitter, job_id: UUID | None = None) -> Webhooks:
    """List the caller's webhooks: those for all jobs, or with `job_id` those for one job."""
    rows = webhooks.list_webhooks(context.database, who.owner, job_id)
    return Webhooks(webhooks=[_view(row) for row in rows])


@router.get("/{webhook_id}", responses=problem_responses("not_found"))
def get_webhook(context: Ctx, who: Submitter, webhook_id: UUID) -> Webhook:
    """Return one of the caller's webhooks. Operators can view every owner's."""
    return _view(_found(context, who, webhook_id))


@router.patch(
    "/{webhook_id}",
    responses=problem_responses("not_found", "webhooks_not_allowed", "address_refused"),
)
def change_webhook(context: Ctx, who: Submitter, webhook_id: UUID, change: WebhookChange) -> Webhook:
    """Change a webhook. After it is enabled again, its pending messages are sent."""
    check_webhooks_allowed(context)
    _found(context, who, webhook_id)
    url = None if change.url is None else str(change.url)
    if url is not None:
        check_url(url, context.settings.outbound.networks)
    return _view(
        _existing(webhooks.change_webhook(context.database, webhook_id, url, change.events, change.is_enabled))
    )


@router.delete("/{webhook_id}", status_code=204, responses=problem_responses("not_found"))
def delete_webhook(context: Ctx, who: Submitter, webhook_id: UUID) -> None:
    """Delete a webhook and its log. Pending messages are not sent."""
    _found(context, who, webhook_id)
    webhooks.delete_webhook(context.database, webhook_id)


@router.post("/{webhook_id}/rotate-secret", responses=problem_responses("not_found"))
def rotate_secret(context: Ctx, who: Submitter, webhook_id: UUID) -> WebhookWithSecret:
    """Give a webhook a new secret. For one day, messages are signed with the old secret too."""
    _found(context, who, webhook_id)
    row = _existing(webhooks.rotate_secret(context.database, context.webhook_secrets, webhook_id))
    return WebhookWithSecret.model_validate(row, from_attributes=True)


@router.post(
    "/{webhook_id}/test",
    status_code=202,
    responses=problem_responses("not_found", "webhooks_not_allowed", "webhook_disabled"),
)
def test_webhook(context: Ctx, who: Submitter, webhook_id: UUID) -> Delivery:
    """Send a message of type `test`."""
    check_webhooks_allowed(context)
    _check_enabled(_found(context, who, webhook_id))
    row = deliveries.queue_test(context.database, webhook_id)
    if row is None:
        raise NotFound("webhook")
    return Delivery.model_validate(row, from_attributes=True)


@router.get("/{webhook_id}/deliveries", responses=problem_responses("invalid_cursor", "not_found"))
def get_deliveries(
    context: Ctx, who: Submitter, webhook_id: UUID, cursor: Cursor = None, limit: Limit = 100
) -> DeliveryPage:
    """List the delivered and pending messages of a webhook, newest first."""
    _found(context, who, webhook_id)
    listed = f"deliveries of {webhook_id}"
    rows = deliveries.list_deliveries(context.database, webhook_id, limit, parse_cursor(listed, cursor, int))
    return DeliveryPage(
        deliveries=[Delivery.model_validate(row, from_attributes=True) for row in rows],
        next_cursor=next_cursor(listed, rows, limit, rows[-1].sequence) if rows else None,
    )


@router.post(
    "/{webhook_id}/deliveries/{delivery_id}/redeliver",
    status_code=202,
    responses=problem_responses("not_found", "webhooks_not_allowed", "webhook_disabled"),
)
def redeliver(context: Ctx, who: Submitter, webhook_id: UUID, delivery_id: UUID) -> Delivery:
    """Send a message now, whether it was delivered, was given up or is pending."""
    check_webhooks_allowed(context)
    _check_enabled(_found(context, who, webhook_id))
    row = deliveries.redeliver(context.database, webhook_id, delivery_id)
    if row is None:
        raise NotFound("delivery")
    return Delivery.model_validate(row, from_attributes=True)


def _found(context: Context, who: Identity, webhook_id: UUID) -> WebhookRow:
    return _existing(webhooks.find_webhook(context.database, manageable_owner(who), webhook_id))


def _existing(row: WebhookRow | None) -> WebhookRow:
    if row is None:
        raise NotFound("webhook")
    return row


def _check_enabled(row: WebhookRow) -> None:
    if not row.is_enabled:
        raise ApiProblem("webhook_disabled", "The webhook is disabled. PATCH it with is_enabled true first.")


def _view(row: WebhookRow) -> Webhook:
    return Webhook.model_validate(row, from_attributes=True)
