"""sql/schema.sql is the schema that the migrations make, and the NOTIFY channels in it are those of the list."""

from __future__ import annotations

import re

import psycopg

from blurline.settings import Settings
from release import ROOT
from release.pages.schema import SCHEMA, describe
from sql.engine.channels import Channel

_NOTIFIED = re.compile(r"pg_notify\('(\w+)'|\bNOTIFY (\w+)")

_OBJECTS = """
SELECT 'relation', relname, relkind::text FROM pg_class WHERE relnamespace = 'public'::regnamespace
UNION ALL
SELECT 'function', proname, prokind::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace
UNION ALL
SELECT 'trigger', tgname, '' FROM pg_trigger WHERE NOT tgisinternal
UNION ALL
SELECT 'column', attname, '' FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
UNION ALL
SELECT 'constraint', conname, '' FROM pg_constraint
WHERE connamespace = 'public'::regnamespace AND contype NOT IN ('n', 't')
UNION ALL
SELECT 'type', typname, typtype::text FROM pg_type
WHERE typnamespace = 'public'::regnamespace AND typtype IN ('d', 'e', 'r')
"""
_DESCRIBED = (
    {("relation", kind) for kind in "rivS"}
    | {("function", kind) for kind in "fa"}
    | {(what, "") for what in ("trigger", "column", "constraint")}
)
"""The kinds of objects that `describe` knows. Sequences (S) are those of identity columns."""


def test_the_schema_file_is_what_the_migrations_make(settings: Settings) -> None:
    assert SCHEMA.read_text() == describe(settings.database.conninfo), "run `make docs`"


def test_the_schema_file_leaves_no_object_out(settings: Settings) -> None:
    text = SCHEMA.read_text()
    with psycopg.connect(settings.database.conninfo) as connection:
        for what, name, kind in connection.execute(_OBJECTS):
            assert (what, kind) in _DESCRIBED, f"`describe` does not know what kind of {what} {name} is"
            assert kind == "S" or re.search(rf"\b{name}\b", text), f"the {what} {name}"


def test_the_list_of_channels_is_complete() -> None:
    texts = [SCHEMA.read_text(), *(path.read_text() for path in (ROOT / "sql").glob("*/*.sql"))]
    named = {name for text in texts for names in _NOTIFIED.findall(text) for name in names if name}
    assert named == set(Channel)


def test_nobody_but_the_list_and_the_statements_names_a_channel() -> None:
    python = [path for folder in ("api", "sql", "tasks", "flows", "tests") for path in (ROOT / folder).rglob("*.py")]
    quoted = re.compile(rf"[\"' ](?:{'|'.join(Channel)})[\"'\\n]")
    assert [path.name for path in python if quoted.search(path.read_text())] == ["channels.py"]
