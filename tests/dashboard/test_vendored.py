"""The vendored viewer: the files that its README names, unchanged, which load nothing from elsewhere."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path

import dashboard

_FOLDER = Path(dashboard.__file__).parent / "viewer" / "pannellum"
_ROW = re.compile(r"^\| `([\w.]+)` \| `([0-9a-f]{64})` \|$", re.MULTILINE)


def test_the_vendored_files_are_those_that_the_readme_names() -> None:
    named = dict(_ROW.findall((_FOLDER / "README.md").read_text()))
    there = {path.name: sha256(path.read_bytes()).hexdigest() for path in _FOLDER.iterdir() if path.name != "README.md"}
    assert named == there and len(there) == 3


def test_its_styles_load_nothing() -> None:
    addresses = re.findall(r"url\(['\"]?([^'\")]{5})", (_FOLDER / "pannellum.css").read_text())
    assert set(addresses) == {"data:"}
