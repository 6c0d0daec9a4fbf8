"""The keys of objects that the store has beside an original or a result."""

from __future__ import annotations

from enum import StrEnum

PREVIEW_MEDIA_TYPE = "image/jpeg"


class PreviewSize(StrEnum):
    """The sizes of previews: a thumbnail for lists, or a view for review."""

    THUMB = "thumb"
    VIEW = "view"

    @property
    def side_px(self) -> int:
        """The longer side; smaller pictures are not enlarged."""
        return 320 if self is PreviewSize.THUMB else 1600


def preview_key(key: str, size: PreviewSize) -> str:
    """The key of an object's preview: beside the object, under its key without the extension."""
    return _beside(key, size)


def protected_key(key: str) -> str:
    """The key of the copy of an original that no upload form can write."""
    return _beside(key, "protected")


def tiles_key(key: str) -> str:
    """The key of the tiles of an original or a result."""
    return _beside(key, "tiles", "zip")


def _beside(key: str, what: str, extension: str = "jpg") -> str:
    """A key that every listing, sweep and removal of the object includes."""
    folder, slash, name = key.rpartition("/")
    return f"{folder}{slash}{name.partition('.')[0]}.{what}.{extension}"
