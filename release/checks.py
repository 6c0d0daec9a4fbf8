"""Checks before a release is built."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

from release import ReleaseRefused


def version_of(root: Path) -> str:
    """The version in `pyproject.toml`, its only source."""
    version: str = tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"]
    return version


def check_changelog(root: Path, version: str) -> None:
    """Raise ReleaseRefused unless CHANGELOG.md has a dated section with text for this version."""
    text = (root / "CHANGELOG.md").read_text()
    section = re.search(rf"^## {re.escape(version)}, ([^\n]*)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    if section is None:
        raise ReleaseRefused(
            f"CHANGELOG.md has no section '## {version}, YYYY-MM-DD'. Describe what is new in {version}."
        )
    day, content = section.groups()
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", day):
        raise ReleaseRefused(f"CHANGELOG.md dates {version} '{day}'. Write the day of the release as YYYY-MM-DD.")
    if not content.strip():
        raise ReleaseRefused(f"The section of {version} in CHANGELOG.md is empty. Describe what is new.")


def check_tree(root: Path) -> None:
    """Raise ReleaseRefused unless the checkout equals its commit."""
    done = subprocess.run(["git", "status", "--porcelain"], cwd=root, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ReleaseRefused(f"A release needs a git checkout, but git reports: {done.stderr.strip()}")
    if done.stdout:
        raise ReleaseRefused(f"These files differ from the commit. Commit or remove them:\n{done.stdout}")
