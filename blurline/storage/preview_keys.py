"""Where the previews of an object lie in the store."""

from __future__ import annotations

from enum import StrEnum


class PreviewSize(StrEnum):
    """How large: a thumbnail for lists, or a view to judge by."""

    THUMB = "thumb"
    VIEW = "view"

    @property
    def side_px(self) -> int:
        """The longer side; a smaller picture stays as it is."""
        return 320 if self is PreviewSize.THUMB else 1600


def preview_key(key: str, size: PreviewSize) -> str:
    """Where the preview of an object lies: beside it, under its key without the extension."""
    folder, slash, name = key.rpartition("/")
    return f"{folder}{slash}{name.partition('.')[0]}.{size}.jpg"
