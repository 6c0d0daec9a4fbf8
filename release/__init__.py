"""Making a release: `make release`. Not part of the wheel."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[1]


class ReleaseRefused(Exception):
    """The release cannot be made; the message says why and what to do."""
