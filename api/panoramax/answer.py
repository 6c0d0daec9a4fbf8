"""The answers that Panoramax servers read: a form with picture and metadata, or the JPEG with a header."""

from __future__ import annotations

import json
import math
import secrets
from collections.abc import Iterator
from itertools import chain
from typing import Any

from api.http.streaming import StreamedFile
from blurline.storage.s3 import ObjectBody
from blurline.version import VERSION
from sql.jobs.job_queries import DetectionRow, ImageRow

SERVICE = "Blurline"
FORM = "multipart/form-data"

_KEY = "blurred"
_MOST_HEADER_BYTES = 2000  # proxies refuse answers with long headers: nginx those of 4 kB in all


def result_answer(row: ImageRow, boxes: list[DetectionRow], content: ObjectBody, *, as_form: bool) -> StreamedFile:
    """The published picture and its metadata, streamed."""
    headers = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}
    size_bytes = row.result_bytes or 0
    if not as_form:
        headers |= {"Content-Length": str(size_bytes), "x-sgblur": _short_metadata(row, boxes)}
        return StreamedFile(content, 200, headers, row.result_media_type)
    boundary = secrets.token_hex(16)
    before = (
        _part(boundary, "metadata", "metadata.json", "application/json")
        + _metadata(row, boxes).encode()
        + b"\r\n"
        + _part(boundary, "image", "image.jpg", row.result_media_type or "image/jpeg")
    )
    after = f"\r\n--{boundary}--\r\n".encode()
    headers["Content-Length"] = str(len(before) + size_bytes + len(after))
    return StreamedFile(_Framed(before, content, after), 200, headers, f"{FORM}; boundary={boundary}")


def accepts_form(accept: str | None) -> bool:
    """Whether the client asks for the form. Older ones do not."""
    return accept is not None and any(each.partition(";")[0].strip().lower() == FORM for each in accept.split(","))


def annotations_of(row: ImageRow, boxes: list[DetectionRow]) -> list[dict[str, Any]]:
    """The destroyed boxes as Panoramax annotates pictures: in whole pixels from the left and the top."""
    width_px, height_px = row.width_px or 0, row.height_px or 0
    return [
        {
            "shape": [
                max(0, math.floor(box.x1)),
                max(0, math.floor(box.y1)),
                min(width_px, math.ceil(box.x2)),
                min(height_px, math.ceil(box.y2)),
            ],
            "semantics": [
                {"key": _KEY, "value": box.class_name},
                {"key": f"detection_model[{_KEY}={box.class_name}]", "value": f"{SERVICE}/{VERSION}"},
                {"key": f"detection_confidence[{_KEY}={box.class_name}]", "value": f"{box.score:.3f}"},
            ],
        }
        for box in boxes
        if box.destroyed
    ]


def _metadata(row: ImageRow, boxes: list[DetectionRow]) -> str:
    return json.dumps({"annotations": annotations_of(row, boxes), "blurring_id": str(row.id), "service_name": SERVICE})


def _short_metadata(row: ImageRow, boxes: list[DetectionRow]) -> str:
    full = _metadata(row, boxes)
    return full if len(full) <= _MOST_HEADER_BYTES else _metadata(row, [])


def _part(boundary: str, name: str, file_name: str, media_type: str) -> bytes:
    return (
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{file_name}"\r\n'
        f"Content-Type: {media_type}\r\n\r\n"
    ).encode()


class _Framed:
    """The content between two pieces of the form. Closing it closes the content, also before the first chunk."""

    def __init__(self, before: bytes, content: ObjectBody, after: bytes) -> None:
        self._content, self._chunks = content, chain((before,), content, (after,))

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self._chunks)

    def close(self) -> None:
        """Close the content."""
        self._content.close()
