"""The page Jobs: the list, one job, one image."""

from __future__ import annotations

import re
from pathlib import Path
from uuid import UUID

import psycopg
from streamlit.testing.v1 import AppTest

from blurline.access.tokens import Scope
from blurline.client import Client
from blurline.contract import Job, JobOptions
from blurline.ids import new_id
from blurline.settings import Settings
from blurline.storage.preview_keys import PreviewSize, preview_key
from blurline.storage.store import Store
from blurline.version import VERSION
from sql.engine.database import Database
from sql.jobs.publishing import ReviewReason, publish
from tests.api_requests import underway
from tests.dashboard.conftest import Open, texts
from tests.dashboard.held_images import jpeg
from tests.factories import result
from tests.pictures import HOPPER
from tests.simulated_worker import SENTENCE, settle
from tests.waiting import wait_for


def _submit(client: Client, tmp_path: Path, *names: str, **labels: str) -> Job:
    paths = [tmp_path / name for name in names]
    for path in paths:
        path.write_bytes(HOPPER.read_bytes())
    return client.submit_files(paths, JobOptions(labels=labels))


def _work(settings: Settings, database: Database, store: Store) -> None:
    for attempt in underway(database, settings):
        settle(attempt, database, store)


def _press(page: AppTest, *labels: str) -> None:
    """Press all buttons in one run, because AppTest keeps no dialog open between runs."""
    for label in labels:
        next(button for button in page.button if button.label == label).click()
    page.run()


def test_without_a_job_the_page_says_what_to_do(open_page: Open) -> None:
    page = open_page("jobs.py")
    assert "There are no jobs yet" in texts(page)
    assert [link.label for link in page.page_link] == ["Submit photographs", "Guide to this page"]


def test_jobs_are_listed_with_their_progress(
    open_page: Open, client: Client, tmp_path: Path, settings: Settings, database: Database, store: Store
) -> None:
    _submit(client, tmp_path, "a.jpg", "broken.jpg", assignment="4711")
    _work(settings, database, store)
    _submit(client, tmp_path, "b.jpg")
    table = open_page("jobs.py").dataframe[0].value
    assert list(table["State"]) == ["Waiting", "Finished"]
    assert all(str(each).startswith("data:image/svg") for each in table["Picture"])  # instead of "None"
    assert list(table["Progress"]) == [0.0, 1.0]
    assert list(table["Published"]) == [0, 1] and list(table["Failed"]) == [0, 1]
    assert list(table["Labels"]) == ["", "assignment=4711"]
    assert list(table["Name"]) == ["b.jpg", "a.jpg and 1 more"]


def test_a_finished_job_says_whether_anything_is_left_to_do(
    open_page: Open, client: Client, tmp_path: Path, settings: Settings, database: Database, store: Store
) -> None:
    _submit(client, tmp_path, "broken.jpg", **{"blurline-submit": "01a2", "desk": "news"})
    held = _submit(client, tmp_path, "a.jpg")
    _work(settings, database, store)
    (image,) = client.images(held.id)
    key = f"{image.id}/thumb.jpg"
    with psycopg.connect(settings.database.conninfo) as connection:
        connection.execute("UPDATE images SET state = 'needs_review', result_key = %s WHERE id = %s", (key, image.id))
    store.put_result(preview_key(key, PreviewSize.THUMB), jpeg(100, 50), "image/jpeg")
    table = open_page("jobs.py").dataframe[0].value
    assert list(table["State"]) == ["For review", "None published"]
    assert list(table["Labels"]) == ["", "desk=news"]
    assert str(table["Picture"][0]).startswith("data:image/jpeg;base64,")
    assert str(table["Picture"][1]).startswith("data:image/svg+xml")  # a blank, not "None"


def test_filters_select_the_requested_jobs(open_page: Open, client: Client, tmp_path: Path) -> None:
    wanted = _submit(client, tmp_path, "a.jpg", desk="news")
    _submit(client, tmp_path, "b.jpg", desk="sport")
    page = open_page("jobs.py")
    page.text_input[0].set_value("desk=news").run()
    assert list(page.dataframe[0].value["Job"]) == [str(wanted.id)]
    page.selectbox[0].select("finished").run()
    assert not page.dataframe and "No job matches" in texts(page)
    page.selectbox[0].set_value(None).run()
    page.text_input[1].set_value("somebody-else").run()
    assert "No job matches" in texts(page)
    page.text_input[1].set_value("").run()
    page.text_input[0].set_value("desk").run()
    assert "is not a label" in texts(page)


def test_jobs_beyond_one_page_can_be_paged_through(open_page: Open, client: Client, tmp_path: Path) -> None:
    jobs = [_submit(client, tmp_path, "a.jpg") for _ in range(52)]
    page = open_page("jobs.py")
    assert len(page.dataframe[0].value) == 50
    _press(page, "Next")
    assert list(page.dataframe[0].value["Job"]) == [str(jobs[1].id), str(jobs[0].id)]
    _press(page, "Previous")
    assert len(page.dataframe[0].value) == 50


def test_a_job_shows_its_failures_with_what_to_do(
    open_page: Open, client: Client, tmp_path: Path, settings: Settings, database: Database, store: Store
) -> None:
    job = _submit(client, tmp_path, "a.jpg", "broken.jpg", "broken_too.jpg", assignment="4711")
    _work(settings, database, store)
    page = open_page("jobs.py", job=str(job.id))
    said = texts(page)
    assert "2 images failed" in said and "broken.jpg, broken_too.jpg" in said
    assert SENTENCE in said and "save it, then submit it again" not in said  # the sentence says what to do
    assert "assignment=4711" in said
    assert {"a\\.jpg", "broken\\.jpg"} <= {button.label for button in page.button}


def test_a_missing_job_is_reported_in_one_sentence(open_page: Open) -> None:
    said = texts(open_page("jobs.py", job="01a21350-6961-7029-b030-14379993b3ee"))
    assert "You have no job with this id" in said
    assert "Jobs" in texts(open_page("jobs.py", job="no id"))


def test_an_image_shows_its_result_and_how_it_was_made(
    open_page: Open, client: Client, tmp_path: Path, settings: Settings, database: Database, store: Store
) -> None:
    job = _submit(client, tmp_path, "broken.jpg")
    _work(settings, database, store)
    (image,) = client.images(job.id)
    page = open_page("jobs.py", job=str(job.id), image=str(image.id))
    said = texts(page)
    assert "broken.jpg" in said and SENTENCE in said and "There is no result, because the image failed." in said
    _press(page, "Back to the job")
    assert "1 image failed" in texts(page)


def test_an_image_shows_the_model_and_release_that_made_its_result(
    open_page: Open, client: Client, tmp_path: Path, settings: Settings, database: Database
) -> None:
    job = _submit(client, tmp_path, "a.jpg")
    (attempt,) = underway(database, settings)
    with database.transaction() as transaction:
        publish(transaction, attempt, result(), ReviewReason("doubtful", "Look at it."))
    (image,) = client.images(job.id)
    said = texts(open_page("jobs.py", job=str(job.id), image=str(image.id)))
    assert f"m, by Blurline {VERSION}" in said
    with psycopg.connect(settings.database.conninfo) as connection:  # as a worker of 0.1.0 leaves it
        connection.execute("UPDATE attempts SET blurline_version = NULL")
    said = texts(open_page("jobs.py", job=str(job.id), image=str(image.id)))
    assert "Model" in said and "by Blurline" not in said


def test_a_job_is_deleted_only_when_asked_twice(open_page: Open, client: Client, tmp_path: Path) -> None:
    job = _submit(client, tmp_path, "a.jpg", "b.jpg")
    page = open_page("jobs.py", job=str(job.id))
    _press(page, "Delete")
    assert client.job(job.id)
    _press(page, "Delete", "Delete permanently")
    assert "2 images deleted. Receipt" in texts(page)
    assert list(client.jobs()) == []
    (receipt,) = re.findall(r"Receipt \*\*([0-9a-f-]{36})\*\*", texts(page))
    wait_for("the files are gone", lambda: client.deletion(UUID(receipt)).completed_at)
    page = open_page("exports.py", receipt=receipt)
    assert "**2 images** deleted" in texts(page) and "the store has held none of the files since" in texts(page)
    assert "Proof of the deletion" in [getattr(each, "label", "") for each in page.get("download_button")]
    assert "not the id of a receipt" in texts(open_page("exports.py", receipt="7"))


def test_a_job_is_cancelled_only_when_asked_twice(open_page: Open, client: Client, tmp_path: Path) -> None:
    job = _submit(client, tmp_path, "a.jpg")
    page = open_page("jobs.py", job=str(job.id))
    _press(page, "Cancel")
    assert client.job(job.id).state == "queued"
    _press(page, "Cancel", "Cancel the job")
    assert client.job(job.id).progress.failed == 1
    assert "The job was cancelled." in texts(page)


def test_failed_images_are_re_run(
    open_page: Open, client: Client, tmp_path: Path, settings: Settings, database: Database, store: Store
) -> None:
    job = _submit(client, tmp_path, "broken.jpg", "a.jpg")
    _work(settings, database, store)
    page = open_page("jobs.py", job=str(job.id))
    _press(page, "Re-run")
    _press(page, "Re-run", "Re-run 1 image")
    assert "1 image will be re-run" in texts(page)
    failed, published = client.images(job.id)
    assert failed.is_underway and not published.is_underway


def test_reviewers_see_originals_in_the_grid_when_they_ask_for_them(
    open_page: Open, client: Client, tmp_path: Path, settings: Settings, database: Database, store: Store
) -> None:
    job = _submit(client, tmp_path, "a.jpg")
    (attempt,) = underway(database, settings)
    settle(attempt, database, store)
    thumb = PreviewSize.THUMB
    store.put_original_preview(preview_key(attempt.original_key, thumb), jpeg(100, 50), "image/jpeg")
    store.put_result(preview_key(f"{attempt.image_id}/{attempt.id}.jpg", thumb), jpeg(100, 50), "image/jpeg")

    def looks() -> list[tuple[str]]:
        with psycopg.connect(settings.database.conninfo) as connection:
            return connection.execute("SELECT reviewer FROM looks").fetchall()

    page = open_page("jobs.py", job=str(job.id))
    assert "Each view of an original is logged." in texts(page)
    assert len(page.get("image")) == 1 and looks() == []
    page.toggle[0].set_value(True).run()
    page.run()
    assert len(page.get("image")) == 2 and looks() == [("operator",)]  # once, however often the page looks again
    page.toggle[0].set_value(False).run()
    assert len(page.get("image")) == 1


def test_others_are_offered_no_originals(
    open_page: Open, client: Client, tmp_path: Path, settings: Settings, database: Database, store: Store
) -> None:
    job = _submit(client, tmp_path, "a.jpg")
    _work(settings, database, store)
    page = open_page("jobs.py")
    me = page.session_state["me"]
    page.session_state["me"] = me.model_copy(update={"scopes": [Scope.SUBMIT]})
    page.query_params = {"job": str(job.id)}
    page.run()
    assert "a.jpg" in [button.label.replace("\\", "") for button in page.button]
    assert [toggle.label for toggle in page.toggle] == ["Choose images"]


def test_operators_get_a_link_to_the_flow_run_of_an_image(
    open_page: Open, client: Client, tmp_path: Path, settings: Settings
) -> None:
    job = _submit(client, tmp_path, "a.jpg")
    (image,) = client.images(job.id)
    assert not open_page("jobs.py", image=str(image.id)).get("link_button")
    flow_run_id = new_id()
    with psycopg.connect(settings.database.conninfo) as connection:
        connection.execute("UPDATE batches SET flow_run_id = %s", (flow_run_id,))
    (link,) = open_page("jobs.py", image=str(image.id)).get("link_button")
    assert link.proto.url.endswith(f"/runs/flow-run/{flow_run_id}")
