"""A job's published results as one streamed ZIP. Nothing in it is held in memory as a whole."""

from __future__ import annotations

import contextlib
import stat
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import PurePosixPath
from tempfile import SpooledTemporaryFile
from typing import Any
from uuid import UUID

from stream_zip import ZIP_AUTO, stream_zip

from api.dependencies import Context
from api.jobs.file_names import file_path
from api.jobs.views import image_view
from blurline.contract import ArchivedImage
from blurline.errors import ObjectMissing
from blurline.file_names import Names
from blurline.storage.s3 import ObjectBody
from sql.jobs.job_queries import ImageRow, find_image, list_images_of_job

_MODE = stat.S_IFREG | 0o644
_PAGE = 200
_STORED = 0  # pictures are compressed already
_IN_MEMORY_BYTES = 1 << 20
_CHUNK_BYTES = 1 << 17
_MANIFEST = "manifest.json"

Member = tuple[str, datetime, int, Any, Iterator[bytes]]


def archive(context: Context, job_id: UUID) -> Iterable[bytes]:
    """The ZIP: every published result under its own name, then `manifest.json`, which lists every image."""
    return stream_zip(_members(context, job_id), chunk_size=_CHUNK_BYTES)


def _members(context: Context, job_id: UUID) -> Iterator[Member]:
    names = Names()
    names.unused(PurePosixPath(_MANIFEST))
    cursor: int | None = None
    with SpooledTemporaryFile(_IN_MEMORY_BYTES) as manifest:
        manifest.write(b'{"job_id": "%s", "images": [' % str(job_id).encode())
        while rows := list_images_of_job(context.database, job_id, _PAGE, cursor):
            for row in rows:
                current, content = _opened(context, row)
                name = None
                if current is not None and content is not None:
                    name = names.unused(file_path(current.name, current.position, current.result_key or ""))
                    with contextlib.closing(content):
                        yield _member(name, current.result_bytes or 0, content)
                if current is not None:
                    entry = ArchivedImage(**image_view(current).model_dump(), file=name)
                    manifest.write((b"" if cursor is None and row is rows[0] else b",") + b"\n")
                    manifest.write(entry.model_dump_json(exclude={"result_url"}).encode())
            cursor = rows[-1].position
        manifest.write(b"\n]}")
        size_bytes = manifest.tell()
        manifest.seek(0)
        yield _member(_MANIFEST, size_bytes, iter(lambda: manifest.read(_CHUNK_BYTES), b""))


def _opened(context: Context, row: ImageRow) -> tuple[ImageRow | None, ObjectBody | None]:
    """The current image (None when deleted) and the content of its result, if it is still published.

    Since the list was read, a result may have been withdrawn, replaced or deleted. The image is read again after the
    result is opened, so that no withdrawn result is sent.
    """
    current = find_image(context.database, None, row.id)
    while current is not None and _has_result(current):
        content = None
        with contextlib.suppress(ObjectMissing):
            content = context.store.stream_result(current.result_key or "")
        again = find_image(context.database, None, row.id)
        if again is not None and (again.state, again.result_key) == (current.state, current.result_key):
            return again, content
        if content is not None:
            content.close()
        current = again
    return current, None


def _has_result(row: ImageRow) -> bool:
    return row.state == "published" and row.result_key is not None and row.result_gone_at is None


def _member(name: str, size_bytes: int, content: Iterator[bytes]) -> Member:
    return name, datetime.now().astimezone(), _MODE, ZIP_AUTO(size_bytes, level=_STORED), content
