"""New flow runs wake a worker that waits for them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import suppress

import psycopg
import pytest

from blurline.settings import Settings
from deployments.worker.new_runs import NewRuns
from deployments.worker.presence import stay_connected
from sql.engine.database import Database
from tests.factories import add_job, dispatched
from tests.waiting import TIMEOUT_S, wait_for


class EndingRuns(NewRuns):
    """Ends the thread that listens for it with the first notification after its end."""

    is_over = False

    def tell(self) -> None:
        if self.is_over:
            raise SystemExit
        super().tell()


@pytest.fixture
def new_runs(settings: Settings, database: Database) -> Iterator[NewRuns]:
    """Told of the test's flow runs."""
    new_runs = EndingRuns()

    def listen() -> None:
        with suppress(SystemExit):
            stay_connected(settings, "test/new-runs", new_runs, 0.1)

    thread = threading.Thread(target=listen)
    thread.start()
    wait_for("the session", lambda: new_runs.number)
    yield new_runs
    new_runs.is_over = True
    add_job(database)
    dispatched(database)
    thread.join(TIMEOUT_S)


def test_a_dispatched_batch_wakes_every_loop_that_waits(new_runs: NewRuns, database: Database) -> None:
    add_job(database)

    async def wait() -> None:
        loops = [asyncio.create_task(new_runs.wait(new_runs.number, TIMEOUT_S)) for _ in range(2)]
        await asyncio.sleep(0)
        await asyncio.to_thread(dispatched, database)
        await asyncio.gather(*loops)

    before = new_runs.number
    asyncio.run(asyncio.wait_for(wait(), TIMEOUT_S / 2))
    assert new_runs.number > before


def test_a_run_that_came_before_the_wait_is_not_missed(new_runs: NewRuns, database: Database) -> None:
    seen = new_runs.number
    add_job(database)
    dispatched(database)
    wait_for("the notification", lambda: new_runs.number > seen)
    asyncio.run(asyncio.wait_for(new_runs.wait(seen, TIMEOUT_S), TIMEOUT_S / 2))


def test_polls_are_rare_only_while_somebody_listens(new_runs: NewRuns, settings: Settings) -> None:
    assert NewRuns().pause_s(0.4) == 0.4
    assert new_runs.pause_s(0.4) > 0.4
    seen = new_runs.number
    with psycopg.connect(settings.database.conninfo, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE '%new-runs%'"
        )
    wait_for("another session", lambda: new_runs.number > seen)
    assert new_runs.pause_s(0.4) > 0.4
