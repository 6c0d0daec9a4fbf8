"""Files at the root of a checkout that a wheel has inside this package (`pyproject.toml`, force-include)."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def shipped(name: str) -> Path:
    """The path of the file or folder in this installation."""
    inside = _PACKAGE / name
    return inside if inside.exists() else _PACKAGE.parent / name
