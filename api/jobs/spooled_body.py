"""The body of a submission, in one temporary file, so that a request holds little memory and few open files."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

from anyio import to_thread
from fastapi import Request
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from api.http.problems import ApiProblem

_IN_MEMORY_BYTES = 1 << 16


@asynccontextmanager
async def spooled_json(request: Request, most_bytes: int) -> AsyncIterator[BinaryIO]:
    """The body in a file, to be read from its start. Raises ApiProblem when it is larger than ``most_bytes``."""
    with SpooledTemporaryFile(_IN_MEMORY_BYTES) as file:
        size = 0
        async for chunk in request.stream():
            size += len(chunk)
            if size > most_bytes:
                raise ApiProblem("request_too_large", f"A JSON request can have at most {most_bytes} bytes.")
            if size > _IN_MEMORY_BYTES:
                await to_thread.run_sync(file.write, chunk)
            else:
                file.write(chunk)
        file.seek(0)
        yield cast(BinaryIO, file)


@asynccontextmanager
async def spooled_form(request: Request, max_files: int, max_fields: int) -> AsyncIterator[FormData]:
    """The form. Its files are parts of one temporary file; read them one after the other. Raises ApiProblem."""
    with SpooledTemporaryFile(_IN_MEMORY_BYTES) as shared:
        parser = _OneFileParser(cast(BinaryIO, shared), request, max_files, max_fields)
        try:
            yield await parser.parse()
        except MultiPartException as error:
            raise ApiProblem("malformed_request", error.message) from error


class _OneFileParser(MultiPartParser):
    """Starlette's parser, with the files of all parts in one file, and with `max_part_size` for all texts together.

    Starlette keeps 1 MB of each part in memory.
    """

    def __init__(self, shared: BinaryIO, request: Request, max_files: int, max_fields: int) -> None:
        super().__init__(request.headers, request.stream(), max_files=max_files, max_fields=max_fields)
        self._shared = shared

    def on_headers_finished(self) -> None:
        """Override of the parser's method."""
        super().on_headers_finished()
        given = self._current_part.file
        if given is not None:
            given.file.close()
            section = cast(BinaryIO, _Section(self._shared))
            self._current_part.file = UploadFile(section, size=0, filename=given.filename, headers=given.headers)

    def on_part_end(self) -> None:
        """Override of the parser's method."""
        self.max_part_size -= len(self._current_part.data)
        super().on_part_end()


class _Section(io.RawIOBase):
    """A part of a shared file: written once at the shared file's end, then read."""

    def __init__(self, shared: BinaryIO) -> None:
        self._shared, self._start, self._size, self._at = shared, 0, 0, 0

    def readable(self) -> bool:
        """True."""
        return True

    def writable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """True."""
        return True

    def tell(self) -> int:
        """The position within the part."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move within the part."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def write(self, data: bytes) -> int:  # type: ignore[override]
        """Append."""
        end = self._shared.seek(0, io.SEEK_END)
        if self._size == 0:
            self._start = end
        written = self._shared.write(data)
        self._size += written
        self._at = self._size
        return written

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        """Read at the position."""
        self._shared.seek(self._start + self._at)
        data = self._shared.read(min(len(buffer), self._size - self._at))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)
