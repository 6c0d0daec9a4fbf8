"""Legal holds and expired originals and results, as the pages show them."""

from __future__ import annotations

import psycopg
from streamlit.testing.v1 import AppTest

from blurline.client import Client
from blurline.settings import Settings
from blurline.storage.store import Store
from sql.engine.database import Database
from tests.api_requests import publish_all
from tests.dashboard.conftest import Open, texts
from tests.pictures import HOPPER


def _click(page: AppTest, *keys: str) -> None:
    """Press all buttons in one run, because AppTest keeps no dialog open between runs."""
    for key in keys:
        page.button(key=key).click()
    page.run()


def test_an_operator_puts_a_job_on_hold_and_releases_it(open_page: Open, client: Client) -> None:
    job = client.submit_files([HOPPER])
    page = open_page("jobs.py", job=str(job.id))
    _click(page, "hold-job")
    page.text_input(key="hold-reason").set_value("Complaint 7")
    _click(page, "hold-job", "hold-really")
    said = texts(page)
    assert "This job is under a legal hold and cannot be deleted: Complaint 7" in said
    delete = page.button(key="delete-job")
    assert delete.disabled and delete.help == "Release the legal hold first."
    _click(page, "release-hold")
    _click(page, "release-hold", "release-really")
    assert "legal hold and" not in texts(page)
    (hold,) = client.holds.of_job(job.id)
    assert (hold.placed_by, hold.released_by) == ("operator", "operator")


def test_an_operator_puts_an_owner_on_hold_and_releases_it(open_page: Open, client: Client) -> None:
    job = client.submit_files([HOPPER])
    page = open_page("jobs.py", job=str(job.id))
    _click(page, "hold-owner")
    page.text_input(key="hold-owner-reason").set_value("Complaint 8")
    _click(page, "hold-owner", "hold-owner-really")
    assert f"Everything of {job.owner} is under a legal hold and cannot be deleted: Complaint 8" in texts(page)
    _click(page, "release-owner-hold")
    _click(page, "release-owner-hold", "release-owner-really")
    assert "legal hold and" not in texts(page)
    (hold,) = client.holds.of_owner(job.owner)
    assert (hold.placed_by, hold.released_by) == ("operator", "operator")


def test_an_image_shows_that_its_original_and_result_have_expired(
    open_page: Open, client: Client, settings: Settings, database: Database, store: Store
) -> None:
    job = client.submit_files([HOPPER])
    publish_all(database, settings, store)
    with psycopg.connect(settings.database.conninfo) as connection:
        connection.execute(
            "UPDATE images SET original_gone_at = '2026-11-01', original_gone_why = 'expired',"
            " result_gone_at = '2026-11-02', result_gone_why = 'expired'"
        )
    (image,) = client.images(job.id)
    page = open_page("jobs.py", job=str(job.id), image=str(image.id))
    said = texts(page)
    assert "deleted on 2026-11-01; the image cannot be re-run or corrected" in said
    assert "The result is no longer stored" in said
    assert not page.toggle
    assert not page.get("download_button")
