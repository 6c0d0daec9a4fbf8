"""What a result is called when it is downloaded."""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath


def file_path(name: str, position: int, key: str) -> PurePosixPath:
    """A relative path: what the owner called the picture, with the extension of the result at ``key`` added where it
    has another. Never absolute, never upwards, good for every system."""
    parts = [part for part in PureWindowsPath(name).as_posix().split("/") if part not in ("", ".", "..")]
    path = PurePosixPath(*[part.replace(":", "_") for part in parts] or [f"image-{position}"])
    extension = PurePosixPath(key).suffix
    same = {".jpg": {".jpg", ".jpeg"}, ".tif": {".tif", ".tiff"}}.get(extension, {extension})
    return path if path.suffix.lower() in same else path.with_name(f"{path.name}{extension}")
