"""Review as a list: filters, decisions on several images at once, their undo, and the place in the address."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest
from streamlit.testing.v1 import AppTest

from blurline.access.tokens import Scope
from blurline.client import Client
from blurline.client.search import ImageQuery
from blurline.settings import Settings
from blurline.storage.store import Store
from dashboard.review.answer import Answer
from dashboard.review.bulk import decide, take_back
from dashboard.review.desk import Desk
from sql.engine.database import Database
from tests.api_requests import bearer
from tests.dashboard.conftest import Open, texts
from tests.dashboard.held_images import Pipeline
from tests.waiting import TIMEOUT_S

_HELD = ImageQuery(state="needs_review")


@pytest.fixture
def pipeline(api_url: str, settings: Settings, database: Database, store: Store) -> Iterator[Pipeline]:
    with ExitStack() as stack:
        http = stack.enter_context(httpx.Client(base_url=api_url, timeout=TIMEOUT_S))
        http.headers["Authorization"] = bearer(settings, "ann", Scope.SUBMIT)
        made = Pipeline(stack, http, settings, database, store)
        made.hold({"a.jpg": 0.2, "b.jpg": 0.7, "c.jpg": 0.9})
        yield made


def _shown(page: AppTest) -> list[str]:
    return [button.label.replace("\\", "") for button in page.button if str(button.key).startswith("open-")]


def _press(page: AppTest, *keys: str) -> AppTest:
    """Press buttons in one run, because AppTest keeps no dialog open between runs."""
    for key in keys:
        next(button for button in page.button if key in (button.key, button.label)).click()
    return page.run()


def test_the_list_is_filtered_and_kept_in_the_address(open_page: Open, pipeline: Pipeline) -> None:
    page = open_page("review.py", view="list")
    assert _shown(page) == ["c.jpg", "b.jpg", "a.jpg"]
    page.selectbox[0].select(60).run()
    assert _shown(page) == ["c.jpg", "b.jpg"]
    assert _shown(open_page("review.py", view="list", doubt="60", name="b.j")) == ["b.jpg"]
    assert "No image that waits" in texts(open_page("review.py", view="list", label="desk=none"))


def test_several_are_approved_and_the_approval_is_taken_back(
    open_page: Open, pipeline: Pipeline, client: Client
) -> None:
    page = open_page("review.py", view="list", doubt="60")
    _press(page, "Choose all on this page")
    assert all(box.value for box in page.checkbox) and len(page.checkbox) == 2
    _press(page, "approve-chosen")
    _press(page, "approve-chosen", "decide-really")
    assert "2 images approved" in texts(page).replace("*", "")
    assert [image.name for image in client.search.images(_HELD)] == ["a.jpg"]
    _press(page, "undo-decisions")
    assert len(list(client.search.images(_HELD))) == 3 and _shown(page) == ["c.jpg", "b.jpg"]


def test_what_another_reviewer_has_is_named_and_left(
    pipeline: Pipeline, client: Client, settings: Settings, api_url: str
) -> None:
    images = list(client.search.images(_HELD))
    taken = next(image for image in images if image.name == "b.jpg")
    headers = {"Authorization": bearer(settings, "rita", Scope.REVIEW)}
    httpx.post(f"{api_url}/v1/images/{taken.id}/claim", headers=headers).raise_for_status()
    outcome = decide(client, images, "rejected", "No.")
    assert {each.name for each in outcome.decided} == {"a.jpg", "c.jpg"}
    assert list(outcome.refused) == ["b.jpg"] and "Another reviewer" in outcome.refused["b.jpg"]
    assert take_back(client, outcome.decided) == 2
    assert take_back(client, outcome.decided) == 0  # they wait already


def test_an_approval_publishes_only_what_was_shown(pipeline: Pipeline, client: Client) -> None:
    (image, *_) = client.search.images(_HELD)
    outcome = decide(client, [image.model_copy(update={"result_sha256": "0" * 64})], "approved")
    assert not outcome.decided and "newer result" in outcome.refused[image.name]


def test_images_that_wait_for_another_reviewer_are_counted_and_left_out(
    open_page: Open, pipeline: Pipeline, client: Client
) -> None:
    pipeline.sql("UPDATE images SET policy = policy || '{\"reviewers\": 2}'")
    first, *others = client.search.images(_HELD)
    client.approve(first.id, first.result_sha256 or "")
    outcome = decide(client, [first, *others], "approved")
    assert (outcome.awaiting_another, outcome.refused) == (1, {})
    assert [each.awaits_another for each in outcome.decided] == [True, True]
    page = open_page("review.py", view="list")
    _press(page, "Choose all on this page")
    _press(page, "approve-chosen")
    _press(page, "approve-chosen", "decide-really")
    assert "3 images wait for another reviewer: you have already approved or corrected them." in texts(page)


def test_a_reload_shows_the_same_image_and_the_way_back_the_decided_one(
    open_page: Open, pipeline: Pipeline, client: Client
) -> None:
    images = {image.name: str(image.id) for image in client.search.images(_HELD)}
    page = open_page("review.py", image=images["a.jpg"])
    assert page.query_params["image"] in (images["a.jpg"], [images["a.jpg"]])
    again = open_page("review.py", image=images["a.jpg"])
    desk: Desk = again.session_state["review_desk"]
    assert desk.case is not None and desk.case.image.name == "a.jpg"
    desk.handle(Answer(kind="approve", image_id=desk.case.id))
    again.run()
    assert desk.case.image.name == "c.jpg"
    assert again.query_params["image"] in (images["c.jpg"], [images["c.jpg"]])
    again.query_params = {"image": images["a.jpg"]}  # the browser's back button
    again.run()
    assert desk.case.image.name == "a.jpg" and "Published" in texts(again)
