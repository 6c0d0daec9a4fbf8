"""sql/schema.sql: the present schema, read from the catalogs of the bundled PostgreSQL after every migration."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import LiteralString

import psycopg
from psycopg.rows import DictRow, dict_row

from deployments.embedded.home import Home
from deployments.embedded.postgres import create_databases, postgres_part, postgres_url
from deployments.embedded.supervisor import Supervisor
from release import ROOT
from sql.engine.migrate import MIGRATIONS, migrate

SCHEMA = ROOT / "sql" / "schema.sql"

_WIDTH = 120
_BREAK = re.compile(r" (?=WHERE |FOR EACH |WHEN |RETURNS )|(?<=\)) (?=EXECUTE FUNCTION )")
_HEAD = """\
-- The present schema, for reading. Written by `make docs` from the migrations; never edit or apply it.
-- The numbers name the migrations that create or change an object. Their comments say what it is for.
"""

_TABLES = """
SELECT oid, relname AS name FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY relname COLLATE "C"
"""

_COLUMNS = """
SELECT attname AS name, replace(format_type(atttypid, atttypmod), 'timestamp with time zone', 'timestamptz') AS type,
       concat(CASE WHEN attnotnull THEN ' NOT NULL' END,
              CASE attidentity WHEN 'a' THEN ' GENERATED ALWAYS AS IDENTITY' END,
              ' DEFAULT ' || pg_get_expr(adbin, adrelid, true)) AS rest
FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE attrelid = %s AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""

_CONSTRAINTS = """
SELECT format('CONSTRAINT %%I %%s', conname, pg_get_constraintdef(oid, true)) AS text FROM pg_constraint
WHERE conrelid = %s AND contype IN ('p', 'u', 'c', 'f', 'x')
ORDER BY position(contype::text IN 'pucxf'), conname COLLATE "C"
"""

_INDEXES = """
SELECT pg_get_indexdef(indexrelid, 0, true) AS text FROM pg_index
WHERE indrelid = %s AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
ORDER BY indexrelid::regclass::text COLLATE "C"
"""

_TRIGGERS = """
SELECT pg_get_triggerdef(oid, true) AS text FROM pg_trigger
WHERE tgrelid = %s AND NOT tgisinternal ORDER BY tgname COLLATE "C"
"""

_VIEWS = """
SELECT relname AS name, pg_get_viewdef(oid, 110) AS text FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'v' ORDER BY relname COLLATE "C"
"""

_FUNCTIONS = """
SELECT proname AS name, pg_get_functiondef(oid) AS text FROM pg_proc
WHERE pronamespace = 'public'::regnamespace AND prokind = 'f' ORDER BY proname COLLATE "C", oid::regprocedure::text
"""

_AGGREGATES = """
SELECT proname AS name, format(
    'CREATE AGGREGATE %%s (SFUNC = %%s, STYPE = %%s, INITCOND = %%L)',
    pg_proc.oid::regprocedure, aggtransfn, format_type(aggtranstype, NULL), agginitval
) AS text
FROM pg_proc JOIN pg_aggregate ON aggfnoid = pg_proc.oid
WHERE pronamespace = 'public'::regnamespace ORDER BY proname COLLATE "C"
"""


def schema_of_migrations() -> str:
    """The text of `SCHEMA`, from a PostgreSQL that is started for it and removed again."""
    with _fresh_database() as url:
        migrate(url)
        return describe(url)


def describe(database: str) -> str:
    """Tables with their columns, constraints, indexes and triggers; views; functions. Each kind is ordered by name."""
    with psycopg.connect(database, row_factory=dict_row) as connection:
        connection.execute("SET search_path TO public")
        tables = [_table(connection, **row) for row in _rows(connection, _TABLES)]
        views = [f"{_origin(name)}CREATE VIEW {name} AS\n{text}" for name, text in _named(connection, _VIEWS)]
        functions = [
            *(f"{_origin(name)}{_function(text)}" for name, text in _named(connection, _FUNCTIONS)),
            *(f"{_origin(name)}{text};" for name, text in _named(connection, _AGGREGATES)),
        ]
    return "\n\n".join([_HEAD + "\n-- Tables", *tables, "-- Views", *views, "-- Functions", *functions]) + "\n"


def _table(connection: psycopg.Connection[DictRow], oid: int, name: str) -> str:
    columns = _rows(connection, _COLUMNS, oid)
    names, types = (max(len(column[key]) for column in columns) for key in ("name", "type"))
    lines = [
        *(f"{column['name']:{names}} {column['type']:{types}}{column['rest']}".rstrip() for column in columns),
        *(row["text"] for row in _rows(connection, _CONSTRAINTS, oid)),
    ]
    body = ",\n".join(f"    {_plain(line)}" for line in lines)
    others = [row["text"] for kind in (_INDEXES, _TRIGGERS) for row in _rows(connection, kind, oid)]
    return "\n".join(
        [f"{_origin(name)}CREATE TABLE {name} (\n{body}\n);", *(f"{_wrapped(_plain(each))};" for each in others)]
    )


def _function(text: str) -> str:
    """A function as the migrations write it: the head in one line."""
    head, _, body = text.replace("CREATE OR REPLACE FUNCTION public.", "CREATE FUNCTION ").partition("AS $function$")
    head = _plain(head).replace("timestamp with time zone", "timestamptz")
    return f"{_wrapped(' '.join(head.split()))} AS $${body.removesuffix('$function$')}$$;"


def _plain(text: str) -> str:
    """Without what PostgreSQL adds to every definition."""
    return re.sub(r"(?<=')::(text|jsonb)\b", "", text).replace(" USING btree", "")


def _wrapped(text: str) -> str:
    return text if len(text) <= _WIDTH else re.sub(_BREAK, "\n    ", text)


def _origin(name: str) -> str:
    """The migrations that create or change it, as a comment."""
    changes = re.compile(rf"\b(?:CREATE|ALTER|OR REPLACE) (?:TABLE|VIEW|FUNCTION|AGGREGATE) {name}\b")
    numbers = [path.stem[:4] for path in sorted(MIGRATIONS.glob("[0-9]*.sql")) if changes.search(path.read_text())]
    return f"-- {', '.join(numbers)}\n" if numbers else ""


def _rows(connection: psycopg.Connection[DictRow], query: LiteralString, *values: object) -> list[DictRow]:
    return connection.execute(query, values).fetchall()


def _named(connection: psycopg.Connection[DictRow], query: LiteralString) -> list[tuple[str, str]]:
    return [(row["name"], row["text"].strip()) for row in _rows(connection, query)]


@contextmanager
def _fresh_database() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        password, port = home.secrets()["database_password"], home.ports({"postgres": 0})["postgres"]
        supervisor = Supervisor(home, [postgres_part(home, password, port, dict(os.environ))])
        try:
            supervisor.start()
            create_databases(password, port)
            yield postgres_url(password, port, "blurline")
        finally:
            supervisor.stop()
            home.release()
