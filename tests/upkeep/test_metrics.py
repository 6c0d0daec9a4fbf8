from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics_to_families
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from api.app import create_app
from api.upkeep.database_metrics import DatabaseMetrics
from blurline.observability import metrics
from blurline.settings import Settings
from tests.api_requests import problem, submit
from tests.api_server import serving
from tests.waiting import TIMEOUT_S

TOKEN = "of-prometheus-alone"


@pytest.fixture
def guarded(without_prefect: Settings) -> Iterator[httpx.Client]:
    settings = without_prefect.replace(metrics_token=SecretStr(TOKEN))
    with serving(create_app(settings)) as url, httpx.Client(base_url=url, timeout=TIMEOUT_S) as client:
        yield client


def figures(text: str) -> dict[str, float]:
    return {
        sample.name + "".join(f"/{value}" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_the_metrics_show_the_process_and_the_service(client: httpx.Client) -> None:
    submit(client, "a.jpg", "b.jpg")
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    found = figures(answer.text)
    assert (found["blurline_database_up"], found["blurline_images/queued"], found["blurline_images/failed"]) == (
        1,
        2,
        0,
    )
    assert found["blurline_queue_images/interactive"] == 2
    assert found["blurline_http_request_duration_seconds_count/POST//v1/jobs/202"] >= 1
    assert found["process_resident_memory_bytes"] > 0


def test_a_scraper_that_accepts_openmetrics_gets_it(client: httpx.Client) -> None:
    answer = client.get("/metrics", headers={"Accept": "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"})
    assert answer.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    families = open_metrics_to_families(answer.text)  # type: ignore[no-untyped-call]
    names = {family.name for family in families}  # the parser refuses any other format
    assert {"blurline_database_up", "blurline_images", "blurline_http_request_duration_seconds"} <= names


def test_the_metrics_require_a_token_if_one_is_set(guarded: httpx.Client) -> None:
    problem(guarded.get("/metrics"), 401, "invalid_token")
    problem(guarded.get("/metrics", headers={"Authorization": "Bearer another"}), 401, "invalid_token")
    assert guarded.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200


def test_without_a_database_only_the_metrics_of_the_process_are_reported(settings: Settings) -> None:
    assert figures(DatabaseMetrics(settings.database.conninfo).text().decode())["blurline_images/published"] == 0
    assert metrics.API.get_sample_value("blurline_database_up") == 1
    assert DatabaseMetrics("postgresql://nobody@127.0.0.1:1/blurline").text() == b""
    assert metrics.API.get_sample_value("blurline_database_up") == 0


def test_the_database_is_queried_at_intervals(client: httpx.Client, settings: Settings) -> None:
    conninfo = settings.database.conninfo
    seldom, always = DatabaseMetrics(conninfo, fresh_s=3600), DatabaseMetrics(conninfo, fresh_s=0)
    before = seldom.text()
    submit(client, "a.jpg")
    assert seldom.text() == before
    assert figures(always.text().decode())["blurline_images/queued"] == 1
