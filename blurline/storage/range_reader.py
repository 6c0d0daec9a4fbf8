"""An object of the store as a file that can be read at any place."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class RangeReader(io.RawIOBase):
    """Reads each range with one request. ``read`` gets the first byte and the number of bytes."""

    def __init__(self, read: Callable[[int, int], bytes], size_bytes: int) -> None:
        self._read = read
        self._size = size_bytes
        self._at = 0

    def readable(self) -> bool:
        """Override of `RawIOBase`."""
        return True

    def seekable(self) -> bool:
        """Override of `RawIOBase`."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Override of `RawIOBase`."""
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at

    def tell(self) -> int:
        """Override of `RawIOBase`."""
        return self._at

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Override of `RawIOBase`."""
        with memoryview(buffer) as view:
            length = max(0, min(len(view), self._size - self._at))
            if length:
                view[:length] = self._read(self._at, length)
        self._at += length
        return length
