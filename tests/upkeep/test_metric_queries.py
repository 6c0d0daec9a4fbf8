from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest

from blurline.errors import DatabaseUnavailable
from blurline.ids import new_id
from blurline.settings import Settings
from sql.engine.database import Database
from sql.jobs.publishing import ReviewReason, publish
from sql.jobs.settlement import fail
from sql.upkeep.metrics import Backlog, read_service_metrics
from tests.clock import age, age_job
from tests.factories import add_job, result, started

HOUR_S = 3600


def hold(database: Database, settings: Settings, *codes: str, hours: float) -> None:
    """Hold an image for each code, this many hours ago."""
    job_id = add_job(database, len(codes))
    for attempt, code in zip(started(database), codes, strict=True):
        with database.transaction() as transaction:
            publish(transaction, attempt, result(str(attempt.id)), ReviewReason(code, "Look at it."))
    age_job(settings.database.conninfo, job_id, timedelta(hours=hours))


def test_an_empty_database_has_no_figures(settings: Settings) -> None:
    figures = read_service_metrics(settings.database.conninfo)
    assert (figures.images, figures.failed, figures.held, figures.waiting) == ({}, {}, {}, {})
    assert (figures.outbox, figures.undelivered, figures.disabled_webhooks) == (Backlog(0), Backlog(0), 0)


def test_images_are_counted_by_state_and_error(database: Database, settings: Settings) -> None:
    add_job(database, 3)
    first, second, third = started(database)
    with database.transaction() as transaction:
        publish(transaction, first, result("first"))
        publish(transaction, second, result("second"))
        fail(transaction, third, "unreadable_picture", "It is cut short.")
    hold(database, settings, "doubtful", hours=1)
    hold(database, settings, "doubtful", "output_check_failed", hours=2)
    add_job(database)
    figures = read_service_metrics(settings.database.conninfo)
    assert figures.images == {"published": 2, "failed": 1, "queued": 1, "needs_review": 3}
    assert figures.failed == {"unreadable_picture": 1}
    assert {code: held.count for code, held in figures.held.items()} == {"doubtful": 2, "output_check_failed": 1}
    assert figures.held["doubtful"].oldest_age_s == pytest.approx(2 * HOUR_S, abs=60)


def test_images_wait_in_their_queue_until_a_worker_begins(database: Database, settings: Settings) -> None:
    begun = add_job(database, queue="backlog")
    started(database)
    for job_id, hours in ((begun, 5), (add_job(database, queue="backlog"), 3), (add_job(database), 1)):
        age(settings.database.conninfo, "batches", timedelta(hours=hours), "job_id = %s", job_id)
    waiting = read_service_metrics(settings.database.conninfo).waiting
    assert {queue: backlog.count for queue, backlog in waiting.items()} == {"interactive": 1, "backlog": 1}
    assert waiting["backlog"].oldest_age_s == pytest.approx(3 * HOUR_S, abs=60)


def test_the_outbox_counts_due_batches(database: Database, settings: Settings) -> None:
    postponed, due = add_job(database), add_job(database)
    of_job = "batch_id IN (SELECT id FROM batches WHERE job_id = %s)"
    age(settings.database.conninfo, "outbox", timedelta(hours=-1), of_job, postponed)
    age(settings.database.conninfo, "outbox", timedelta(hours=1), of_job, due)
    outbox = read_service_metrics(settings.database.conninfo).outbox
    assert outbox.count == 1
    assert outbox.oldest_age_s == pytest.approx(HOUR_S, abs=60)


def test_pending_deliveries_of_enabled_webhooks_count_as_undelivered(settings: Settings) -> None:
    with psycopg.connect(settings.database.conninfo, autocommit=True) as connection:
        for is_enabled in (True, False):
            webhook_id = new_id()
            connection.execute(
                """INSERT INTO webhooks (id, owner, url, events, secret, is_enabled)
                   VALUES (%s, 'ann', 'https://example.org', '{job.finished}', 's', %s)""",
                [webhook_id, is_enabled],
            )
            for state in ("pending", "delivered"):
                connection.execute(
                    """INSERT INTO webhook_deliveries (webhook_id, type, payload, state)
                       VALUES (%s, 'job.finished', '{}', %s)""",
                    [webhook_id, state],
                )
    age(settings.database.conninfo, "webhook_deliveries", timedelta(hours=1))
    figures = read_service_metrics(settings.database.conninfo)
    assert (figures.undelivered.count, figures.disabled_webhooks) == (1, 1)
    assert figures.undelivered.oldest_age_s == pytest.approx(HOUR_S, abs=60)


def test_an_unavailable_database_is_reported() -> None:
    with pytest.raises(DatabaseUnavailable):
        read_service_metrics("postgresql://nobody@127.0.0.1:1/blurline")
