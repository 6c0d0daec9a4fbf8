"""A reviewer's desk over a real API: which image is on it, and what becomes of those that were decided on."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from uuid import UUID

import httpx
import pytest
from PIL import Image

from api.app import create_app
from blurline.access.tokens import Scope
from blurline.contract.corrections import MarkedBox
from blurline.ids import new_id
from blurline.settings import Settings
from blurline.storage.preview_keys import PreviewSize, preview_key
from blurline.storage.store import Store
from dashboard.review.answer import Answer, parse_answer
from dashboard.review.board import board_data
from dashboard.review.case import Case
from dashboard.review.desk import Desk
from sql.engine.database import Database
from sql.jobs.attempts import Attempt
from tests.api_requests import bearer
from tests.api_server import serving
from tests.dashboard.held_images import HELD, Pipeline
from tests.pictures import HOPPER
from tests.waiting import TIMEOUT_S, wait_for

DRAWN = MarkedBox(x1=50, y1=10, x2=70, y2=30)


@pytest.fixture
def api(without_prefect: Settings) -> Iterator[ExitStack]:
    """A stack that closes the API's server before the test ends."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def pipeline(api: ExitStack, without_prefect: Settings, database: Database, store: Store) -> Iterator[Pipeline]:
    url = api.enter_context(serving(create_app(without_prefect)))
    with ExitStack() as stack:
        http = stack.enter_context(httpx.Client(base_url=url, timeout=TIMEOUT_S))
        http.headers["Authorization"] = bearer(without_prefect, "ann", Scope.SUBMIT)
        yield Pipeline(stack, http, without_prefect, database, store)


def _desk(pipeline: Pipeline, name: str = "rita") -> Desk:
    desk = Desk(pipeline.reviewer(name))
    desk.ensure_case()
    return desk


def _case(desk: Desk) -> Case:
    assert desk.case is not None, desk.error
    return desk.case


def _name(desk: Desk) -> str | None:
    return desk.case.image.name if desk.case else None


def _trouble(desk: Desk) -> str | None:
    return desk.error.code if desk.error else None


def _do(desk: Desk, kind: Any, **more: Any) -> None:
    desk.handle(Answer(kind=kind, image_id=_case(desk).id, **more))


def _states(pipeline: Pipeline) -> dict[str, str]:
    return dict(pipeline.sql("SELECT name, state FROM images"))


def _side(data: bytes | None) -> int:
    assert data is not None
    return max(Image.open(io.BytesIO(data)).size)


def test_the_most_doubtful_image_comes_first_with_everything_the_page_shows(pipeline: Pipeline) -> None:
    pipeline.hold({"a.jpg": 0.3, "b.jpg": 0.9})
    desk = _desk(pipeline)
    case = _case(desk)
    assert (case.image.name, case.owner, case.waiting) == ("b.jpg", "ann", 2)
    assert (case.width_px, case.height_px) == (100, 50)
    assert (_side(case.original), _side(case.result)) == (100, 100)
    data = board_data(desk, case)
    assert [(box["x1"], box["destroyed"]) for box in data["boxes"]] == [(1, True), (5, False)]
    assert data["claimed_for_s"] == pytest.approx(300, abs=120)
    assert (data["can_approve"], data["can_reject"], data["is_rendering"], data["message"]) == (True, True, False, "")


def test_a_missing_view_is_made_from_the_original(pipeline: Pipeline) -> None:
    pipeline.hold({"a.jpg": 0.3}, has_views=False)
    with Image.open(HOPPER) as hopper:
        assert _side(_case(_desk(pipeline)).original) == max(hopper.size)


def test_a_decision_brings_the_next_image(pipeline: Pipeline) -> None:
    pipeline.hold({"a.jpg": 0.9, "b.jpg": 0.6, "c.jpg": 0.3})
    desk = _desk(pipeline)
    _do(desk, "approve")
    assert _name(desk) == "b.jpg"
    _do(desk, "reject", note="A mirror.")
    assert _name(desk) == "c.jpg"
    assert _states(pipeline) == {"a.jpg": "published", "b.jpg": "failed", "c.jpg": "needs_review"}
    _do(desk, "approve")
    assert (desk.case, _trouble(desk)) == (None, None)
    assert pipeline.sql("SELECT kind, reviewer, note FROM decisions ORDER BY created_at") == [
        ("approved", "rita", ""),
        ("rejected", "rita", "A mirror."),
        ("approved", "rita", ""),
    ]


def test_a_skipped_image_is_released_and_returns_on_request(pipeline: Pipeline) -> None:
    pipeline.hold({"a.jpg": 0.9, "b.jpg": 0.3})
    rita = _desk(pipeline)
    _do(rita, "next")
    assert (_name(rita), rita.skipped) == ("b.jpg", 1)
    assert _name(_desk(pipeline, "rob")) == "a.jpg"
    pipeline.lose_claims()
    _do(rita, "next")
    assert rita.case is None
    rita.return_to_skipped()
    assert (_name(rita), rita.skipped) == ("a.jpg", 0)


def test_marks_of_a_correction_that_failed_its_check_are_kept(pipeline: Pipeline) -> None:
    pipeline.hold({"a.jpg": 0.9})
    desk = _desk(pipeline)
    assert board_data(desk, _case(desk))["kept_marks"] == []
    image_id = _case(desk).id
    _do(desk, "save", boxes=[DRAWN])
    pipeline.sql(
        "UPDATE images SET open_attempt_id = NULL, state = 'needs_review', error_code = 'output_check_failed',"
        " error_message = 'A face is visible.', finished_at = now() RETURNING id"
    )
    desk.open(image_id)
    assert [(box["x1"], box["frame"]) for box in board_data(desk, _case(desk))["kept_marks"]] == [(50, 0)]


def test_a_correction_sends_the_other_frames_unchanged(pipeline: Pipeline) -> None:
    pipeline.hold({"a.jpg": 0.9})
    pipeline.sql("UPDATE images SET frames = 3")
    pipeline.sql("UPDATE detections SET frame = 2 WHERE NOT destroyed")
    pipeline.sql("UPDATE detections SET destroyed = true")
    desk = _desk(pipeline)
    assert [box.frame for box in _case(desk).boxes] == [0, 2]
    _do(desk, "save", boxes=[DRAWN])
    ((given,),) = pipeline.sql("SELECT correction FROM attempts WHERE correction IS NOT NULL")
    assert [(box["frame"], box["x1"]) for box in given["destroy"]] == [(0, 50), (2, 5)]
    ((added, dropped),) = pipeline.sql("SELECT added, dropped FROM decisions")
    assert [box["x1"] for box in added] == [50]
    assert [box["x1"] for box in dropped] == [1]


def test_a_saved_correction_is_followed_until_it_is_rendered(pipeline: Pipeline) -> None:
    pipeline.hold({"a.jpg": 0.9, "b.jpg": 0.3})
    desk = _desk(pipeline)
    _do(desk, "save", boxes=[DRAWN])
    assert _name(desk) == "b.jpg"
    desk.refresh_saved()
    (saved,) = desk.saved
    assert (saved.name, saved.is_rendering, desk.is_rendering) == ("a.jpg", True, True)
    pipeline.rendered("a.jpg")
    desk.refresh_saved()
    assert (saved.state, saved.is_rendering, desk.is_rendering) == ("published", False, False)
    assert _side(saved.thumb) == 100
    assert (_name(desk), _case(desk).waiting) == ("b.jpg", 1)


def test_a_held_correction_stays_until_its_result_is_there(pipeline: Pipeline) -> None:
    pipeline.hold({"a.jpg": 0.9, "b.jpg": 0.3})
    desk = _desk(pipeline)
    before = _case(desk)
    _do(desk, "save", boxes=[DRAWN], hold=True)
    desk.refresh_saved()
    assert (_name(desk), desk.is_awaiting) == ("a.jpg", True)
    assert board_data(desk, _case(desk))["is_rendering"]
    assert _name(_desk(pipeline, "rob")) == "b.jpg"
    pipeline.rendered("a.jpg", held=HELD)
    desk.refresh_saved()
    after = _case(desk)
    assert (after.image.name, desk.is_awaiting) == ("a.jpg", False)
    assert after.key != before.key
    assert [box.x1 for box in after.boxes if box.destroyed] == [50]
    assert [decision.kind for decision in after.decisions] == ["corrected"]


def test_a_reviewer_can_go_on_before_a_held_correction_is_rendered(pipeline: Pipeline) -> None:
    pipeline.hold({"a.jpg": 0.9, "b.jpg": 0.3})
    desk = _desk(pipeline)
    _do(desk, "save", boxes=[DRAWN], hold=True)
    _do(desk, "next")
    assert (_name(desk), desk.is_awaiting, desk.skipped) == ("b.jpg", False, 0)
    pipeline.rendered("a.jpg", held=HELD)
    desk.refresh_saved()
    assert _name(desk) == "b.jpg"


def test_an_image_that_another_reviewer_took_stays_with_the_reason(pipeline: Pipeline) -> None:
    pipeline.hold({"a.jpg": 0.9, "b.jpg": 0.3})
    rita = _desk(pipeline)
    pipeline.lose_claims()
    rob = _desk(pipeline, "rob")
    assert _name(rob) == "a.jpg"
    _do(rita, "save", boxes=[DRAWN])
    assert _trouble(rita) == "review_claimed"
    assert "Another reviewer" in board_data(rita, _case(rita))["message"]
    assert _name(rita) == "a.jpg"
    _do(rita, "next")
    assert (_name(rita), _trouble(rita)) == ("b.jpg", None)


def test_a_claim_is_renewed_or_taken_again(pipeline: Pipeline) -> None:
    pipeline.hold({"a.jpg": 0.9})
    desk = _desk(pipeline)
    first = _case(desk).claimed_until
    _do(desk, "active")
    assert _case(desk).claimed_until > first
    assert _name(_desk(pipeline, "rob")) is None


def test_only_the_result_that_was_seen_is_approved(pipeline: Pipeline) -> None:
    pipeline.hold({"a.jpg": 0.9})
    desk = _desk(pipeline)
    pipeline.sql("UPDATE images SET result_sha256 = 'c'")
    _do(desk, "approve")
    assert (_trouble(desk), _case(desk).image.result_sha256) == ("result_changed", "c")
    _do(desk, "approve")
    assert _states(pipeline) == {"a.jpg": "published"}


def test_an_unavailable_api_loses_nothing(pipeline: Pipeline, api: ExitStack) -> None:
    pipeline.hold({"a.jpg": 0.9})
    desk = _desk(pipeline)
    turn = desk.turn
    api.close()
    _do(desk, "save", boxes=[DRAWN])
    assert _trouble(desk) == "api_unreachable"
    data = board_data(desk, _case(desk))
    assert data["turn"] == turn + 1
    assert "Your boxes are kept" in data["message"]
    assert _name(desk) == "a.jpg"


def test_an_image_without_its_original_does_not_block_the_queue(pipeline: Pipeline, store: Store) -> None:
    held = pipeline.hold({"a.jpg": 0.9, "b.jpg": 0.3})
    store.remove_original(held["a.jpg"].original_key)
    store.remove_original(preview_key(held["a.jpg"].original_key, PreviewSize.VIEW))
    desk = _desk(pipeline)
    assert _trouble(desk) == "object_missing"
    desk.ensure_case()
    assert (_name(desk), _trouble(desk)) == ("b.jpg", None)


def _many(pipeline: Pipeline) -> dict[str, Attempt]:
    return pipeline.hold({f"{at}.jpg": 0.9 - at / 100 for at in range(8)})


def _is_ahead(pipeline: Pipeline, attempt: Attempt) -> bool:
    return (attempt.image_id,) in pipeline.sql("SELECT image_id FROM review_claims WHERE until > now()")


def test_the_next_image_is_prefetched_and_reserved(pipeline: Pipeline) -> None:
    held = _many(pipeline)
    desk = _desk(pipeline)
    wait_for("the next image is claimed", lambda: _is_ahead(pipeline, held["1.jpg"]))
    assert _name(_desk(pipeline, "rob")) == "2.jpg"
    _do(desk, "approve")
    assert (_name(desk), _case(desk).waiting) == ("1.jpg", 7)


def test_a_prefetched_image_is_not_shown_after_another_decision(pipeline: Pipeline) -> None:
    held = _many(pipeline)
    desk = _desk(pipeline)
    wait_for("the next image is claimed", lambda: _is_ahead(pipeline, held["1.jpg"]))
    pipeline.sql("UPDATE images SET state = 'published' WHERE name = '1.jpg'")
    _do(desk, "approve")
    assert _name(desk) == "2.jpg"


def test_a_linked_image_opens_in_any_state(pipeline: Pipeline) -> None:
    held = pipeline.hold({"a.jpg": 0.9, "b.jpg": 0.3})
    pipeline.sql("UPDATE images SET state = 'published', error_code = NULL WHERE name = 'b.jpg'")
    desk = _desk(pipeline)
    desk.open(held["b.jpg"].image_id)
    data = board_data(desk, _case(desk))
    assert (data["name"], data["can_approve"], data["can_reject"]) == ("b.jpg", False, True)
    assert _name(_desk(pipeline, "rob")) == "a.jpg"
    desk.open(new_id())
    assert (desk.case, _trouble(desk)) == (None, "not_found")


def test_the_first_of_two_reviewers_cannot_approve_again(pipeline: Pipeline) -> None:
    held = pipeline.hold({"a.jpg": 0.9})["a.jpg"].image_id
    pipeline.sql("UPDATE images SET policy = policy || '{\"reviewers\": 2}'")
    rita, rob = _desk(pipeline), Desk(pipeline.reviewer("rob"))
    _do(rita, "approve")
    assert "Another reviewer must approve it too." in rita.notice
    rita.open(held)
    assert [board_data(rita, _case(rita))[name] for name in ("can_approve", "awaits_another")] == [False, True]
    pipeline.lose_claims()
    rob.open(held)
    assert [board_data(rob, _case(rob))[name] for name in ("can_approve", "awaits_another")] == [True, False]
    _do(rob, "approve")
    assert _states(pipeline) == {"a.jpg": "published"}


def test_answers_about_another_image_are_ignored(pipeline: Pipeline) -> None:
    pipeline.hold({"a.jpg": 0.9})
    desk = _desk(pipeline)
    desk.handle(Answer(kind="approve", image_id=new_id()))
    assert _states(pipeline) == {"a.jpg": "needs_review"}


def test_messages_of_the_browser_are_validated() -> None:
    image_id = str(UUID(int=1))
    good = {
        "kind": "save",
        "image_id": image_id,
        "boxes": [{"frame": 0, "x1": 1, "y1": 1.5, "x2": 9, "y2": 9, "score": 1}],
    }
    answer = parse_answer(good)
    assert answer is not None
    assert answer.boxes[0].y1 == 1.5
    box = good["boxes"][0]
    assert isinstance(box, dict)
    for wrong in (
        {"kind": "delete"},
        {"image_id": "x"},
        {"boxes": [box | {"x2": 0}]},
        {"more": 1},
        {"note": "x" * 2001},
    ):
        assert parse_answer(good | wrong) is None
    assert parse_answer(None) is None
