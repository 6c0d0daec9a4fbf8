"""Scripts and styles that show pictures in the browser, for the review board and for the large view of an image."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent
_PAGE, _PANNELLUM = _FOLDER / "page", _FOLDER / "pannellum"
_PICTURE = ("view", "tiles", "painting", "picture", "strip", "resolution", "sphere")


def script(name: str) -> str:
    """The text of a script of this folder."""
    return (_PAGE / f"{name}.js").read_text()


def page(name: str) -> str:
    """The text of a page of this folder."""
    return (_PAGE / name).read_text()


PICTURE_JS = "\n".join([(_PANNELLUM / "pannellum.js").read_text(), *map(script, _PICTURE)])
"""Pannellum, and the classes that show a picture by its tiles."""

CSS = "\n".join([(_PANNELLUM / "pannellum.css").read_text(), page("board.css"), page("sphere.css")])
