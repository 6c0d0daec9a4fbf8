"""The guides as readers see them: links, headings, code and runnable blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from release import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "samples" / "README.md"])
_MARKDOWN = MarkdownIt("commonmark").enable("table")


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code, with the word that marks its language and the line where it begins."""

    page: Path
    line: int
    language: str
    code: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path) -> list[Block]:
    """The blocks of code, in order."""
    return [
        Block(page, token.map[0] + 1, token.info.strip(), token.content)
        for token in _tokens(page)
        if token.type == "fence" and token.map
    ]


def links(page: Path) -> list[str]:
    """The targets of links and pictures."""
    return [
        str(token.attrs.get("href") or token.attrs.get("src"))
        for token in _inline(page)
        if token.type in ("link_open", "image")
    ]


def code_of(page: Path) -> list[str]:
    """Lines of code: each `word` in the text, each line of a block."""
    spans = [token.content for token in _inline(page) if token.type == "code_inline"]
    return spans + [line for block in blocks(page) for line in block.code.splitlines()]


def prose(page: Path) -> Iterator[tuple[int, str]]:
    """Numbers and texts of the lines in paragraphs and lists, without tables and blocks of code."""
    lines = page.read_text().splitlines()
    for token in _tokens(page):
        if token.type == "paragraph_open" and token.map:
            yield from enumerate(lines[slice(*token.map)], start=token.map[0] + 1)


@cache
def anchors(page: Path) -> set[str]:
    """The anchors of the headings."""
    found: set[str] = set()
    tokens = _tokens(page)
    for heading, content in pairwise(tokens):
        if heading.type == "heading_open":
            slug = re.sub(r"[^\w\- ]", "", content.content.lower()).replace(" ", "-")
            numbered = (slug if not number else f"{slug}-{number}" for number in range(1000))
            found.add(next(each for each in numbered if each not in found))
    return found


@cache
def _tokens(page: Path) -> list[Token]:
    return _MARKDOWN.parse(page.read_text())


def _inline(page: Path) -> Iterator[Token]:
    for token in _tokens(page):
        yield from token.children or ()
