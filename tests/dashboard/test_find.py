"""Finding images: the page Find, the grid of a job, the way from image to image, and the place in the address."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest
from streamlit.testing.v1 import AppTest

from blurline.client import Client
from blurline.client.search import ImageQuery
from blurline.contract import Job, JobOptions
from blurline.settings import Settings
from tests.dashboard.conftest import Open, field, texts
from tests.pictures import HOPPER

_DOUBTS = {"IMG_0815.jpg": 0.1, "IMG_0816.jpg": 0.7, "other.jpg": 0.95, "waits.jpg": None}


@pytest.fixture
def job(client: Client, tmp_path: Path, settings: Settings) -> Job:
    """A job of three published images and one that waits for its attempt."""
    paths = [tmp_path / name for name in _DOUBTS]
    for path in paths:
        path.write_bytes(HOPPER.read_bytes())
    job = client.submit_files(paths, JobOptions(labels={"desk": "world"}))
    with psycopg.connect(settings.database.conninfo) as connection:
        for name, doubt in _DOUBTS.items():
            if doubt is not None:
                connection.execute(
                    "UPDATE images SET state = 'published', open_attempt_id = NULL, result_key = name, doubt = %s,"
                    " faces = 2 WHERE name = %s",
                    (doubt, name),
                )
    return job


def _add_images(settings: Settings, job: Job) -> None:
    """Add 57 failed images, more than a page shows."""
    with psycopg.connect(settings.database.conninfo) as connection:
        connection.execute(
            "INSERT INTO images (id, job_id, position, name, original_key, original_etag, original_bytes, state)"
            " SELECT uuidv7(), %s, n, 'many_' || n || '.jpg', 'many-' || n, 'e', 1, 'failed'"
            " FROM generate_series(4, 60) AS n",
            (job.id,),
        )


def _shown(page: AppTest) -> list[str]:
    """The names in the grid."""
    return [button.label.replace("\\", "") for button in page.button if str(button.key).startswith("open-")]


def _press(page: AppTest, label: str) -> AppTest:
    next(button for button in page.button if button.label == label).click()
    return page.run()


def _said(page: AppTest, name: str) -> Any:
    found = page.query_params.get(name)
    return found[0] if isinstance(found, list) else found


def test_images_are_found_by_name_and_label(open_page: Open, job: Job) -> None:
    page = open_page("find.py")
    assert len(_shown(page)) == 4 and "4 images found" in texts(page).replace("*", "")
    page.text_input[0].set_value("img_08").run()
    assert _shown(page) == ["IMG_0816.jpg", "IMG_0815.jpg"]
    assert _said(page, "name") == "img_08"
    page.text_input[1].set_value("desk=nowhere").run()
    assert _shown(page) == [] and "No image matches" in texts(page)
    page.text_input[1].set_value("desk").run()
    assert "is not a label" in texts(page)


def test_a_shared_address_shows_the_same_images(open_page: Open, job: Job) -> None:
    page = open_page("find.py", state="published", doubt="60", sort="-doubt")
    assert _shown(page) == ["other.jpg", "IMG_0816.jpg"]
    assert [each.value for each in page.selectbox] == ["published", 60, "-doubt", None]
    page.query_params = {"name": "waits"}  # as the browser's back button leaves it
    page.run()
    assert _shown(page) == ["waits.jpg"] and page.text_input[0].value == "waits"
    assert [each.value for each in page.selectbox] == [None, None, None, None]


@pytest.mark.parametrize("file", ["find.py", "statistics.py", "exports.py", "jobs.py", "review.py"])
def test_a_field_changed_soon_after_another_keeps_both(open_page: Open, job: Job, file: str) -> None:
    before = {"view": "list"} if file == "review.py" else {}
    page = open_page(file, **before)
    field(page.text_input, "Label").set_value("desk=world").run()
    page.query_params = before  # the browser sends it until it has the new one
    field(page.text_input, "Owner").set_value("operator").run()
    assert (_said(page, "label"), _said(page, "owner")) == ("desk=world", "operator")
    assert field(page.text_input, "Label").value == "desk=world"
    page.query_params = before  # as the browser's back button leaves it
    page.run()
    assert [field(page.text_input, label).value for label in ("Label", "Owner")] == ["", ""]


def test_originals_are_exported_of_the_chosen_images_only(open_page: Open, job: Job) -> None:
    page = open_page("exports.py")
    field(page.text_input, "Label").set_value("desk=world").run()
    page.query_params = {}
    field(page.checkbox, "Include the originals").check().run()
    assert _said(page, "label") == field(page.text_input, "Label").value == "desk=world"


def test_images_are_chosen_from_those_shown(open_page: Open, job: Job) -> None:
    page = open_page("find.py", state="published", choose="1")
    page.text_input[0].set_value("img_0816").run()
    page.query_params = {"state": "published", "choose": "1"}
    page.checkbox[0].check().run()
    assert _said(page, "name") == "img_0816" and _shown(page) == ["IMG_0816.jpg"]
    page.query_params = {"state": "published", "choose": "1"}
    _press(page, "Choose none")
    assert _said(page, "name") == "img_0816" and _shown(page) == ["IMG_0816.jpg"]


def test_a_job_that_is_left_leaves_no_filter(open_page: Open, job: Job) -> None:
    page = open_page("jobs.py", job=str(job.id))
    page.text_input[0].set_value("img").run()
    assert _shown(page) == ["IMG_0815.jpg", "IMG_0816.jpg"]
    _press(page, "All jobs")
    assert dict(page.query_params) == {}
    field(page.text_input, "Owner").set_value("operator").run()
    assert set(page.query_params) == {"owner"}


def test_a_page_turned_soon_after_a_change_keeps_it(open_page: Open, job: Job, settings: Settings) -> None:
    _add_images(settings, job)
    page = open_page("find.py")
    field(page.text_input, "Label").set_value("desk=world").run()
    page.query_params = {}
    _press(page, "Next")
    assert _said(page, "label") == "desk=world" and _said(page, "page").startswith("2.")


def test_a_wrong_address_shows_everything(open_page: Open, job: Job) -> None:
    page = open_page("find.py", state="none", doubt="²", sort="-doubt", page="2.x", owner="", note="")
    assert len(_shown(page)) == 4


def test_the_grid_of_a_job_is_searched_and_sorted_by_doubt(open_page: Open, job: Job) -> None:
    page = open_page("jobs.py", job=str(job.id))
    assert _shown(page) == list(_DOUBTS)
    said = texts(page)
    assert ":gray-badge[doubt 10 %]" in said and ":orange-badge[doubt 95 %]" in said
    page.selectbox[1].select("-doubt").run()
    assert _shown(page) == ["waits.jpg", "other.jpg", "IMG_0816.jpg", "IMG_0815.jpg"]
    page.selectbox[0].select(60).run()
    assert _shown(page) == ["other.jpg", "IMG_0816.jpg"]
    assert (_said(page, "doubt"), _said(page, "sort"), _said(page, "job")) == ("60", "-doubt", str(job.id))


def test_images_follow_one_another_in_the_order_of_the_list(open_page: Open, job: Job) -> None:
    page = open_page("jobs.py", job=str(job.id), doubt="60", sort="-doubt")
    next(button for button in page.button if button.label.endswith("other\\.jpg")).click().run()
    names = []
    for label in ("Next image", "Previous image"):
        _press(page, label)
        names.append(page.subheader[0].value.replace("\\", ""))
    assert names == ["IMG_0816.jpg", "other.jpg"]
    assert next(button for button in page.button if button.label == "Previous image").disabled
    _press(page, "Back to the job")
    assert _shown(page) == ["other.jpg", "IMG_0816.jpg"]


def test_pages_are_in_the_address(open_page: Open, client: Client, job: Job, settings: Settings) -> None:
    _add_images(settings, job)
    page = open_page("jobs.py", job=str(job.id))
    third = _press(_press(page, "Next"), "Next")
    shown, at = _shown(third), _said(third, "at")
    assert len(shown) == 61 - 48 and at.startswith("3.")
    again = open_page("jobs.py", job=str(job.id), at=at)
    assert _shown(again) == shown
    assert next(button for button in again.button if button.label == "Previous").disabled  # nobody knows its cursor
    assert _shown(_press(again, "First"))[0] == "IMG_0815.jpg"
    page.text_input[0].set_value("many").run()
    assert _said(page, "at") is None and _shown(page)[0] == "many_4.jpg"


def test_doubtful_images_are_shown_and_sent_to_review(open_page: Open, client: Client, job: Job) -> None:
    page = open_page("jobs.py", job=str(job.id))
    assert "2 published with doubt over 60 %" in texts(page).replace("*", "")
    _press(page, "Show")
    assert _shown(page) == ["other.jpg", "IMG_0816.jpg"]
    for label in ("Send to review", "Send them to review"):  # in one run: AppTest keeps no dialog open between runs
        next(button for button in page.button if button.label == label).click()
        if label == "Send to review":
            page.run()
            next(button for button in page.button if button.label == label).click()
    page.run()
    assert "2 images sent to review." in texts(page)
    assert client.job(job.id).progress.needs_review == 2


def test_chosen_images_are_sent_to_review_and_published_again(open_page: Open, job: Job, client: Client) -> None:
    def held() -> list[str]:
        return sorted(image.name for image in client.search.images(ImageQuery(state="needs_review")))

    page = open_page("find.py", state="published", choose="1")
    next(box for box in page.checkbox if "other" in box.label).check()
    page.run()
    _press(page, "Send 1 image to review")
    next(button for button in page.button if button.key == "send-chosen").click()
    next(button for button in page.button if button.key == "send-really").click()
    page.run()
    assert "1 image sent to review" in texts(page) and held() == ["other.jpg"]
    _press(page, "Undo: publish them again")
    assert held() == [] and "other.jpg" in _shown(page)
