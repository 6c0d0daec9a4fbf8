"""The page System, what is said while the API is away, and the remedies."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from api.app import create_app
from blurline.client import Client
from blurline.settings import Settings
from dashboard.problems import AWAY
from dashboard.remedies import REMEDIES
from tests.api.serving import serving
from tests.dashboard.conftest import Enter, Open, texts
from tests.pictures import HOPPER

_ERRORS = Path(__file__).parents[2] / "docs" / "errors.md"


def test_it_shows_what_is_well_and_what_waits(open_page: Open, client: Client) -> None:
    client.submit_files([HOPPER])
    page = open_page("system.py")
    said = texts(page)
    assert "**Database**" in said and "well" in said
    assert "prefect_unavailable" in said and "nobody knows who works" in said
    waiting = page.dataframe[0].value.set_index("What")["How many"]
    assert waiting["Images in the queue “interactive”"] == 1
    assert list(page.dataframe[1].value["State"]) == ["Waiting"]


@pytest.mark.parametrize("file", ["submit.py", "jobs.py", "system.py"])
def test_while_the_api_is_away_a_page_says_so_and_then_goes_on(settings: Settings, enter: Enter, file: str) -> None:
    app = create_app(settings.model_copy(update={"prefect_api_url": "http://127.0.0.1:9/api"}))
    with serving(app) as url:
        page = enter(url).switch_page(file).run()
        assert AWAY not in texts(page)
    assert AWAY in texts(page.run())


def test_a_session_that_begins_while_the_api_is_away_says_so(enter: Enter) -> None:
    assert texts(enter("http://127.0.0.1:9")) == AWAY


def test_there_is_a_remedy_for_every_code_of_an_image() -> None:
    _, _, table = _ERRORS.read_text().partition("## Images")
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    assert set(re.findall(r"`(\w+)`", " ".join(rows))) <= set(REMEDIES)
