from __future__ import annotations

from collections.abc import Sequence

import psycopg
import pytest

from blurline.errors import DatabaseUnavailable
from blurline.ids import new_id
from blurline.settings import Settings
from sql.upkeep.metrics import Backlog, read_service_metrics

HOUR_S = 3600


def add_images(settings: Settings, *rows: tuple[str, str | None], held_hours: float = 0) -> list[str]:
    """A job with an image of each (state, error code); their ids."""
    job_id, ids = new_id(), [str(new_id()) for _ in rows]
    with psycopg.connect(settings.database, autocommit=True) as connection:
        connection.execute("INSERT INTO jobs (id, owner, policy) VALUES (%s, 'ann', '{}')", [job_id])
        for position, (image_id, (state, code)) in enumerate(zip(ids, rows, strict=True)):
            connection.execute(
                """INSERT INTO images (id, job_id, position, name, original_key, original_etag, original_bytes, state,
                                       error_code, result_key, finished_at)
                   VALUES (%s, %s, %s, 'a.jpg', %s, 'e', 1, %s, %s, 'k', now() - %s * interval '1 hour')""",
                [image_id, job_id, position, image_id, state, code, held_hours],
            )
    return ids


def add_batch(settings: Settings, image_ids: Sequence[str], queue: str, age_h: float, *, is_due: bool = False) -> str:
    """A batch with an attempt at each image; its id."""
    batch_id = str(new_id())
    with psycopg.connect(settings.database, autocommit=True) as connection:
        connection.execute(
            """INSERT INTO batches (id, job_id, queue, policy, created_at)
               SELECT %s, job_id, %s, '{}', now() - %s * interval '1 hour' FROM images WHERE id = %s""",
            [batch_id, queue, age_h, image_ids[0]],
        )
        for image_id in image_ids:
            connection.execute(
                "INSERT INTO attempts (id, image_id, batch_id, number) VALUES (%s, %s, %s, 1)",
                [new_id(), image_id, batch_id],
            )
        connection.execute(
            "INSERT INTO outbox (batch_id, not_before) VALUES (%s, now() + %s * interval '1 hour')",
            [batch_id, -age_h if is_due else 1],
        )
    return batch_id


def test_nothing_is_nothing(settings: Settings) -> None:
    figures = read_service_metrics(settings.database)
    assert (figures.images, figures.failed, figures.held, figures.waiting) == ({}, {}, {}, {})
    assert (figures.outbox, figures.undelivered, figures.disabled_webhooks) == (Backlog(0), Backlog(0), 0)


def test_images_are_counted_by_state_and_error(settings: Settings) -> None:
    add_images(settings, ("published", None), ("published", None), ("failed", "unreadable_picture"), ("queued", None))
    add_images(settings, ("needs_review", "doubtful"), held_hours=1)
    add_images(settings, ("needs_review", "doubtful"), ("needs_review", "output_check_failed"), held_hours=2)
    figures = read_service_metrics(settings.database)
    assert figures.images == {"published": 2, "failed": 1, "queued": 1, "needs_review": 3}
    assert figures.failed == {"unreadable_picture": 1}
    assert {code: held.count for code, held in figures.held.items()} == {"doubtful": 2, "output_check_failed": 1}
    assert figures.held["doubtful"].oldest_age_s == pytest.approx(2 * HOUR_S, abs=60)


def test_images_wait_in_their_queue_until_a_worker_begins(settings: Settings) -> None:
    first, second, third = add_images(settings, *[("queued", None)] * 3)
    add_batch(settings, [first], "interactive", age_h=1)
    begun = add_batch(settings, [second], "backlog", age_h=5)
    add_batch(settings, [third], "backlog", age_h=3)
    with psycopg.connect(settings.database, autocommit=True) as connection:
        connection.execute("UPDATE attempts SET started_at = now() WHERE batch_id = %s", [begun])
    waiting = read_service_metrics(settings.database).waiting
    assert {queue: backlog.count for queue, backlog in waiting.items()} == {"interactive": 1, "backlog": 1}
    assert waiting["backlog"].oldest_age_s == pytest.approx(3 * HOUR_S, abs=60)


def test_the_outbox_counts_what_is_due(settings: Settings) -> None:
    first, second = add_images(settings, *[("queued", None)] * 2)
    add_batch(settings, [first], "interactive", age_h=1, is_due=True)
    add_batch(settings, [second], "interactive", age_h=1, is_due=False)
    outbox = read_service_metrics(settings.database).outbox
    assert outbox.count == 1
    assert outbox.oldest_age_s == pytest.approx(HOUR_S, abs=60)


def test_messages_to_webhooks_are_undelivered_while_these_are_enabled(settings: Settings) -> None:
    with psycopg.connect(settings.database, autocommit=True) as connection:
        for is_enabled in (True, False):
            webhook_id = new_id()
            connection.execute(
                """INSERT INTO webhooks (id, owner, url, events, secret, is_enabled)
                   VALUES (%s, 'ann', 'https://example.org', '{job.finished}', 's', %s)""",
                [webhook_id, is_enabled],
            )
            for state in ("pending", "delivered"):
                connection.execute(
                    """INSERT INTO webhook_deliveries (webhook_id, type, payload, state, created_at)
                       VALUES (%s, 'job.finished', '{}', %s, now() - interval '1 hour')""",
                    [webhook_id, state],
                )
    figures = read_service_metrics(settings.database)
    assert (figures.undelivered.count, figures.disabled_webhooks) == (1, 1)
    assert figures.undelivered.oldest_age_s == pytest.approx(HOUR_S, abs=60)


def test_a_database_that_is_away_is_said_to_be() -> None:
    with pytest.raises(DatabaseUnavailable):
        read_service_metrics("postgresql://nobody@127.0.0.1:1/blurline")
