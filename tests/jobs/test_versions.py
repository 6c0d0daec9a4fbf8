"""The releases that made results, and the releases that run."""

from __future__ import annotations

import csv
import io

import httpx
import psycopg

from blurline.access.tokens import Scope
from blurline.settings import Settings
from blurline.storage.store import Store
from blurline.version import VERSION
from sql.engine.database import Database
from sql.jobs.settlement import fail
from tests.api_requests import bearer, images_of, publish_all, submit, underway


def test_a_result_names_the_release_that_made_it(
    client: httpx.Client, settings: Settings, database: Database, store: Store
) -> None:
    job = submit(client, "a.jpg")
    (image,) = images_of(client, job).values()
    assert image["blurline_version"] is None
    publish_all(database, settings, store)
    url = f"/v1/images/{image['id']}"
    assert client.get(url).json()["blurline_version"] == VERSION
    record = client.get(f"{url}/audit").json()["record"]
    assert (record["made_by_version"], record["blurline_version"]) == (VERSION, VERSION)
    assert _exported(client) == [VERSION]
    with psycopg.connect(settings.database.conninfo) as connection:  # as a worker of 0.1.0 leaves it
        connection.execute("UPDATE attempts SET blurline_version = NULL")
    assert client.get(url).json()["blurline_version"] is None
    assert [each["blurline_version"] for each in images_of(client, job).values()] == [None]
    assert client.get(f"{url}/audit").json()["record"]["made_by_version"] is None
    assert _exported(client) == [""]


def test_a_failed_attempt_names_its_release(client: httpx.Client, settings: Settings, database: Database) -> None:
    submit(client, "a.jpg")
    (attempt,) = underway(database, settings)
    with database.transaction() as transaction:
        fail(transaction, attempt, "unreadable_picture", "It is cut short.")
    with psycopg.connect(settings.database.conninfo) as connection:
        assert connection.execute("SELECT outcome, blurline_version FROM attempts").fetchall() == [("failed", VERSION)]


def test_the_service_reports_its_running_releases(client: httpx.Client, settings: Settings) -> None:
    assert client.get("/healthcheck").json()["version"] == VERSION
    assert client.get("/openapi.json").json()["info"]["version"] == VERSION
    with psycopg.connect(settings.database.conninfo, application_name="blurline api 0.1.9 7@elsewhere"):
        system = client.get("/v1/system", headers={"Authorization": bearer(settings, "olga", Scope.OPERATE)}).json()
    assert system["version"] == VERSION
    assert {each["version"] for each in system["api_processes"]} == {VERSION, "0.1.9"}
    assert "7@elsewhere" in {each["name"] for each in system["api_processes"]}
    metrics = client.get("/metrics").text
    assert f'blurline_build_info{{version="{VERSION}"}} 1.0' in metrics


def _exported(client: httpx.Client) -> list[str]:
    text = client.get("/v1/exports/images", params={"format": "csv"}).raise_for_status().text
    return [row["blurline_version"] for row in csv.DictReader(io.StringIO(text))]
