"""Regenerate every generated file and part: `make docs`."""

from release.pages import DOCS, GENERATED, rewritten

for name in GENERATED:
    (DOCS / name).write_text(rewritten(DOCS / name))
