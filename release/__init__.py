"""Tools for releases (`make release`). Not part of the wheel."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[1]


class ReleaseRefused(Exception):
    """The release cannot be built; the message says why and what to do."""
