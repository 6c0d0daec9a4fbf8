"""Files that lie at the root of a checkout and inside this package in a wheel (`pyproject.toml`, force-include)."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def shipped(name: str) -> Path:
    """Where the file or folder is in this installation."""
    inside = _PACKAGE / name
    return inside if inside.exists() else _PACKAGE.parent / name
