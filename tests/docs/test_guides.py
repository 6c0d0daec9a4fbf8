"""The guides whose shell is run."""

from __future__ import annotations

from pathlib import Path

GUIDES: tuple[Path, ...] = ()
