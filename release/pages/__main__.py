"""Regenerate every generated file and part: `make docs`."""

from release.pages import DOCS, GENERATED, rewritten
from release.pages.schema import SCHEMA, schema_of_migrations

for name in GENERATED:
    (DOCS / name).write_text(rewritten(DOCS / name))
SCHEMA.write_text(schema_of_migrations())
