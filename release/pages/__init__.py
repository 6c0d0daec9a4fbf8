"""The files and parts of guides in docs/ that are generated from the code: `make docs`.

A guide holds one generated part, between two marks; people write the text around it.
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
    """The file with its generated part as the code has it now; the whole file unless it is a guide."""
    generated = GENERATED[path.name]()
    if path.suffix != ".md":
        return generated
    before, _, rest = path.read_text().partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}\n{generated.strip()}\n\n{_END}{after}"
