"""The data of the first release: after the migrations every row is there, and the API gives the same answers."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg
import pytest
from psycopg import sql
from pydantic import SecretStr

from api.app import create_app
from blurline.access.tokens import LocalIssuer, Scope
from blurline.settings import Settings
from sql.engine.migrate import MIGRATIONS, migrate
from tests.api_server import serving
from tests.upgrades.release import answers, restore
from tests.waiting import TIMEOUT_S

_OF_THE_MOMENT = {"issued_at", "blurline_version", "signature", "last_seen_at", "at"}
_USERS = {Scope.SUBMIT: "ann", Scope.REVIEW: "rita", Scope.OPERATE: "olga"}

Tables = dict[str, list[tuple[Any, ...]]]


@dataclass(frozen=True)
class Upgraded:
    """The first release's database, migrated: what it held before and after, and what was applied."""

    settings: Settings
    before: Tables
    after: Tables
    applied: list[str]


@pytest.fixture(scope="module")
def upgraded(servers: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upgraded]:
    url = servers.database.conninfo.rpartition("/")[0] + "/first_release"
    with psycopg.connect(servers.database.conninfo, autocommit=True) as connection:
        connection.execute("CREATE DATABASE first_release")
    restore(url)
    with psycopg.connect(url, autocommit=True) as connection:
        columns = _columns(connection)
        before = _rows(connection, columns)
        applied = migrate(url)
        after = _rows(connection, columns)
    settings = servers.replace(
        database_url=SecretStr(url),
        home=tmp_path_factory.mktemp("home"),
        prefect_api_url="http://127.0.0.1:9/api",
    )
    yield Upgraded(settings, before, after, applied)
    with psycopg.connect(servers.database.conninfo, autocommit=True) as connection:
        connection.execute("DROP DATABASE first_release WITH (FORCE)")


@pytest.fixture(scope="module")
def api(upgraded: Upgraded) -> Iterator[Mapping[str, httpx.Client]]:
    """Clients of today's API on the data, by scope."""
    issuer = LocalIssuer(upgraded.settings.home)
    with serving(create_app(upgraded.settings)) as url:
        clients = {
            scope.value: httpx.Client(
                base_url=url, headers={"Authorization": f"Bearer {issuer.issue(user, [scope], 600)}"}, timeout=TIMEOUT_S
            )
            for scope, user in _USERS.items()
        }
        yield clients
        for client in clients.values():
            client.close()


def test_every_later_migration_is_applied_and_every_row_is_unchanged(upgraded: Upgraded) -> None:
    released = {name for name, *_ in upgraded.before.pop("migrations")}
    assert upgraded.applied == sorted({path.stem for path in MIGRATIONS.glob("*.sql")} - released)
    assert upgraded.applied
    for table, rows in upgraded.before.items():
        assert upgraded.after[table] == rows, table


def test_the_data_contain_every_kind_of_row(upgraded: Upgraded) -> None:
    states = {(row["state"], row["error_code"]) for row in _images()}
    assert {state for state, _ in states} >= {"published", "needs_review", "failed", "queued"}
    assert {code for _, code in states} >= {"unreadable_picture", "rejected", "job_cancelled", "review_asked"}
    empty = {table for table, rows in upgraded.after.items() if not rows}
    assert empty <= {"deleted_images", "outbox", "review_claims"}


@pytest.mark.parametrize("asked", answers(), ids=lambda asked: f"{asked['scope']}:{asked['path']}")
def test_the_api_gives_the_same_answers(api: Mapping[str, httpx.Client], asked: dict[str, Any]) -> None:
    answer = api[asked["scope"]].get(asked["path"], params=asked["query"])
    assert answer.status_code == asked["status"], answer.text
    is_json = "json" in answer.headers["Content-Type"]
    assert _differences(asked["answer"], answer.json() if is_json else answer.text) == []


def test_decisions_count_for_the_release_and_model_that_they_judged(api: Mapping[str, httpx.Client]) -> None:
    def quality(**wanted: str) -> Any:
        answer = api["review"].get("/v1/statistics/quality", params={"since": "2020-01-01T00:00:00Z"} | wanted)
        return answer.raise_for_status().json()["overall"]

    models = api["review"].get("/v1/statistics/models", params={"since": "2020-01-01T00:00:00Z"}).json()["models"]
    assert quality()["found"] > 0
    assert quality(made_by_version="0.1.0") == quality()
    assert sum(quality(model_sha256=sha256)["found"] for sha256 in {model["sha256"] for model in models}) > 0
    assert quality(made_by_version="0.2.0")["found"] == 0


def _columns(connection: psycopg.Connection[Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    query = (
        "SELECT table_name, column_name FROM information_schema.columns JOIN information_schema.tables"
        " USING (table_schema, table_name) WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
        " ORDER BY table_name, ordinal_position"
    )
    for table, column in connection.execute(query):
        found.setdefault(table, []).append(column)
    return found


def _rows(connection: psycopg.Connection[Any], columns: dict[str, list[str]]) -> Tables:
    """Every row, in the columns of that time, in a stable order."""
    tables = {}
    for table, names in columns.items():
        wanted = sql.SQL(", ").join(map(sql.Identifier, names))
        query = sql.SQL("SELECT {} FROM {}").format(wanted, sql.Identifier(table))
        tables[table] = sorted(connection.execute(query).fetchall(), key=repr)
    return tables


def _images() -> list[dict[str, str]]:
    (text,) = [each["answer"] for each in answers() if each["path"] == "/v1/exports/images"]
    return list(csv.DictReader(io.StringIO(text)))


def _differences(was: Any, now: Any, where: str = "") -> list[str]:
    """The places where an answer lacks or changes a value. Added values are no difference."""
    if isinstance(was, str) and "\n" in was:
        was, now = (list(csv.DictReader(io.StringIO(text))) for text in (was, now))
    if isinstance(was, dict) and isinstance(now, dict):
        names = was.keys() - _OF_THE_MOMENT
        return [each for name in sorted(names) for each in _differences(was[name], now.get(name), f"{where}/{name}")]
    if isinstance(was, list) and isinstance(now, list) and len(was) == len(now):
        return [each for at, old in enumerate(was) for each in _differences(old, now[at], f"{where}/{at}")]
    return [] if was == now else [f"{where}: {was!r} became {now!r}"]
