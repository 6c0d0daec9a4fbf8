"""The page Submit: from files to a job."""

from __future__ import annotations

import io
import zipfile

import pytest
from streamlit.testing.v1 import AppTest

from blurline.client import Client
from tests.broken_connections import breaking
from tests.dashboard.conftest import Enter, Open, texts
from tests.pictures import HOPPER

_FILE = ("hopper.jpg", HOPPER.read_bytes(), "image/jpeg")


def _press(page: AppTest, label: str) -> None:
    (button,) = [button for button in page.button if button.label == label]
    assert not button.disabled
    button.click()
    page.run()


def test_nothing_can_be_submitted_without_a_picture(open_page: Open) -> None:
    page = open_page("submit.py")
    (button,) = [button for button in page.button if button.label == "Submit"]
    assert button.disabled
    page.file_uploader[0].upload("notes.zip", b"PK\x05\x06").run()
    assert "is not a readable ZIP file" in texts(page)


def test_pictures_become_a_job_with_the_chosen_options(open_page: Open, client: Client) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("market/b.jpg", HOPPER.read_bytes())
        archive.writestr("notes.txt", b"x")
    page = open_page("submit.py")
    page.file_uploader[0].set_value([_FILE, ("more.zip", packed.getvalue(), "application/zip")])
    page.text_input[0].set_value("assignment=4711, desk=news")
    page.selectbox[0].select("street")
    page.run()
    assert "1 file is not a picture" in texts(page)
    assert "Changed; it was" not in texts(page)
    next(box for box in page.selectbox if box.label == "Style").select("solid")
    page.run()
    assert "Changed; it was `pixelate`." in texts(page)
    assert "Least score (0.1 to 1)" in [each.label for each in page.number_input]
    _press(page, "Submit 2 photographs")
    (job,) = client.jobs()
    assert [image.name for image in client.images(job.id)] == ["hopper.jpg", "market/b.jpg"]
    assert job.labels == {"assignment": "4711", "desk": "news"}
    assert job.preset == "street"
    assert job.policy["style"] == "solid" and job.policy["metadata"] == "mapping"
    assert page.query_params["job"] == str(job.id)
    assert "**0** of 2 images published, 2 in progress" in texts(page)
    page.switch_page("submit.py").run()
    assert page.file_uploader[0].value == []


def test_a_job_can_be_kept_for_less_time(open_page: Open, client: Client) -> None:
    page = open_page("submit.py")
    page.file_uploader[0].set_value(_FILE)
    days = {box.key: box for box in page.number_input if (box.key or "").startswith("submit-retention")}
    days["submit-retention-originals_days"].set_value(30.0)
    days["submit-retention-rows_days"].set_value(20.0)
    page.run()
    assert "The retention is not valid" in texts(page) and "lower originals_days" in texts(page)
    page.number_input(key="submit-retention-rows_days").set_value(365.0).run()
    _press(page, "Submit 1 photograph")
    (job,) = client.jobs()
    assert (job.retention.originals_days, job.retention.rows_days) == (30, 365)


@pytest.mark.parametrize(("labels", "why"), [("desk", "is not a label"), ("-=x", "A label is not valid")])
def test_an_invalid_label_is_reported_at_once(open_page: Open, labels: str, why: str) -> None:
    page = open_page("submit.py")
    page.file_uploader[0].set_value(_FILE)
    page.text_input[0].set_value(labels).run()
    assert why in texts(page)
    (button,) = [button for button in page.button if button.label.startswith("Submit")]
    assert button.disabled


def test_an_invalid_policy_is_reported_at_once(open_page: Open) -> None:
    page = open_page("submit.py")
    page.text_area[0].set_value('{"keep_regions": [{"x1": 1, "y1": 0, "x2": 0, "y2": 1}]}').run()
    assert "x2 must be larger than x1" in texts(page)
    page.text_area[0].set_value("no json").run()
    assert "are not valid JSON" in texts(page)


def test_a_lost_answer_creates_no_second_job(enter: Enter, api_url: str, client: Client) -> None:
    with breaking(api_url) as breaks:
        page = enter(breaks.url)
        page.file_uploader[0].set_value(_FILE).run()
        for _ in range(20):
            breaks.plan("POST /v1/jobs")
        _press(page, "Submit 1 photograph")
        assert "the API has not confirmed the job" in texts(page)
        breaks.planned.clear()
        _press(page, "Try again")
        assert "of 1 image published" in texts(page)
    assert len(list(client.jobs())) == 1
