"""The words of pages: advice, notes and guides."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import blurline
from blurline.contract import ImageError
from blurline.error_codes import ERROR_CODES
from dashboard.guides import INDEX, GuidePicture, guide_names, read_guide
from dashboard.jobs.error_advice import advice
from dashboard.jobs.notes import NOTES
from tests.dashboard.conftest import Open, field, texts

_ROOT = Path(blurline.__file__).parents[1]


@pytest.mark.parametrize(
    "message",
    [
        "The file is not a picture in a supported format, whatever its name. Convert it to JPEG, PNG, WebP or GIF.",
        "The JPEG picture is damaged or truncated and cannot be decoded. Export or upload it again.",
        "The file is empty. Upload it again.",
    ],
)
def test_a_message_that_gives_advice_gets_no_second_one(message: str) -> None:
    assert advice(ImageError(code="unreadable_picture", message=message)) == ""


def test_a_message_without_advice_gets_that_of_its_code() -> None:
    error = ImageError(code="unreadable_picture", message="The picture is cut short.")
    assert advice(error) == ERROR_CODES["unreadable_picture"].advice
    assert "tell the operator" in advice(ImageError(code="of_a_newer_release", message="Something happened."))


def test_every_note_has_a_sentence() -> None:
    sources = [path.read_text() for folder in ("blurline", "models") for path in (_ROOT / folder).rglob("*.py")]
    codes = {code for text in sources for code in re.findall(r'PictureNote\(\s*"(\w+)"', text)}
    losses = (_ROOT / "blurline" / "picture" / "losses.py").read_text().partition("_LOSSES: ")[2]
    codes |= set(re.findall(r'^    "(\w+)": _\w+,$', losses, re.MULTILINE))
    assert len(codes) > 10 and codes == set(NOTES)


def test_a_guide_is_shown_with_links_to_others(open_page: Open) -> None:
    said = texts(open_page("guides.py", guide="submitter"))
    assert "# For submitters" in said
    assert "](guides?guide=policy)" in said
    page = open_page("guides.py")
    assert field(page.selectbox, "Guide").value == INDEX


def test_every_link_of_a_guide_leads_to_a_guide_or_elsewhere() -> None:
    for name in guide_names():
        for part in read_guide(name):
            if isinstance(part, GuidePicture):
                assert part.path.exists()
            else:
                links = re.findall(r"\]\(([^)\s]*)\)", part)
                wrong = [each for each in links if not re.match(r"guides\?guide=|#|https?://|mailto:", each)]
                assert wrong == [], name
