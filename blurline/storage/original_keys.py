"""The keys of originals in Blurline's store."""

from __future__ import annotations

import hashlib

from blurline.ids import new_id


def owner_prefix(owner: str) -> str:
    """The prefix of the keys of an owner's originals."""
    return f"{hashlib.sha256(owner.encode()).hexdigest()[:16]}/"


def direct_key(owner: str) -> str:
    """A new key for which no upload form was issued, so that only Blurline can write to it."""
    return f"{owner_prefix(owner)}direct/{new_id()}"
