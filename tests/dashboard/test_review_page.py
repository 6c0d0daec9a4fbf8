"""The Review page as Streamlit runs it: its texts and everything besides the board."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest
from streamlit.testing.v1 import AppTest

from api.app import create_app
from blurline.access.tokens import Scope
from blurline.contract.corrections import MarkedBox
from blurline.settings import Settings
from blurline.storage.store import Store
from dashboard.problems import AWAY
from dashboard.review.answer import Answer
from dashboard.review.desk import Desk
from sql.engine.database import Database
from tests.api_requests import bearer
from tests.api_server import serving
from tests.dashboard.conftest import Enter, Open, texts
from tests.dashboard.held_images import Pipeline
from tests.waiting import TIMEOUT_S

NOWHERE = "01a21369-0000-7000-8000-000000000000"


@pytest.fixture
def pipeline(api_url: str, settings: Settings, database: Database, store: Store) -> Iterator[Pipeline]:
    with ExitStack() as stack:
        http = stack.enter_context(httpx.Client(base_url=api_url, timeout=TIMEOUT_S))
        http.headers["Authorization"] = bearer(settings, "ann", Scope.SUBMIT)
        yield Pipeline(stack, http, settings, database, store)


def _desk(page: AppTest) -> Desk:
    desk: Desk = page.session_state["review_desk"]
    return desk


def _answer(page: AppTest, answer: Answer) -> AppTest:
    """Send an answer as the board would; the board's own part is tested in a browser."""
    _desk(page).handle(answer)
    return page.run()


def _shown(page: AppTest) -> str | None:
    case = _desk(page).case
    return case.image.name if case else None


def test_an_empty_queue_says_what_will_appear(open_page: Open) -> None:
    page = open_page("review.py")
    assert "No image waits for review" in texts(page)


def test_a_held_image_appears_without_a_reload(open_page: Open, pipeline: Pipeline) -> None:
    page = open_page("review.py")
    pipeline.hold({"a.jpg": 0.25})
    assert "a.jpg" in texts(page.run())


def test_the_page_describes_the_image_and_why_it_is_held(open_page: Open, pipeline: Pipeline) -> None:
    pipeline.hold({"a*b*.jpg": 0.25, "c.jpg": 0.1})
    page = open_page("review.py")
    said = texts(page)
    for words in (
        "a*b*.jpg",
        "from ann",
        "2 images waiting",
        "a review of every result",
        "Doubt 25%: 2 candidates just under the threshold.",
    ):
        assert words in said
    assert any("a\\*b\\*" in each.value for each in page.markdown)


def test_decisions_on_the_image_are_shown(open_page: Open, pipeline: Pipeline) -> None:
    held = pipeline.hold({"a.jpg": 0.25})
    with pipeline.reviewer("rob") as rob:
        rob.reject(held["a.jpg"].image_id, "A mirror.")
    page = open_page("review.py", image=str(held["a.jpg"].image_id))
    said = texts(page)
    assert "Failed. A reviewer rejected the result: “A mirror.”" in said
    assert "rejected by rob: “A mirror.”" in said


def test_skipped_images_can_be_taken_up_again(open_page: Open, pipeline: Pipeline) -> None:
    held = pipeline.hold({"a.jpg": 0.25})
    page = open_page("review.py")
    page = _answer(page, Answer(kind="next", image_id=held["a.jpg"].image_id))
    assert "You have set the rest aside" in texts(page)
    (button,) = [each for each in page.button if "set aside (1)" in each.label]
    assert _shown(button.click().run()) == "a.jpg"


def test_saved_corrections_are_followed(open_page: Open, pipeline: Pipeline) -> None:
    held = pipeline.hold({"a.jpg": 0.25})
    page = open_page("review.py")
    box = MarkedBox(x1=50, y1=10, x2=70, y2=30)
    page = _answer(page, Answer(kind="save", image_id=held["a.jpg"].image_id, boxes=[box]))
    assert [each.name for each in _desk(page).saved] == ["a.jpg"]
    pipeline.rendered("a.jpg")
    page.run()
    assert not _desk(page).is_rendering
    assert _desk(page).saved[0].thumb is not None
    assert not page.exception


@pytest.mark.parametrize(
    ("image", "sentence"), [("x", "does not contain a valid image id"), (NOWHERE, "You have no image")]
)
def test_a_dead_link_is_reported(open_page: Open, pipeline: Pipeline, image: str, sentence: str) -> None:
    pipeline.hold({"a.jpg": 0.25})
    page = open_page("review.py", image=image)
    assert sentence in texts(page)
    assert _shown(page) == "a.jpg"


def test_an_image_links_to_its_review(open_page: Open, pipeline: Pipeline) -> None:
    held = pipeline.hold({"a.jpg": 0.25})
    attempt = held["a.jpg"]
    page = open_page("jobs.py", image=str(attempt.image_id))
    links = [link.proto for link in page.get("page_link")]
    (review,) = [link for link in links if link.label == "Open in Review"]
    assert review.query_string == f"image={attempt.image_id}"


def test_the_page_reports_an_unavailable_api_and_recovers(without_prefect: Settings, enter: Enter) -> None:
    with serving(create_app(without_prefect)) as url:
        page = enter(url).switch_page("review.py").run()
        assert AWAY not in texts(page)
    assert AWAY in texts(page.run())
