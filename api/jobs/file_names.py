"""The file name of a downloaded result."""

from __future__ import annotations

from pathlib import PurePosixPath

from blurline.file_names import result_path, safe_path


def file_path(name: str, position: int, key: str) -> PurePosixPath:
    """The owner's name for the picture as a relative path, plus the extension of the result at ``key`` if it differs.

    The path never leaves its folder and is valid on every operating system.
    """
    path = safe_path(name)
    if not path.name:
        path = PurePosixPath(f"image-{position}")
    return result_path(path, PurePosixPath(key).suffix)
