"""The parts of the guides that are written from the code: `make docs`.

A page holds one such part, between two marks; what stands around it is written by people.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from release import ROOT
from release.pages.errors import error_tables
from release.pages.policy import policy_table
from release.pages.reference import api_reference
from release.pages.settings import settings_tables

DOCS = ROOT / "docs"
GENERATED: dict[str, Callable[[], str]] = {
    "settings.md": settings_tables,
    "policy.md": policy_table,
    "errors.md": error_tables,
    "api-reference.md": api_reference,
}
_BEGIN, _END = "<!-- From here on written by `make docs`. -->\n", "<!-- Up to here. -->\n"


def rewritten(path: Path) -> str:
    """The page with its generated part as the code has it now."""
    before, _, rest = path.read_text().partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}\n{GENERATED[path.name]().strip()}\n\n{_END}{after}"
