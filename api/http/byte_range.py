"""The `Range` header (RFC 9110, section 14): one range of bytes of a picture."""

from __future__ import annotations

import re
from dataclasses import dataclass

from api.http.problems import ApiProblem

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes from ``first`` up to and including ``last``."""

    first: int
    last: int

    @property
    def length(self) -> int:
        """The number of bytes."""
        return self.last - self.first + 1


def parse_range(header: str | None, size_bytes: int) -> ByteRange | None:
    """The requested range. None, for the whole picture, when there is no header, or one with several or invalid ranges.

    Raises ApiProblem (416) when the range lies outside ``size_bytes``.
    """
    match = _RANGE.fullmatch(header.strip()) if header else None
    if match is None or match.group(0) == "bytes=-":
        return None
    first, last = match.groups()
    if not first:
        asked = ByteRange(max(0, size_bytes - int(last)), size_bytes - 1)
    else:
        asked = ByteRange(int(first), min(int(last) if last else size_bytes, size_bytes - 1))
        if last and int(last) < int(first):
            return None
    if asked.length <= 0:
        raise ApiProblem(
            "range_not_satisfiable",
            f"The requested range lies outside the picture, which has {size_bytes} bytes.",
            {"Content-Range": f"bytes */{size_bytes}"},
        )
    return asked
