"""The page Submit: from files to a job."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from blurline.client import Client
from blurline.contract import SubmittedImage
from dashboard.jobs.picker_answer import PickerAnswer
from dashboard.jobs.upload_desk import UploadDesk
from dashboard.states import counted
from tests.broken_connections import breaking
from tests.dashboard.conftest import Enter, Open, keyed, texts
from tests.pictures import HOPPER


def _desk(page: AppTest) -> UploadDesk:
    desk: UploadDesk = page.session_state["upload_desk"]
    return desk


def _choose(page: AppTest, count: int = 1) -> None:
    """Choose pictures, as the field in the browser says it."""
    _desk(page).handle(PickerAnswer(kind="chosen", count=count, size_bytes=count * HOPPER.stat().st_size))
    page.run()


def _submit(page: AppTest, *names: str) -> None:
    """Press the button, and upload as the field in the browser does."""
    _press(page, f"Submit {counted(len(names), 'photograph')}")
    desk = _desk(page)
    assert desk.sending is not None
    images = []
    for name, (_, form) in zip(names, desk.new_forms(len(names), HOPPER.stat().st_size), strict=True):
        with HOPPER.open("rb") as file:
            desk.client.upload(form, file)
        images.append(SubmittedImage(key=form.key, name=name))
    desk.handle(PickerAnswer(kind="uploaded", id=desk.sending, images=images))
    page.run()


def _press(page: AppTest, label: str) -> None:
    (button,) = [button for button in page.button if button.label == label]
    assert not button.disabled
    button.click()
    page.run()


def test_nothing_can_be_submitted_without_a_picture(open_page: Open) -> None:
    page = open_page("submit.py")
    (button,) = [button for button in page.button if button.label == "Submit"]
    assert button.disabled


def test_pictures_become_a_job_with_the_chosen_options(open_page: Open, client: Client) -> None:
    page = open_page("submit.py")
    _choose(page, 2)
    page.text_input[0].set_value("assignment=4711, desk=news")
    page.selectbox[0].select("street")
    page.run()
    assert "Changed; it was" not in texts(page)
    next(box for box in page.selectbox if box.label == "Style").select("solid")
    page.run()
    assert "Changed; it was `pixelate`." in texts(page)
    next(each for each in page.slider if each.label.startswith("Reviewers")).set_value(2)
    page.run()
    assert "Changed; it was one." in texts(page)
    assert "Least score (0.1 to 1)" in [each.label for each in page.number_input]
    page.switch_page("jobs.py").run()
    page.switch_page("submit.py").run()  # what was filled in is still there
    _submit(page, "hopper.jpg", "market/b.jpg")
    (job,) = client.jobs()
    assert [image.name for image in client.images(job.id)] == ["hopper.jpg", "market/b.jpg"]
    assert job.labels == {"assignment": "4711", "desk": "news"}
    assert job.preset == "street"
    assert job.policy["reviewers"] == 2
    assert job.policy["style"] == "solid" and job.policy["metadata"] == "mapping"
    assert page.query_params["job"] == str(job.id)
    assert "**0** of 2 images published, 2 in progress" in texts(page)
    page.switch_page("submit.py").run()
    assert _desk(page).count == 0
    assert page.text_input[0].value == ""


def test_a_job_can_be_kept_for_less_time(open_page: Open, client: Client) -> None:
    page = open_page("submit.py")
    _choose(page)
    days = {box.key: box for box in page.number_input if (box.key or "").startswith("kept-retention")}
    days["kept-retention-originals_days"].set_value(30.0)
    days["kept-retention-rows_days"].set_value(20.0)
    page.run()
    assert "The retention is not valid" in texts(page) and "lower originals_days" in texts(page)
    page.number_input(key="kept-retention-rows_days").set_value(365.0).run()
    _submit(page, "a.jpg")
    (job,) = client.jobs()
    assert (job.retention.originals_days, job.retention.rows_days) == (30, 365)


@pytest.mark.parametrize(("labels", "why"), [("desk", "is not a label"), ("-=x", "A label is not valid")])
def test_an_invalid_label_is_reported_at_once(open_page: Open, labels: str, why: str) -> None:
    page = open_page("submit.py")
    _choose(page)
    page.text_input[0].set_value(labels).run()
    assert why in texts(page)
    (button,) = [button for button in page.button if button.label.startswith("Submit")]
    assert button.disabled


def test_regions_sizes_and_classes_have_fields(open_page: Open, client: Client) -> None:
    page = open_page("submit.py")
    _choose(page)
    _press(page, "Add a region to keep")
    assert texts(page).count("Regions to keep, number 1: fill in all four sides, or remove it.") == 1
    sides = [each for each in page.number_input if str(each.key).startswith("kept-policy-default-keep_regions-0-")]
    assert [each.label for each in sides] == ["Left (0 to 1)", "Top (0 to 1)", "Right (0 to 1)", "Bottom (0 to 1)"]
    for side, value in zip(sides, (0.5, 0.0, 0.25, 1.0), strict=True):
        side.set_value(value)
    page.run()
    assert "Regions to keep, number 1: x2 must be larger than x1" in texts(page)
    (button,) = [button for button in page.button if button.label.startswith("Submit")]
    assert button.disabled
    page.number_input(key="kept-policy-default-keep_regions-0-relative-x2").set_value(1.0).run()
    _press(page, "Add a region to destroy")
    _press(page, "Remove region 1 to keep")
    _press(page, "Add a region to destroy")
    keyed(page.button_group, "kept-policy-default-always_regions-0-unit").set_value("pixel").run()
    for row, unit, corners in ((0, "pixel", (10.0, 20.0, 30.0, 40.0)), (1, "relative", (0.0, 0.9, 1.0, 1.0))):
        for corner, value in zip(("x1", "y1", "x2", "y2"), corners, strict=True):
            page.number_input(key=f"kept-policy-default-always_regions-{row}-{unit}-{corner}").set_value(value)
    keyed(page.button_group, "kept-policy-default-size_limits-unit").set_value("Pixels").run()
    page.number_input(key="kept-policy-default-size_limits-pixel-min_side").set_value(12.0).run()
    said = texts(page)
    assert "Changed; it was none." in said and "Changed; it was every size." in said
    assert "the detectors of this installation find only faces" in said
    page.switch_page("jobs.py").run()
    page.switch_page("submit.py").run()
    _submit(page, "a.jpg")
    (job,) = client.jobs()
    assert job.policy["keep_regions"] == []
    assert job.policy["always_regions"] == [
        {"x1": 10, "y1": 20, "x2": 30, "y2": 40, "unit": "pixel"},
        {"x1": 0, "y1": 0.9, "x2": 1, "y2": 1, "unit": "relative"},
    ]
    assert job.policy["size_limits"] == {"min_side": 12, "max_side": None, "unit": "pixel"}


def test_a_lost_answer_creates_no_second_job(enter: Enter, api_url: str, client: Client) -> None:
    with breaking(api_url) as breaks:
        page = enter(breaks.url)
        _choose(page)
        for _ in range(20):
            breaks.plan("POST /v1/jobs")
        _submit(page, "a.jpg")
        assert "the API has not confirmed the job" in texts(page)
        breaks.planned.clear()
        _press(page, "Try again")
        assert "of 1 image published" in texts(page)
    assert len(list(client.jobs())) == 1


def test_a_stopped_upload_submits_nothing_and_keeps_the_choice(open_page: Open, client: Client) -> None:
    page = open_page("submit.py")
    _choose(page)
    _press(page, "Submit 1 photograph")
    assert not [button for button in page.button if button.label.startswith("Submit")]
    desk = _desk(page)
    desk.handle(PickerAnswer(kind="uploaded", id="another upload", images=[SubmittedImage(key="a/b")]))
    assert desk.sending is not None and desk.submission is None
    desk.handle(PickerAnswer(kind="stopped", id=desk.sending))
    page.run()
    assert [button for button in page.button if button.label == "Submit 1 photograph"]
    assert list(client.jobs()) == []


def test_uploads_that_are_gone_are_uploaded_again(open_page: Open, client: Client) -> None:
    page = open_page("submit.py")
    _choose(page)
    _press(page, "Submit 1 photograph")
    desk = _desk(page)
    assert desk.sending is not None
    upload, (_, form) = desk.sending, desk.new_forms(1, 10)[0]
    desk.handle(PickerAnswer(kind="uploaded", id=upload, images=[SubmittedImage(key=form.key, name="a.jpg")]))
    page.run()
    assert "is stored under the key" in texts(page)
    assert (desk.lost, desk.count) == (upload, 1)
    _press(page, "Back")
    _submit(page, "a.jpg")
    assert len(list(client.jobs())) == 1
