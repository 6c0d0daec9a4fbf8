"""Texts of errors have a bound, in every row that keeps one."""

from __future__ import annotations

import re
from pathlib import Path

from sql.engine.database import ERROR_TEXTS, MAX_ERROR_CHARACTERS, Database
from sql.jobs.job_queries import find_image
from sql.jobs.retries import retry_or_fail
from sql.jobs.settlement import fail, send_to_review, withdraw
from sql.review.reviews import reject_image
from tests.factories import RETRY_POLICY, add_job, started

_SQL = Path(__file__).parents[2] / "sql"
_WRITES = re.compile(r"\b(?:error_message|last_error) = (?:CASE[^,]*?)?%\((\w+)\)s")
LONG = "x" * 100_000


def test_every_statement_that_writes_the_text_of_an_error_cuts_it() -> None:
    texts = [path.read_text() for path in _SQL.glob("*/*.sql") if path.parent.name != "migrations"]
    written = [name for text in texts for name in _WRITES.findall(text)]
    assert len(written) >= 9
    assert set(written) <= ERROR_TEXTS


def test_long_texts_are_cut_however_an_image_ends(database: Database) -> None:
    add_job(database, 5)
    attempts = started(database)
    with database.transaction() as transaction:
        fail(transaction, attempts[0], "internal", LONG)
        send_to_review(transaction, attempts[1], "output_check_failed", LONG)
        withdraw(transaction, attempts[2], "mark_misses", LONG)
        retry_or_fail(transaction, [attempts[3].id], "internal", LONG, RETRY_POLICY)
    reject_image(database, "rita", attempts[4].image_id, LONG)
    for attempt in attempts:
        image = find_image(database, None, attempt.image_id)
        assert image is not None
        assert len(image.error_message or "") <= MAX_ERROR_CHARACTERS
    with database.transaction() as transaction:
        row = transaction._connection.execute("SELECT max(length(error_message)) AS most FROM attempts").fetchone()
    assert row == {"most": MAX_ERROR_CHARACTERS}
