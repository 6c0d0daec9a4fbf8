"""The board of the Review page by mouse and keyboard: it sends exactly what the reviewer did."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from PIL import Image
from playwright.sync_api import Browser, Route, expect

from tests.dashboard.board_page import HAS_CHROMIUM, BoardPage, board_page, chromium

pytestmark = pytest.mark.skipif(not HAS_CHROMIUM, reason="needs Debian's chromium; .ci/run installs it")

FACE = {"x1": 100.25, "y1": 100.5, "x2": 200.75, "y2": 220.125, "score": 0.93, "destroyed": True}
OTHER = {"x1": 600.0, "y1": 300.0, "x2": 700.0, "y2": 400.0, "score": 0.71, "destroyed": True}
CANDIDATE = {"x1": 400.0, "y1": 100.0, "x2": 460.0, "y2": 180.0, "score": 0.33, "destroyed": False}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium("--enable-unsafe-swiftshader") as browser:  # WebGL without a graphics card
        yield browser


@pytest.fixture
def board(browser: Browser) -> Iterator[BoardPage]:
    with board_page(browser) as board:
        board.tell(FACE, OTHER, CANDIDATE)
        yield board


def _as_sent(box: dict[str, Any]) -> dict[str, Any]:
    return {"frame": 0, **{name: box[name] for name in ("x1", "y1", "x2", "y2", "score")}}


def _sides(box: dict[str, Any]) -> list[float]:
    return [box[name] for name in ("x1", "y1", "x2", "y2")]


def _size(width: int, height: int) -> str:
    return f"{width} \N{MULTIPLICATION SIGN} {height} px"


def test_a_click_drops_a_box_and_takes_it_back(board: BoardPage) -> None:
    board.click(150, 160)
    expect(board.board).to_contain_text("1 dropped")
    board.click(150, 160)
    board.click(650, 350)
    assert board.saved() == [_as_sent(FACE)]


def test_a_click_adds_a_candidate(board: BoardPage) -> None:
    board.click(430, 140)
    assert board.saved() == [_as_sent(FACE), _as_sent(OTHER), _as_sent(CANDIDATE)]


def test_a_drag_draws_a_face_where_the_mouse_was(board: BoardPage) -> None:
    board.drag((800, 50), (900, 130))
    *_, drawn = board.saved()
    assert _sides(drawn) == pytest.approx([800, 50, 900, 130], abs=1)
    assert drawn["score"] == 1


def test_a_face_is_drawn_over_the_result_too(board: BoardPage) -> None:
    panes = [board.page.locator(f"canvas.{name}").bounding_box() for name in ("before", "after")]
    assert panes[0] is not None and panes[1] is not None
    aside = panes[1]["x"] - panes[0]["x"]
    (x1, y1), (x2, y2) = board.screen(800, 50), board.screen(900, 130)
    board.page.mouse.move(x1 + aside, y1)
    board.page.mouse.down()
    board.page.mouse.move(x2 + aside, y2, steps=4)
    board.page.mouse.up()
    *_, drawn = board.saved()
    assert _sides(drawn) == pytest.approx([800, 50, 900, 130], abs=2)


def test_a_small_face_is_drawn_exactly_when_zoomed_in(board: BoardPage) -> None:
    board.page.mouse.move(*board.screen(820, 60))
    for _ in range(7):
        board.page.mouse.wheel(0, -200)
    expect(board.page.locator("canvas.before")).to_have_attribute("data-scale", "16")
    board.press("ArrowRight", "ArrowUp")
    board.drag((816.5, 52.25), (824.5, 61.75))
    *_, drawn = board.saved()
    assert _sides(drawn) == pytest.approx([816.5, 52.25, 824.5, 61.75], abs=0.2)


def test_nothing_is_drawn_beyond_the_photograph(board: BoardPage) -> None:
    board.drag((950, 560), (1100, 700))
    *_, drawn = board.saved()
    assert _sides(drawn) == pytest.approx([950, 560, 1000, 600], abs=1)


def test_a_box_is_moved_and_resized(board: BoardPage) -> None:
    board.drag((650, 350), (700, 330))
    board.drag((750, 380), (770, 450))
    face, moved = board.saved()
    assert face == _as_sent(FACE)
    assert _sides(moved) == pytest.approx([650, 280, 770, 450], abs=1.5)
    assert moved["score"] == 0.71


def test_a_face_within_a_box_is_drawn_with_shift(board: BoardPage) -> None:
    board.page.keyboard.down("Shift")
    board.drag((620, 320), (650, 350))
    board.page.keyboard.up("Shift")
    assert len(board.saved()) == 3


def test_every_step_is_undone_and_redone(board: BoardPage) -> None:
    board.drag((800, 50), (900, 130))
    board.click(150, 160)
    board.drag((650, 350), (700, 330))
    board.press("u", "u", "u", "u")
    expect(board.board).to_contain_text("2 destroyed")
    board.press("s")
    assert board.answers == []
    board.press("Shift+U", "Shift+U")
    moved_back, drawn = board.saved()
    assert moved_back == _as_sent(OTHER)
    assert _sides(drawn) == pytest.approx([800, 50, 900, 130], abs=1)


def test_boxes_are_selected_and_dropped_by_keyboard(board: BoardPage) -> None:
    board.press("Tab", "Tab", "Delete", "Tab", "Enter")
    assert board.saved() == [_as_sent(FACE), _as_sent(CANDIDATE)]


def test_a_box_is_moved_and_resized_by_keyboard_and_each_change_is_said(board: BoardPage) -> None:
    spoken = board.board.locator(".spoken[aria-live=polite]")
    board.page.locator(".stage").focus()
    board.press("Tab", "Tab")
    expect(spoken).to_have_text(f"Box 2 of 3, {_size(100, 100)}, face, destroyed, 600 from the left, 300 from the top.")
    step = max(1, int(4 / float(board.page.locator("canvas.before").get_attribute("data-scale") or 0) + 0.5))
    board.press("ArrowRight", "ArrowRight", "ArrowUp")
    expect(spoken).to_have_text(
        f"Box 2 of 3, {_size(100, 100)}, moved to {600 + 2 * step} from the left, {300 - step} from the top."
    )
    board.press("Shift+ArrowRight", "Shift+ArrowUp")
    expect(spoken).to_have_text(f"Box 2 of 3, {_size(100 + step, 100 - step)}, resized.")
    _, changed = board.saved()
    assert _sides(changed) == [600 + 2 * step, 300 - step, 700 + 3 * step, 400 - 2 * step]
    assert changed["score"] == 0.71


def test_a_box_is_drawn_and_deleted_by_keyboard(board: BoardPage) -> None:
    spoken = board.board.locator(".spoken")
    board.page.locator(".stage").focus()
    board.press("m")
    expect(spoken).to_contain_text("Box 4 of 4")
    expect(spoken).to_contain_text("drawn at")
    x1, y1, x2, y2 = _sides(board.saved()[-1])
    assert ((x1 + x2) / 2, (y1 + y2) / 2) == (500, 300)
    board.tell_more(turn=2)
    board.press("Delete")
    expect(spoken).to_have_text("Box deleted. 3 boxes.")
    board.press("u", "ArrowRight")
    expect(spoken).to_have_text("Undone. 4 boxes.")  # no box is selected: the arrow pans


def test_a_box_moved_by_a_held_arrow_stays_in_view_and_returns_by_one_undo(board: BoardPage) -> None:
    board.page.locator(".stage").focus()
    board.press("Tab", "Tab")
    for _ in range(150):
        board.page.keyboard.down("ArrowRight")
    board.page.keyboard.up("ArrowRight")
    expect(board.board.locator(".spoken")).to_contain_text("moved to 900 from the left")
    pane = board.page.locator("canvas.before").bounding_box()
    right, _ = board.screen(1000, 100)
    assert pane is not None and right <= pane["x"] + pane["width"] + 1
    board.press("u", "s")
    assert board.answers == []  # nothing is changed


def test_a_candidate_is_moved_only_once_it_is_marked(board: BoardPage) -> None:
    spoken = board.board.locator(".spoken")
    board.page.locator(".stage").focus()
    board.press("Shift+Tab", "ArrowLeft")
    expect(spoken).to_contain_text("a candidate: press Enter before you move it")
    board.press("Enter")
    expect(spoken).to_have_text(f"Box 3 of 3, {_size(60, 80)}, face, destroyed.")
    board.press("ArrowLeft")
    expect(spoken).to_contain_text("moved to")
    assert board.saved()[-1]["x1"] < CANDIDATE["x1"]


def test_escape_moves_the_focus_out_of_the_picture(board: BoardPage) -> None:
    board.press("Shift+Tab", "Escape", "Escape")
    assert not board.page.evaluate("document.querySelector('#host').shadowRoot.activeElement")


def test_a_changed_image_cannot_be_approved(board: BoardPage) -> None:
    board.click(150, 160)
    board.press("a")
    expect(board.board).to_contain_text("Save them (S) or undo (U)")
    board.press("u", "a")
    assert board.answers == [{"kind": "approve", "image_id": "one"}]


def test_rejecting_asks_for_a_note_whose_letters_trigger_no_shortcuts(board: BoardPage) -> None:
    board.press("r")
    board.page.keyboard.type("a mirror, n")
    board.press("Enter")
    assert board.answers == [{"kind": "reject", "image_id": "one", "note": "a mirror, n"}]


def test_rejecting_can_be_cancelled(board: BoardPage) -> None:
    board.press("r", "Escape", "n")
    assert board.answers == [{"kind": "next", "image_id": "one"}]


def test_no_decision_is_sent_twice_or_for_an_image_not_yet_shown(board: BoardPage) -> None:
    board.press("a", "a", "n")
    board.page.keyboard.down("a")
    board.tell(OTHER, key="two", image_id="two", turn=2)
    board.page.keyboard.down("a")  # repeats, because it is held
    board.page.keyboard.up("a")
    assert [answer["image_id"] for answer in board.answers] == ["one"]
    board.press("a")
    assert [answer["image_id"] for answer in board.answers] == ["one", "two"]


def test_unsaved_boxes_survive_an_error_and_a_reload(board: BoardPage) -> None:
    board.click(150, 160)
    board.press("s")
    board.tell_more(turn=2, message="Blurline does not answer.")
    expect(board.board).to_contain_text("Blurline does not answer.")
    board.reload()
    board.tell(FACE, OTHER, CANDIDATE)
    assert board.saved() == [_as_sent(OTHER)]
    board.tell(FACE, key="two", image_id="two", turn=2)
    board.tell(FACE, OTHER, CANDIDATE, turn=3)
    expect(board.board).to_contain_text("2 destroyed")


def test_drawn_boxes_are_kept_when_the_result_is_rendered_again(board: BoardPage) -> None:
    board.drag((800, 50), (900, 130))
    board.tell(OTHER, key="one, of a re-run")
    expect(board.board).to_contain_text("1 drawn")
    other, drawn = board.saved()
    assert other == _as_sent(OTHER)
    assert _sides(drawn) == pytest.approx([800, 50, 900, 130], abs=1)


def test_the_boxes_of_a_failed_correction_are_drawn_again(board: BoardPage) -> None:
    mark = {"frame": 0, "x1": 800.0, "y1": 50.0, "x2": 900.0, "y2": 130.0, "score": 1.0}
    board.tell(key="without a result", result=None, can_approve=False, kept_marks=[mark])
    expect(board.board).to_contain_text("1 drawn")
    board.drag((600, 100), (680, 200))
    first, second = board.saved()
    assert first == mark
    assert _sides(second) == pytest.approx([600, 100, 680, 200], abs=1)


def test_the_places_of_a_failed_check_are_marked_first_and_destroyed_by_two_keys(board: BoardPage) -> None:
    finding = {
        "x1": 800.0,
        "y1": 50.0,
        "x2": 900.0,
        "y2": 130.0,
        "score": 0.91,
        "destroyed": False,
        "kind": "visible_face",
    }
    board.tell(finding, FACE, key="refused", can_approve=False, is_refused=True)
    expect(board.board.locator(".result .tag")).to_have_text("Refused result")
    expect(board.board).to_contain_text("1 still visible")
    red, green, blue = _pixel(board, "after", 800, 90)
    assert red > 150 and blue > 150 and green < 130
    board.press("a")
    expect(board.board).to_contain_text("A face is still visible in this file")
    board.press("Tab", "Enter")
    expect(board.board).not_to_contain_text("1 still visible")
    marked, face = board.saved()
    assert face == _as_sent(FACE)
    assert (_sides(marked), marked["score"]) == (_sides(finding), 0.91)


def test_a_picture_opens_at_the_frame_where_a_face_is_still_visible(board: BoardPage) -> None:
    def sizes(route: Route) -> None:
        frame = {"width_px": 1000, "height_px": 600, "top_level": 10}
        is_tile = urlsplit(route.request.url).path.count("/") > 2
        route.fulfill(status=404) if is_tile else route.fulfill(json={"tile_px": 512, "frames": [frame] * 5})

    board.page.route("**/tiles/**", sizes)
    finding = CANDIDATE | {"frame": 3, "kind": "visible_face"}
    board.tell(finding, key="pages", frames=5, can_approve=False, is_refused=True, tiles="/tiles")
    expect(board.board).to_contain_text("Frame 4 of 5")
    expect(board.board.get_by_role("button", name="Frame 4, 0 destroyed, a face still visible")).to_be_visible()


def test_the_place_where_a_file_differs_is_marked_on_its_frame(board: BoardPage) -> None:
    place = {"x1": 800.0, "y1": 50.0, "x2": 816.0, "y2": 66.0, "score": 1, "destroyed": False, "kind": "difference"}
    _tell_of_three_pages(board, FACE, place | {"frame": 1}, can_approve=False, is_refused=True)
    expect(board.board).to_contain_text("Frame 2 of 3")
    expect(board.board.locator(".legend")).to_have_text(re.compile("0 candidates1 place differsFrame 2"))
    left = [_pixel(board, "after", 800, y) for y in range(50, 67)]  # of a dashed line
    assert any(red > 190 and 110 < green < 190 and blue > 80 for red, green, blue in left)
    board.page.locator(".stage").focus()
    board.press("Tab")
    expect(board.board.locator(".spoken")).to_contain_text("a place that differs, 800 from the left, 50 from the top")
    board.press("a")
    expect(board.board).to_contain_text("This file failed Blurline's check")
    board.press("Enter")
    expect(board.board.locator(".legend")).not_to_contain_text("differs")
    assert [_sides(box) for box in board.saved()] == [_sides(FACE), [800, 50, 816, 66]]


def test_who_gave_the_first_approval_is_told_why_the_button_is_off(board: BoardPage) -> None:
    reason = board.board.locator(".reason")
    expect(reason).to_be_hidden()
    board.tell(FACE, key="half approved", can_approve=False, awaits_another=True)
    expect(reason).to_be_visible()
    approve = board.board.locator('button[data-do="approve"]')
    expect(approve).to_be_disabled()
    expect(approve).to_have_accessible_description("Another reviewer must approve it too")
    board.press("a")
    expect(board.board.locator(".message")).to_have_text(re.compile("You have approved or corrected this result"))
    assert board.answers == []


def test_nothing_changes_while_a_correction_is_rendered(board: BoardPage) -> None:
    board.board.get_by_label("Show me the new result").check()
    board.click(150, 160)
    board.drag((800, 50), (900, 130))
    board.press("s")
    assert board.answers[-1]["hold"] is True
    board.tell_more(turn=2, is_rendering=True)
    expect(board.board).to_contain_text("Rendering your corrections")
    board.click(650, 350)
    board.press("u", "s", "a")
    assert len(board.answers) == 1
    board.tell(OTHER, key="one, anew", turn=3)
    expect(board.board).to_contain_text("1 destroyed")
    expect(board.board).not_to_contain_text("drawn")
    board.press("a")
    assert board.answers[-1]["kind"] == "approve"


def test_original_and_result_are_seen_in_turn(board: BoardPage) -> None:
    tag = board.page.locator(".before-tag")
    board.press("f")
    expect(board.page.locator(".pane.result")).to_be_hidden()
    for shown in ("Result", "Original", "Result"):
        expect(tag).to_have_text(shown)
    board.press("f", "d")
    expect(tag).to_have_text("Original")
    expect(board.page.locator(".pane.result")).to_be_hidden()
    board.press("d")
    expect(board.page.locator(".pane.result")).to_be_visible()


def test_boxes_are_hidden_by_a_key_and_while_one_is_held(board: BoardPage) -> None:
    def is_green() -> bool:
        x, y = board.screen(FACE["x1"], 160)
        frame = board.page.locator("canvas.before").bounding_box()
        assert frame is not None
        at = [round(x - frame["x"]), round(y - frame["y"])]
        reading = "(canvas, [x, y]) => [...canvas.getContext('2d').getImageData(x, y, 1, 1).data]"
        red, green, *_ = board.page.locator("canvas.before").evaluate(reading, at)
        return bool(green > 190 and red < 110)

    assert is_green()
    board.page.keyboard.down("o")
    assert not is_green()
    board.page.keyboard.up("o")
    assert is_green()
    board.press("b")
    assert not is_green()


def test_an_image_without_a_result_is_not_approved(board: BoardPage) -> None:
    board.tell(FACE, OTHER, key="two", image_id="two", result=None, can_approve=False)
    expect(board.board).to_contain_text("No result")
    board.press("f", "a", "s")
    assert board.answers == []
    board.click(150, 160)
    assert board.saved() == [_as_sent(OTHER)]


def _tell_of_three_pages(board: BoardPage, *boxes: dict[str, Any], **more: Any) -> None:
    """Show a document of three pages, the last of which has another size."""
    frames = [{"width_px": width, "height_px": 600, "top_level": 10} for width in (1000, 1000, 700)]

    def answer(route: Route) -> None:
        _, *place = urlsplit(route.request.url).path.removeprefix("/tiles/").split("/")
        if not place:
            route.fulfill(json={"tile_px": 512, "frames": frames})
            return
        file = io.BytesIO()
        Image.new("RGB", (512, 512), (int(place[0]) * 60, 0, 0)).save(file, "PNG")
        route.fulfill(body=file.getvalue(), content_type="image/png")

    board.page.route("**/tiles/**", answer)
    board.tell(*boxes, **({"key": "pages", "frames": 3, "tiles": "/tiles"} | more))
    expect(board.page.locator(".strip img[src]")).to_have_count(3)


def test_a_picture_of_several_frames_is_approved_once_each_was_shown(board: BoardPage) -> None:
    _tell_of_three_pages(board, FACE)
    expect(board.board).to_contain_text("Frame 1 of 3, 2 not seen yet")
    expect(board.board.locator('button[data-do="approve"]')).to_be_disabled()
    board.press("a")
    expect(board.board).to_contain_text("You have seen 1 of 3 frames.")
    board.press("]")
    expect(board.board).to_contain_text("Frame 2 of 3, 1 not seen yet")
    board.page.get_by_role("button", name="Frame 3").click()
    expect(board.board).to_contain_text("Frame 3 of 3, all seen")
    board.press("]", "[", "a")
    assert board.answers == [{"kind": "approve", "image_id": "one", "frames": [0, 1, 2]}]


def test_boxes_belong_to_their_frame(board: BoardPage) -> None:
    second = OTHER | {"frame": 1}
    _tell_of_three_pages(board, FACE, second)
    board.press("]")
    expect(board.board).to_contain_text("Frame 2 of 3")
    board.click(150, 160)  # where the first frame has a box
    expect(board.board).to_contain_text("2 destroyed")
    board.press("Tab", "Delete")
    expect(board.board).to_contain_text("1 dropped")
    board.press("]", "0")
    expect(board.board).to_contain_text("Frame 3 of 3")
    board.drag((600, 100), (680, 200))
    board.press("u")
    board.press("Shift+U", "[", "[")
    face, drawn = board.saved()
    assert face == _as_sent(FACE)
    assert drawn["frame"] == 2
    assert _sides(drawn) == pytest.approx([600, 100, 680, 200], abs=1)
    assert board.answers[-1]["frames"] == [0, 1, 2]


def test_undoing_shows_the_frame_of_what_it_changes(board: BoardPage) -> None:
    _tell_of_three_pages(board, FACE)
    board.click(150, 160)
    board.press("]", "]")
    expect(board.board).to_contain_text("Frame 3 of 3")
    board.press("u")
    expect(board.board).to_contain_text("Frame 1 of 3")


def test_the_keys_are_shown(board: BoardPage) -> None:
    board.press("?")
    expect(board.board.get_by_text("set aside, next image")).to_be_visible()
    board.press("Escape")
    expect(board.board.get_by_text("set aside, next image")).to_be_hidden()


def test_the_claim_is_renewed_while_the_reviewer_is_active(board: BoardPage) -> None:
    board.page.clock.install()
    board.reload()
    board.tell(FACE, claimed_until="a", claimed_for_s=90)
    expect(board.board).to_contain_text(re.compile(r"claimed for 1:(30|[12]\d)"))  # the clock runs on
    board.page.clock.run_for(65_000)
    assert board.answers == []
    board.press("b")
    board.page.clock.run_for(1000)
    assert board.answers == [{"kind": "active", "image_id": "one"}]
    board.page.clock.run_for(30_000)
    expect(board.board).to_contain_text("claim expired")
    board.tell_more(claimed_until="b", claimed_for_s=300)
    expect(board.board).to_contain_text(re.compile(r"claimed for (5:00|4:)"))


def test_the_class_of_a_box_is_set_by_key_and_by_choice(board: BoardPage) -> None:
    board.tell(FACE, CANDIDATE | {"class_name": "plate"}, classes=["face", "plate", "sign"], key="two")
    chosen = board.board.locator(".class select")
    expect(chosen).to_have_value("face")
    board.drag((800, 50), (900, 130))
    board.press("c")
    expect(chosen).to_have_value("plate")
    board.press("u", "Escape")
    expect(chosen).to_have_value("plate")  # of the next box
    board.drag((800, 250), (900, 330))
    board.drag((500, 450), (560, 500))
    chosen.select_option("sign")
    board.click(430, 140)
    drawn = [(box.get("class_name", "face"), box["score"]) for box in board.saved()]
    assert drawn == [("face", 0.93), ("plate", 0.33), ("face", 1), ("plate", 1), ("sign", 1)]


def test_a_found_box_of_another_class_is_a_change(board: BoardPage) -> None:
    board.tell(OTHER | {"class_name": "plate"}, classes=["face", "plate"], key="two")
    board.page.locator(".stage").focus()
    board.press("Tab", "c")
    expect(board.board.locator('button[data-do="approve"]')).to_be_disabled()
    assert board.saved() == [_as_sent(OTHER)]


def test_without_other_classes_there_is_no_choice(board: BoardPage) -> None:
    expect(board.board.locator(".class")).to_be_hidden()
    board.drag((800, 50), (900, 130))
    board.press("c")
    assert "class_name" not in board.saved()[-1]


def _tell_of_a_large_picture(board: BoardPage, *boxes: dict[str, Any]) -> list[str]:
    """Show a picture of 8000 x 4800 pixels, each of whose tiles has a colour that says its place; the tiles fetched."""
    fetched: list[str] = []

    def answer(route: Route) -> None:
        of, *place = urlsplit(route.request.url).path.removeprefix("/tiles/").split("/")
        if not place:
            frame = {"width_px": 8000, "height_px": 4800, "top_level": 13}
            route.fulfill(json={"tile_px": 512, "frames": [frame]})
            return
        fetched.append(f"{of} {' '.join(place)}")
        _, level, column, row = map(int, place)
        width = min(512, -(-8000 // 2 ** (13 - level)) - 512 * column)
        height = min(512, -(-4800 // 2 ** (13 - level)) - 512 * row)
        file = io.BytesIO()
        Image.new("RGB", (width, height), (level * 15, column * 15, row * 15 + (of == "result"))).save(file, "PNG")
        route.fulfill(body=file.getvalue(), content_type="image/png")

    board.page.route("**/tiles/**", answer)
    board.tell(*boxes, key="large", width_px=8000, height_px=4800, tiles="/tiles")
    return fetched


def _pixel(board: BoardPage, pane: str, x: float, y: float) -> list[int]:
    screen, frame = board.screen(x, y), board.page.locator("canvas.before").bounding_box()
    assert frame is not None
    reading = "(canvas, [x, y]) => [...canvas.getContext('2d').getImageData(x, y, 1, 1).data].slice(0, 3)"
    at = [round(screen[0] - frame["x"]), round(screen[1] - frame["y"])]
    colour: list[int] = board.page.locator(f"canvas.{pane}").evaluate(reading, at)
    return colour


def test_one_key_shows_every_pixel_of_original_and_result(board: BoardPage) -> None:
    fetched = _tell_of_a_large_picture(board)
    resolution = board.board.locator(".resolution")
    expect(resolution).to_contain_text("1 : 13")
    board.press("1")
    expect(resolution).to_have_text("1 : 1")
    expect(board.board).to_have_attribute("data-detail", "full")
    assert _pixel(board, "before", 4000, 2400) == [13 * 15, 7 * 15, 4 * 15]
    assert _pixel(board, "after", 4000, 2400) == [13 * 15, 7 * 15, 4 * 15 + 1]
    assert _pixel(board, "before", 4100, 2400) == [13 * 15, 8 * 15, 4 * 15]
    at_full_size = [each for each in fetched if each.split()[2] == "13"]
    assert 4 <= len(at_full_size) <= 24  # what the panes show, not the whole picture
    board.press("0")
    expect(resolution).to_contain_text("1 : 13")


def test_tab_shows_a_small_box_at_a_size_at_which_a_face_can_be_judged(board: BoardPage) -> None:
    small = {"x1": 7000.0, "y1": 4000.0, "x2": 7017.0, "y2": 4020.0, "score": 0.6, "destroyed": True}
    _tell_of_a_large_picture(board, FACE, small)
    board.press("Tab", "Tab")
    (left, top), (right, bottom) = board.screen(7000, 4000), board.screen(7017, 4020)
    frame = board.page.locator("canvas.before").bounding_box()
    assert frame is not None
    assert bottom - top >= 96
    assert frame["x"] <= left < right <= frame["x"] + frame["width"]
    assert frame["y"] <= top < bottom <= frame["y"] + frame["height"]
    expect(board.board).to_have_attribute("data-detail", "full")
    assert _pixel(board, "before", 7008, 4010) == [13 * 15, 13 * 15, 7 * 15]


def test_missing_detail_is_shown_as_such(board: BoardPage) -> None:
    board.page.route("**/tiles/**", lambda route: route.fulfill(status=404, body="The picture cannot be cut."))
    board.tell(FACE, key="large", width_px=8000, height_px=4800, tiles="/tiles")
    board.press("1")
    expect(board.board.locator(".resolution")).to_contain_text("detail 1 :")
    expect(board.board).to_have_attribute("data-detail", "reduced")


def test_a_sphere_is_looked_around_in_with_its_boxes(board: BoardPage) -> None:
    asked: list[str] = []
    board.page.on("request", lambda request: asked.append(request.url))

    def answer(route: Route) -> None:
        *_, last = urlsplit(route.request.url).path.split("/")
        if last in ("original", "result"):
            sphere = {"full_width_px": 1000, "full_height_px": 500, "left_px": 0, "top_px": 0}
            frame = {"width_px": 1000, "height_px": 500, "top_level": 10, "sphere": sphere}
            route.fulfill(json={"tile_px": 512, "frames": [frame]})
        else:
            file = io.BytesIO()
            Image.new("RGB", (512, 512), (20, 90, 160)).save(file, "PNG")
            route.fulfill(body=file.getvalue(), content_type="image/png")

    board.page.route("**/tiles/**", answer)
    board.tell(FACE, key="sphere", width_px=1000, height_px=500, tiles="/tiles")
    look = board.board.get_by_role("button", name="Look around")
    expect(look).to_be_visible()
    board.press("l")
    expect(board.board.locator(".sphere")).to_have_attribute("data-loaded", "true")
    assert not board.answers
    board.press("l")
    expect(board.board.locator(".sphere")).to_be_hidden()
    assert {urlsplit(url).hostname for url in asked if not url.startswith(("blob:", "data:"))} <= {"board.test"}
