"""Generates files and parts of guides in docs/ from the code (`make docs`).

A guide has one generated part between two marks; the text around it is written by hand.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from release import ROOT
from release.pages.errors import error_tables
from release.pages.openapi import openapi_document
from release.pages.policy import policy_table
from release.pages.settings import settings_tables

DOCS = ROOT / "docs"
GENERATED: dict[str, Callable[[], str]] = {
    "settings.md": settings_tables,
    "policy.md": policy_table,
    "errors.md": error_tables,
    "openapi.json": openapi_document,
}
_BEGIN, _END = "<!-- From here on written by `make docs`. -->\n", "<!-- Up to here. -->\n"


def rewritten(path: Path) -> str:
    """Return the file with its generated part updated; a file that is not a guide is generated as a whole."""
    generated = GENERATED[path.name]()
    if path.suffix != ".md":
        return generated
    before, _, rest = path.read_text().partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}\n{generated.strip()}\n\n{_END}{after}"
