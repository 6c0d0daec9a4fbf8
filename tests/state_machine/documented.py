"""The transitions that docs/state-machine.md allows, read from its tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PAGE = Path(__file__).parents[2] / "docs" / "state-machine.md"

NONE, DELETED = "\N{EN DASH}", "deleted"


@dataclass(frozen=True, slots=True)
class Transition:
    """One transition of an image or an attempt, and who takes it: owner, reviewer, operator or machine."""

    before: str
    after: str
    by: str


def documented(heading: str) -> frozenset[Transition]:
    """Every transition in the table under this heading (`Image` or `Attempt`)."""
    return frozenset(_rows(heading))


def _rows(heading: str) -> Iterator[Transition]:
    section = _PAGE.read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) < 7 or cells[1] == "from" or set(cells[1]) == {"-"}:
            continue
        before, after, by = (re.split(r",\s*", cell.replace("`", "")) for cell in cells[1:4])
        yield from (Transition(one, other, who) for one in before for other in after for who in by)
