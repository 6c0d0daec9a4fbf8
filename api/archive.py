"""A job's published results as one ZIP, streamed: no file and no picture is held whole."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any
from uuid import UUID

from stream_zip import ZIP_AUTO, stream_zip

from api.context import Context
from api.views import image_view
from blurline.errors import ObjectMissing
from sql.reading import ImageRow, find_image, list_images_of_job

_MODE = stat.S_IFREG | 0o644
_PAGE = 200
_STORED = 0  # pictures are compressed already

Member = tuple[str, datetime, int, Any, Iterator[bytes]]


def archive(context: Context, job_id: UUID) -> Iterable[bytes]:
    """The ZIP: every published result under its own name, and last `manifest.json`, which lists every image."""
    return stream_zip(_members(context, job_id), chunk_size=1 << 17)


def _members(context: Context, job_id: UUID) -> Iterator[Member]:
    manifest: list[dict[str, Any]] = []
    taken = {"manifest.json"}
    cursor: int | None = None
    while rows := list_images_of_job(context.database, job_id, _PAGE, cursor):
        for row in rows:
            current, content = _opened(context, row)
            entry = image_view(current).model_dump(mode="json", exclude={"result_url"})
            if content is not None:
                entry["file"] = file_name(current.name, current.position, current.result_key or "", taken)
                yield _member(entry["file"], current.result_bytes or 0, content)
            manifest.append(entry)
        cursor = rows[-1].position
    text = json.dumps({"job_id": str(job_id), "images": manifest}, indent=1).encode()
    yield _member("manifest.json", len(text), iter([text]))


def _opened(context: Context, row: ImageRow) -> tuple[ImageRow, Iterator[bytes] | None]:
    """The image and its result; looked up once more when a re-run or a deletion has taken the result away."""
    for _ in range(3):
        if row.state != "published" or row.result_key is None:
            return row, None
        try:
            return row, context.store.stream_result(row.result_key)
        except ObjectMissing:
            again = find_image(context.database, None, row.id)
            if again is None:
                return row, None
            row = again
    return row, None


def file_name(name: str, position: int, key: str, taken: set[str]) -> str:
    """A path within the archive: what the owner called the picture, with the result's extension, never outside the
    archive and never twice. Adds it to ``taken``. Pure but for that."""
    parts = [part for part in PureWindowsPath(name).as_posix().split("/") if part not in ("", ".", "..")]
    parts = [part.replace(":", "_") for part in parts] or [f"image-{position}"]
    path = PurePosixPath(*parts)
    extension = PurePosixPath(key).suffix
    if path.suffix.lower() not in {extension, ".jpeg" if extension == ".jpg" else extension}:
        path = path.with_name(f"{path.name}{extension}")
    chosen, number = str(path), 1
    while chosen.casefold() in taken:
        number += 1
        chosen = str(path.with_name(f"{path.stem} ({number}){path.suffix}"))
    taken.add(chosen.casefold())
    return chosen


def _member(name: str, size_bytes: int, content: Iterator[bytes]) -> Member:
    return name, datetime.now().astimezone(), _MODE, ZIP_AUTO(size_bytes, level=_STORED), content
