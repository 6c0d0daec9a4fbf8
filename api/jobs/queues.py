"""The Prefect queue of a new job."""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Sequence

from api.dependencies import Context
from blurline.errors import ObjectMissing, OriginalChanged, StoreUnavailable
from blurline.picture.formats import jpeg
from blurline.storage.store import SubmittedOriginal
from sql.jobs.submissions import Original, Queue

_MOST_BYTES = 50_000_000
_MOST_UNREAD_BYTES = 2_000_000  # a small file can hold many pixels
_PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"


def queue_of(context: Context, originals: Sequence[Original]) -> Queue:
    """`express` for a single picture that is not large, `backlog` for a large job, else `interactive`."""
    if len(originals) == 1 and _is_express(context, originals[0]):
        return "express"
    is_small = len(originals) <= context.settings.scheduling.interactive_max_images
    return "interactive" if is_small else "backlog"


def _is_express(context: Context, original: Original) -> bool:
    """Decide by the pixels of a JPEG or PNG file, and by the bytes of another."""
    most_px = context.settings.scheduling.express_max_mp * 1e6
    if original.etag is None or not most_px or original.size_bytes > _MOST_BYTES:
        return False
    size_px = _size_px(_head(context, SubmittedOriginal(original.key, original.etag)))
    return size_px <= most_px if size_px else original.size_bytes <= _MOST_UNREAD_BYTES


def _head(context: Context, original: SubmittedOriginal) -> bytes:
    """The first chunk of a file; nothing if the store does not give it, which the worker reports."""
    try:
        with contextlib.closing(context.store.open_original(original)) as body:
            return next(body, b"")
    except (ObjectMissing, OriginalChanged, StoreUnavailable):
        return b""


def _size_px(head: bytes) -> int:
    """Width by height; 0 if the start of the file does not have them."""
    if head.startswith(_PNG) and len(head) >= len(_PNG) + 8:
        width, height = struct.unpack_from(">II", head, len(_PNG))
        return int(width * height)
    frame = jpeg.first_frame(head)
    if frame is None:
        return 0
    height, width = struct.unpack_from(">xHH", frame[1])
    return int(width * height)
