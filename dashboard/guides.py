"""The guides of this release as the dashboard shows them: Markdown whose links lead to other guides."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_PACKAGE = Path(__file__).parent
_SHIPPED, _CHECKOUT = _PACKAGE / "shipped_guides", _PACKAGE.parent / "docs"  # `pyproject.toml`, force-include
_COMMENT = re.compile(r"<!--.*?-->\n*", re.DOTALL)
_PICTURE = re.compile(r"^!\[([^\]]*)\]\((pictures/[\w.-]+)\)$", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)#:\s]*)(#[^)\s]*)?\)")
INDEX = "README"


@dataclass(frozen=True, slots=True)
class GuidePicture:
    """A picture of a guide, and what it shows."""

    path: Path
    shows: str


def guide_names() -> list[str]:
    """The names of all guides, as in the address."""
    return sorted(path.stem for path in _folder().glob("*.md"))


def read_guide(name: str) -> list[str | GuidePicture]:
    """The guide's parts in their order: Markdown, and pictures that are there. ``name`` is one of `guide_names`."""
    folder = _folder()
    text = _COMMENT.sub("", (folder / f"{name}.md").read_text(encoding="utf-8"))
    parts: list[str | GuidePicture] = []
    at = 0
    for found in _PICTURE.finditer(text):
        parts.append(_linked(text[at : found.start()]))
        if (folder / found[2]).exists():
            parts.append(GuidePicture(folder / found[2], found[1]))
        at = found.end()
    return [*parts, _linked(text[at:])]


def _linked(text: str) -> str:
    """The text with links to guides as addresses of the page, and links to other files as plain text."""
    names = guide_names()

    def link(found: re.Match[str]) -> str:
        target, anchor = found[1], found[2] or ""
        name = target.removesuffix(".md")
        if not target:
            return found[0]
        return f"](guides?guide={name}{anchor})" if target.endswith(".md") and name in names else "]()"

    return re.sub(r"\[([^\]]*)\]\(\)", r"\1", _LINK.sub(link, text))


def _folder() -> Path:
    return _SHIPPED if _SHIPPED.exists() else _CHECKOUT
