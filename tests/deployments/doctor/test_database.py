from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from pydantic import SecretStr

from blurline.settings import Settings
from deployments.doctor import Severity, examine
from deployments.doctor.database import database
from tests.deployments.doctor.findings import wrong


@pytest.fixture
def pretending(settings: Settings) -> Iterator[psycopg.Connection]:
    """A schema whose functions take precedence over PostgreSQL's own for `_pretended`."""
    with psycopg.connect(settings.database.conninfo, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA pretended")
        yield connection
        connection.execute("DROP SCHEMA pretended CASCADE")


def _pretended(settings: Settings) -> Settings:
    url = f"{settings.database.conninfo}?options=-csearch_path%3Dpretended,pg_catalog,public"
    return settings.replace(database_url=SecretStr(url))


def test_a_healthy_database_needs_no_remedy(settings: Settings) -> None:
    assert wrong(database, settings) == {}


@pytest.mark.parametrize(
    ("function", "name", "severity", "says"),
    [
        (
            "clock_timestamp() RETURNS timestamptz RETURN pg_catalog.clock_timestamp() + interval '5 minutes'",
            "database.clock",
            Severity.ERROR,
            "300.0 s ahead of",
        ),
        (
            "clock_timestamp() RETURNS timestamptz RETURN pg_catalog.clock_timestamp() - interval '10 seconds'",
            "database.clock",
            Severity.WARNING,
            "s behind",
        ),
        ("pg_is_in_recovery() RETURNS boolean RETURN true", "database.role", Severity.ERROR, "standby"),
        (
            "current_setting(name text) RETURNS text RETURN CASE name WHEN 'server_version_num' THEN '130012'"
            " ELSE pg_catalog.current_setting(name) END",
            "database.version",
            Severity.ERROR,
            "responds",
        ),
        (
            "current_setting(name text) RETURNS text RETURN CASE name WHEN 'server_version_num' THEN '160012'"
            " ELSE pg_catalog.current_setting(name) END",
            "database.version",
            Severity.WARNING,
            "tested with 18",
        ),
    ],
)
def test_problems_of_a_server_are_reported(
    settings: Settings, pretending: psycopg.Connection, function: str, name: str, severity: Severity, says: str
) -> None:
    pretending.execute(f"CREATE FUNCTION pretended.{function}".encode())
    (found,) = wrong(database, _pretended(settings)).values()
    assert (found.name, found.severity) == (name, severity)
    assert says in found.says


@pytest.mark.parametrize(("limit", "severity"), [(1, Severity.ERROR), (10, Severity.WARNING)])
def test_a_shortage_of_connections_is_predicted(settings: Settings, limit: int, severity: Severity) -> None:
    with psycopg.connect(settings.database.conninfo, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE blurline CONNECTION LIMIT {limit}".encode())
        try:
            found = wrong(database, settings)
        finally:
            connection.execute("ALTER DATABASE blurline CONNECTION LIMIT -1")
    assert set(found) == {"database.connections"}
    assert found["database.connections"].severity is severity
    assert "max_connections" in str(found["database.connections"].remedy)


def test_a_database_without_tables_in_another_encoding_is_reported(settings: Settings) -> None:
    with psycopg.connect(settings.database.conninfo, autocommit=True) as connection:
        connection.execute("CREATE DATABASE plain ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0")
        try:
            plain = SecretStr(settings.database.conninfo.rsplit("/", 1)[0] + "/plain")
            found = wrong(database, settings.replace(database_url=plain))
        finally:
            connection.execute("DROP DATABASE plain")
    assert set(found) == {"database.encoding", "database.migrations"}
    assert found["database.migrations"].remedy == "Run `blurline migrate`."
    assert "0001_jobs_images_attempts" in found["database.migrations"].says


def test_a_database_that_is_newer_than_this_code_is_a_warning(settings: Settings) -> None:
    with psycopg.connect(settings.database.conninfo, autocommit=True) as connection:
        connection.execute("INSERT INTO migrations (name) VALUES ('9999_of_tomorrow')")
        try:
            found = wrong(database, settings)
        finally:
            connection.execute("DELETE FROM migrations WHERE name = '9999_of_tomorrow'")
    assert set(found) == {"database.migrations"}
    assert found["database.migrations"].severity is Severity.WARNING
    assert "9999_of_tomorrow" in found["database.migrations"].says


def test_a_user_who_may_not_create_or_change_tables_is_reported(settings: Settings) -> None:
    with psycopg.connect(settings.database.conninfo, autocommit=True) as connection:
        connection.execute("CREATE ROLE plain LOGIN PASSWORD 'plain'")
        connection.execute("CREATE DATABASE unowned")
        server, _, own = settings.database.conninfo.rpartition("/")
        address = server.rpartition("@")[2]
        try:
            for database_name, lacks in ((own, "cannot use"), ("unowned", "cannot create tables")):
                url = SecretStr(f"postgresql://plain:plain@{address}/{database_name}")
                found = {
                    each.name: each for each in examine(settings.replace(database_url=url), {"database": database})
                }
                assert lacks in found["database.role"].says
                assert f'ALTER DATABASE "{database_name}" OWNER TO "plain"' in str(found["database.role"].remedy)
        finally:
            connection.execute("DROP DATABASE unowned")
            connection.execute("DROP ROLE plain")


def test_a_wrong_password_is_distinguished_from_an_unavailable_server(settings: Settings) -> None:
    address = settings.database.conninfo.rsplit("@", 1)[1]
    refused = settings.replace(database_url=SecretStr(f"postgresql://blurline:wrong@{address}"))
    found = wrong(database, refused)
    assert set(found) == {"database.connection"}
    assert "password authentication failed" in found["database.connection"].says
