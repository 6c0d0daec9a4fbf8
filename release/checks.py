"""What must be true before a release is built."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

from release import ReleaseRefused


def version_of(root: Path) -> str:
    """The version, which `pyproject.toml` alone states."""
    version: str = tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"]
    return version


def check_changelog(root: Path, version: str) -> None:
    """Raise ReleaseRefused unless CHANGELOG.md has a section of this version with its date and something in it."""
    text = (root / "CHANGELOG.md").read_text()
    section = re.search(rf"^## {re.escape(version)}, ([^\n]*)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    if section is None:
        raise ReleaseRefused(f"CHANGELOG.md has no section '## {version}, YYYY-MM-DD'. Write what is new in {version}.")
    day, content = section.groups()
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", day):
        raise ReleaseRefused(f"CHANGELOG.md calls {version} '{day}'. Put the day of the release there: YYYY-MM-DD.")
    if not content.strip():
        raise ReleaseRefused(f"CHANGELOG.md says nothing of {version}. Write what is new.")


def check_tree(root: Path) -> None:
    """Raise ReleaseRefused unless the checkout holds exactly what its commit holds."""
    done = subprocess.run(["git", "status", "--porcelain"], cwd=root, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ReleaseRefused(f"A release is made from a git checkout, and git says: {done.stderr.strip()}")
    if done.stdout:
        raise ReleaseRefused(f"These files are not as they were committed; commit or remove them:\n{done.stdout}")
