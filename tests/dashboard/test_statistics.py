"""The page Statistics: every number on it against what the database holds."""

from __future__ import annotations

from typing import Any

import psycopg
import pyarrow
import pytest
from streamlit.testing.v1 import AppTest

from blurline.settings import Settings
from blurline.version import VERSION
from dashboard.states import IMAGE_STATES
from dashboard.statistics.charts import bin_names
from dashboard.statistics.sections import SECTIONS
from sql.engine.database import Database
from tests import image_rows
from tests.dashboard.conftest import Open, field, texts


@pytest.fixture
def filled(database: Database, settings: Settings) -> None:
    image_rows.fill(database, settings)


def section(page: AppTest, name: str) -> AppTest:
    page.segmented_control[0].set_value(name)
    return page.run()


def metrics(page: AppTest) -> dict[str, str]:
    assert not page.exception
    return {metric.label: metric.value for metric in page.metric}


def charts(page: AppTest) -> list[list[dict[str, Any]]]:
    """The rows behind each chart."""
    shown: list[Any] = list(page.get("vega_lite_chart"))
    return [pyarrow.ipc.open_stream(chart.proto.datasets[0].data.data).read_all().to_pylist() for chart in shown]


def asked(settings: Settings, query: str) -> dict[Any, int]:
    with psycopg.connect(settings.database.conninfo) as connection:
        return dict(connection.execute(query.encode()).fetchall())


def test_the_overview_counts_images_by_state(open_page: Open, filled: None, settings: Settings) -> None:
    by_state = asked(settings, "SELECT state, count(*) FROM images GROUP BY state")
    faces = asked(settings, "SELECT 'all', sum(faces) FROM images")["all"]
    page = open_page("statistics.py")
    shown = metrics(page)
    assert shown["Images"] == str(sum(by_state.values()))
    assert shown["Faces"] == str(faces)
    assert [shown[name] for name in ("Published", "Needs review", "Failed")] == [
        str(by_state.get(state, 0)) for state in ("published", "needs_review", "failed")
    ]
    images = charts(page)[0]
    assert sum(row["count"] for row in images) == sum(by_state.values())


def test_filters_restrict_every_number(open_page: Open, filled: None, settings: Settings) -> None:
    page = open_page("statistics.py")
    field(page.text_input, "Owner").set_value("bob").run()
    field(page.selectbox, "State").set_value("published").run()
    bobs = asked(
        settings,
        "SELECT owner, count(*) FROM images JOIN jobs ON jobs.id = job_id WHERE state = 'published' GROUP BY owner",
    )
    assert metrics(page)["Images"] == str(bobs.get("bob", 0))
    field(page.text_input, "Label").set_value("desk").run()
    assert "is not a label" in texts(page)


def test_faces_speed_failures_and_quality_are_shown(open_page: Open, filled: None, settings: Settings) -> None:
    page = section(open_page("statistics.py"), "Faces")
    per_image = asked(settings, "SELECT faces, count(*) FROM images WHERE faces IS NOT NULL GROUP BY faces")
    shown = {row["name"]: row["value"] for row in charts(page)[0]}
    assert {name: count for name, count in shown.items() if count and name != "5-9"} == {
        str(faces): count for faces, count in per_image.items() if faces < 5
    }
    assert shown["5-9"] == sum(count for faces, count in per_image.items() if 5 <= faces < 10)

    page = section(page, "Speed")
    waiting = asked(settings, "SELECT state, count(*) FROM images GROUP BY state").get("queued", 0)
    assert metrics(page)["Waiting now"] == str(waiting)
    assert metrics(page)["Mean processing"] == f"{sum(image_rows.STAGES.values()):.0f} ms"
    assert [row["value"] for row in charts(page)[0]] == pytest.approx(list(image_rows.STAGES.values()))

    page = section(page, "Failures and models")
    codes = asked(settings, "SELECT error_code, count(*) FROM images WHERE error_code IS NOT NULL GROUP BY error_code")
    assert dict(page.dataframe[0].value.groupby("Code")["Images"].sum()) == codes
    assert all(each.endswith(".") for each in page.dataframe[0].value["What happened"]), "a sentence for each code"

    page = section(page, "Review and quality")
    kinds = asked(settings, "SELECT kind, count(*) FROM decisions GROUP BY kind")
    assert {name.lower(): int(metrics(page)[name]) for name in ("Approved", "Corrected", "Rejected")} == kinds
    assert "95 % confidence" in texts(page) and "reviewed images: recall" in texts(page)


@pytest.mark.parametrize("name", list(SECTIONS))
def test_every_section_says_when_there_are_no_images(open_page: Open, name: str) -> None:
    page = section(open_page("statistics.py"), name)
    assert any(
        words in texts(page) for words in ("have no such data", "No reviewer has", "None of the selected images")
    )


def test_bins_are_labelled_with_their_range() -> None:
    assert bin_names([1, 2, 5, 10], are_counts=True) == ["0", "1", "2-4", "5-9", "10+"]
    assert bin_names([16, 32]) == ["< 16", "16-32", "≥ 32"]


def test_two_selections_are_shown_side_by_side(open_page: Open, filled: None, settings: Settings) -> None:
    profiles = asked(
        settings,
        "SELECT coalesce(images.policy, jobs.policy) ->> 'profile', count(*) "
        "FROM images JOIN jobs ON jobs.id = job_id GROUP BY 1",
    )
    chosen, other = sorted(profiles)[:2]
    page = open_page("statistics.py", profile=chosen, **{"with": other})
    assert [each.value for each in page.metric if each.label == "Images"] == [
        str(profiles[chosen]),
        str(profiles[other]),
    ]
    assert [each.value.partition(",")[0].lower() for each in page.subheader] == [chosen, other]
    page = open_page("statistics.py", **{"with": "before"})
    assert [each.value for each in page.metric if each.label == "Images"] == [str(sum(profiles.values())), "0"]


def test_releases_and_models_are_filters_and_stand_side_by_side(
    open_page: Open, filled: None, settings: Settings
) -> None:
    releases = asked(settings, "SELECT made_by_version, count(*) FROM images WHERE model IS NOT NULL GROUP BY 1")
    models = asked(settings, "SELECT model ->> 'sha256', count(*) FROM images WHERE model IS NOT NULL GROUP BY 1")
    page = open_page("statistics.py")
    assert field(page.selectbox, "Release").options == sorted(releases, reverse=True) == [VERSION, "0.1.0"]
    assert field(page.selectbox, "Model").options == ["m1 (m1m1m1m1)", "m2 (m2m2m2m2)"]
    field(page.selectbox, "Release").set_value("0.1.0").run()
    assert metrics(page)["Images"] == str(releases["0.1.0"])
    field(page.selectbox, "Compare with").set_value(f"release:{VERSION}").run()
    assert (page.query_params["release"], page.query_params["with"]) == ("0.1.0", f"release:{VERSION}")
    assert [each.value for each in page.metric if each.label == "Images"] == [
        str(releases["0.1.0"]),
        str(releases[VERSION]),
    ]
    assert [each.value.split(", ")[1] for each in page.subheader] == ["release 0.1.0", f"release {VERSION}"]
    field(page.selectbox, "Release").set_value(VERSION).run()
    assert field(page.selectbox, "Compare with").value == f"release:{VERSION}", "the choice stays"
    assert [each.value for each in page.metric if each.label == "Images"] == [str(releases[VERSION])] * 2
    page = open_page("statistics.py", model="m1" * 4, figures="Failures and models", **{"with": f"model:{'m2' * 4}"})
    tables = [table.value for table in page.dataframe if "Release" in table.value]
    assert [int(table["Images"].sum()) for table in tables] == [models["m1" * 4], models["m2" * 4]]
    assert "m1 (m1m1m1m1)" in page.subheader[0].value and "m2 (m2m2m2m2)" in page.subheader[1].value


def test_each_chart_has_a_table_of_the_same_figures(open_page: Open, filled: None, settings: Settings) -> None:
    page = open_page("statistics.py")
    table = page.dataframe[0].value.set_index("From (UTC)")
    by_state = asked(settings, "SELECT state, count(*) FROM images GROUP BY state")
    assert dict(table.sum()) == {IMAGE_STATES[state].word: count for state, count in by_state.items()}
    page = section(page, "Faces")
    (shown, *_) = charts(page)
    assert list(page.dataframe[0].value["Images"]) == [row["value"] for row in shown]


def test_filters_and_the_section_are_in_the_address(open_page: Open, filled: None) -> None:
    page = open_page("statistics.py")
    field(page.text_input, "Owner").set_value("bob").run()
    field(page.selectbox, "State").set_value("published").run()
    page = section(page, "Speed")
    assert {name: page.query_params[name] for name in ("owner", "state", "figures")} == {
        "owner": "bob",
        "state": "published",
        "figures": "Speed",
    }
    again = open_page("statistics.py", owner="bob", state="published", figures="Speed")
    assert metrics(again) == metrics(page)
    assert field(open_page("exports.py", owner="bob").text_input, "Owner").value == "bob"
