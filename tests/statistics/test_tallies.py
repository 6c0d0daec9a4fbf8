"""The tallies stay exact under concurrent changes, folding and deletion."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from blurline.policy.profile import ProfileName
from blurline.settings import Settings
from sql.engine.database import Database
from sql.statistics.statistics import StatisticsFilter, fold, timeline
from tests import image_rows

NOW = datetime.now(UTC)
EVER = StatisticsFilter(NOW - timedelta(days=1), NOW + timedelta(days=1))


def wait_for_all(tasks: Iterable[Future[Any]]) -> None:
    for task in tasks:
        task.result()


def test_tallies_are_exact_while_images_settle_fold_and_are_deleted_concurrently(
    database: Database, settings: Settings
) -> None:
    jobs = [image_rows.submit(database, f"owner-{at % 2}", 8, ProfileName.STANDARD, desk="city") for at in range(6)]
    begun = list(image_rows.underway(database, settings))

    def settle(at: int) -> None:
        attempt, policy = begun[at]
        boxes = [[10, 10, 40, 50, 0.9]] * (at % 3)
        image_rows.settle(database, attempt, "too_large" if at % 5 == 0 else image_rows.made(attempt, policy, boxes))

    with ThreadPoolExecutor(4) as pool:
        tasks: list[Future[Any]] = []
        for at in range(len(begun)):
            tasks.append(pool.submit(settle, at))
            tasks += [pool.submit(fold, database)] if at % 4 == 0 else []
        wait_for_all(tasks)
        tasks = [pool.submit(image_rows.delete_job, database, job_id) for job_id in jobs[:2]]
        wait_for_all([*tasks, *(pool.submit(fold, database) for _ in range(4))])
    shown = {row.state: (row.images, row.faces) for row in timeline(database, EVER, "day")}
    with psycopg.connect(settings.database.conninfo) as connection:
        rows = connection.execute("SELECT state, count(*), coalesce(sum(faces), 0)::bigint FROM images GROUP BY state")
        assert shown == {state: (images, faces) for state, images, faces in rows}
        assert connection.execute("SELECT count(*) FROM cohorts").fetchone() == (2,)


def test_jobs_of_the_same_labels_share_a_cohort_when_submitted_concurrently(
    database: Database, settings: Settings
) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: image_rows.submit(database, "ann", 1, ProfileName.FAST, desk="city"), range(12)))
    with psycopg.connect(settings.database.conninfo) as connection:
        assert connection.execute("SELECT count(DISTINCT cohort_id) FROM jobs").fetchone() == (1,)
        assert connection.execute("SELECT count(*) FROM cohorts").fetchone() == (1,)
