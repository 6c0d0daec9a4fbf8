"""The page System, messages while the API is unavailable, and the remedies."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from streamlit.testing.v1 import AppTest

from api.app import create_app
from blurline.client import Client
from blurline.policy.profile import ProfileName
from blurline.settings import Settings
from blurline.storage.store import Store
from blurline.version import VERSION
from dashboard.problems import AWAY
from sql.engine.database import Database
from sql.jobs.retries import retry_or_fail
from sql.reruns.reruns import record_models
from tests.api_requests import underway
from tests.api_server import serving
from tests.dashboard.conftest import Enter, Open, texts
from tests.factories import RETRY_POLICY
from tests.pictures import HOPPER
from tests.simulated_worker import settle


def test_the_page_shows_health_and_waiting_work(open_page: Open, client: Client) -> None:
    client.submit_files([HOPPER])
    page = open_page("system.py")
    said = texts(page)
    assert "**Database**" in said and "healthy" in said
    assert "**Prefect**  \ndoes not answer" in said and "the workers are unknown" in said
    assert "1 image waiting, without Prefect" in said and "prefect_unavailable" not in said
    waiting = page.dataframe[0].value.set_index("What")["How many"]
    assert waiting["Images in the queue “express”"] == 1
    (api_process,) = page.dataframe[1].value.to_dict("records")
    assert api_process["Version"] == VERSION
    assert list(page.dataframe[2].value["State"]) == ["Waiting"]


def test_the_page_shows_failed_attempts_and_retention(
    open_page: Open, client: Client, settings: Settings, database: Database
) -> None:
    said = texts(open_page("system.py"))
    assert "None in the last day" in said
    assert "Originals: until they are deleted" in said and "**Retention** completed" in said
    assert "7 days" in said and "24 hours" in said and "10 min" in said
    client.submit_files([HOPPER])
    with database.transaction() as transaction:
        ids = [attempt.id for attempt in underway(database, settings)]
        retry_or_fail(transaction, ids, "flow_run_lost", "Prefect no longer has the flow run.", RETRY_POLICY)
    (row,) = open_page("system.py").dataframe[-1].value.to_dict("records")
    assert row["What happened"] == "Prefect no longer has the flow run." and row["Then"] == "Retried"
    assert (row["Last hour"], row["Last day"], row["Code"]) == (1, 1, "flow_run_lost")


def test_a_backlog_is_re_run_after_a_dry_run_and_cancelled(
    open_page: Open, client: Client, tmp_path: Path, settings: Settings, database: Database, store: Store
) -> None:
    job = _broken(client, tmp_path, settings, database, store)
    page = open_page("system.py")
    _press(page, "Dry run")
    assert "**1 image** would be re-run: broken.jpg." in texts(page)
    assert not next(client.images(job)).is_underway
    page.multiselect(key="backlog-changes").set_value(["style"]).run()
    assert "would be re-run" not in texts(page)  # the selection has changed
    page.selectbox(key="backlog-style").set_value("solid").run()
    _press(page, "Dry run")
    _press(page, "Re-run 1 image")
    assert "1 image will be re-run" in texts(page)
    assert next(client.images(job)).is_underway
    with psycopg.connect(settings.database.conninfo) as connection:
        rows = connection.execute("SELECT rerun_id, policy ->> 'style' FROM batches WHERE rerun_id IS NOT NULL")
        assert rows.fetchall() == [(UUID(page.text_input(key="backlog-rerun-id").value), "solid")]
    _press(page, "Cancel the re-run")
    assert "1 image cancelled" in texts(page)
    assert not next(client.images(job)).is_underway


def test_the_backlog_form_filters_and_reports_errors(
    open_page: Open, client: Client, tmp_path: Path, settings: Settings, database: Database, store: Store
) -> None:
    job = _broken(client, tmp_path, settings, database, store)
    page = open_page("system.py")
    page.text_input(key="backlog-job").set_value("no id").run()
    assert "This is not a job id" in texts(page)
    page.text_input(key="backlog-job").set_value(str(job)).run()
    today = client.job(job).created_at.date()
    page.date_input(key="backlog-days").set_value((today, today)).run()
    _press(page, "Dry run")
    assert "**1 image**" in texts(page)
    page.toggle(key="backlog-another-model").set_value(True).run()
    _press(page, "Dry run")
    assert "No worker of this release has recorded its models yet" in texts(page)
    record_models(database, dict.fromkeys(ProfileName, "now"))
    _press(page, "Dry run")
    assert "**1 image**" in texts(page)
    page.text_input(key="backlog-owner").set_value("somebody-else").run()
    _press(page, "Dry run")
    assert "No image matches" in texts(page)
    page.text_input(key="backlog-rerun-id").set_value(str(job)).run()
    _press(page, "Cancel the re-run")
    assert "There is no re-run with this id" in texts(page)


@pytest.mark.parametrize("file", ["submit.py", "jobs.py", "system.py"])
def test_a_page_reports_an_unavailable_api_and_recovers(settings: Settings, enter: Enter, file: str) -> None:
    app = create_app(settings.replace(prefect_api_url="http://127.0.0.1:9/api"))
    with serving(app) as url:
        page = enter(url).switch_page(file).run()
        assert AWAY not in texts(page)
    assert AWAY in texts(page.run())


def test_a_session_that_starts_while_the_api_is_unavailable_reports_it(enter: Enter) -> None:
    assert texts(enter("http://127.0.0.1:9")) == AWAY


def test_a_session_that_starts_while_the_api_hangs_reports_it_within_seconds(enter: Enter) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # it connects, and never answers
        began_s = time.monotonic()
        assert texts(enter(f"http://127.0.0.1:{silent.getsockname()[1]}")) == AWAY
        assert time.monotonic() - began_s < 30


@pytest.mark.parametrize("file", ["submit.py", "system.py"])
def test_a_missing_bucket_is_shown_with_its_remedy(settings: Settings, enter: Enter, file: str) -> None:
    app = create_app(settings.replace(prefect_api_url="http://127.0.0.1:9/api", exports_bucket="blurline-nowhere"))
    with serving(app) as url:
        said = texts(enter(url).switch_page(file).run())
    assert "Store: A bucket of the store does not exist. Run `blurline buckets`." in said


def test_a_waiting_job_says_why_it_waits(open_page: Open, client: Client) -> None:
    job = client.submit_files([HOPPER])
    said = texts(open_page("jobs.py", job=str(job.id)))
    assert "Images that wait are processed once this is repaired." in said
    assert "- Prefect: Prefect does not answer as expected" in said


def _broken(client: Client, folder: Path, settings: Settings, database: Database, store: Store) -> UUID:
    """A job with one picture, which failed."""
    path = folder / "broken.jpg"
    path.write_bytes(HOPPER.read_bytes())
    job = client.submit_files([path])
    for attempt in underway(database, settings):
        settle(attempt, database, store)
    return job.id


def _press(page: AppTest, label: str) -> None:
    next(button for button in page.button if button.label == label).click().run()
