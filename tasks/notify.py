"""notify: settle every image by compare-and-set, so that it ends once, with one result.

Events, webhook deliveries and NOTIFY come from the database: triggers on `images` and `events` in `sql/schema.sql`.
"""

from __future__ import annotations

import time

import structlog
from prefect import task

from blurline.errors import MarkMisses, OutputCheckFailed, StoreUnavailable
from blurline.observability import metrics
from sql.engine.database import Transaction
from sql.jobs.publishing import Result, hold_refused, publish
from sql.jobs.settlement import Settled, fail, send_to_review, withdraw
from tasks.resources import database, store
from tasks.work import TASK, Item, Work

log = structlog.get_logger()


@task(name="notify", timeout_seconds=120, **TASK)
def notify(work: Work) -> None:
    """Publish, fail or send to review every item in one transaction, then remove results that are not used."""
    items = [item for item in work.items or [] if not item.settled]
    started = time.perf_counter()
    with database().transaction() as transaction:
        outcomes = [_settle(transaction, work, item) for item in items]
    share_s = (time.perf_counter() - started) / max(1, len(items))
    for item, outcome in zip(items, outcomes, strict=True):
        item.settled, item.is_won = True, outcome.is_won
        metrics.stage_duration.labels("notify").observe(share_s)
        _note(item, is_won=outcome.is_won)
        if outcome.replaced_key is not None:
            _discard(outcome.replaced_key)
        if not outcome.is_won and item.output is not None and item.is_stored:
            _discard(item.output.key)


def _settle(transaction: Transaction, work: Work, item: Item) -> Settled:
    if isinstance(item.error, MarkMisses):
        return Settled(withdraw(transaction, item.attempt, item.error.code, str(item.error)))
    if isinstance(item.error, OutputCheckFailed):
        return Settled(send_to_review(transaction, item.attempt, item.error.code, str(item.error)))
    if item.error is not None:
        return Settled(fail(transaction, item.attempt, item.error.code, str(item.error)))
    assert item.original is not None and item.output is not None and work.plan is not None
    output = item.output
    result = Result(
        key=output.key,
        media_type=output.done.format.media_type,
        size_bytes=len(output.done.data),
        sha256=output.sha256,
        original_sha256=item.original.sha256,
        width_px=item.original.header.width_px,
        height_px=item.original.header.height_px,
        choices=output.done.choices,
        doubt=output.done.doubt,
        notes=output.done.notes,
        policy=work.policy,
        model=work.plan.record | {"made_with": output.done.made_with},
        processing_ms=sum(item.stage_ms.values()),
        stage_ms=item.stage_ms,
    )
    if output.refusal is not None:
        assert output.review_reason is not None
        return hold_refused(transaction, item.attempt, result, output.refusal.findings, output.review_reason)
    return publish(transaction, item.attempt, result, output.review_reason)


def _note(item: Item, *, is_won: bool) -> None:
    """Log and count the outcome of an image."""
    outcome, code = "published", None
    if item.error is not None:
        outcome, code = "held" if isinstance(item.error, (OutputCheckFailed, MarkMisses)) else "failed", item.error.code
    elif item.output is not None and (reason := item.output.review_reason):
        outcome, code = "held", reason.code
    log.info(
        "image_settled" if is_won else "image_settled_elsewhere",
        image_id=str(item.attempt.image_id),
        attempt=item.attempt.number,
        outcome=outcome,
        error_code=code,
    )
    if is_won:
        metrics.images_settled.labels(outcome, code or "").inc()
        metrics.faces_found.inc(item.output.done.faces if item.output else 0)


def _discard(key: str) -> None:
    try:
        store().remove_result(key)
    except StoreUnavailable:
        log.warning("result_left_over", key=key)
