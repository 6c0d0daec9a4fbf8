"""The file name of a downloaded result."""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath


def file_path(name: str, position: int, key: str) -> PurePosixPath:
    """The owner's name for the picture as a relative path, plus the extension of the result at ``key`` if it differs.

    The path never leaves its folder and is valid on every operating system.
    """
    parts = [part for part in PureWindowsPath(name).as_posix().split("/") if part not in ("", ".", "..")]
    path = PurePosixPath(*[part.replace(":", "_") for part in parts] or [f"image-{position}"])
    extension = PurePosixPath(key).suffix
    same = {".jpg": {".jpg", ".jpeg"}, ".tif": {".tif", ".tiff"}}.get(extension, {extension})
    return path if path.suffix.lower() in same else path.with_name(f"{path.name}{extension}")
