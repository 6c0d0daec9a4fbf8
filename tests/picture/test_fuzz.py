"""Damaged files of every format: each gives a picture or a clear error, and nothing else.

`make fuzz` runs it with many more examples.
"""

from __future__ import annotations

import os
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from blurline import Box, Face, Policy, open_photo, redact
from blurline.errors import OutputCheckFailed, PictureError
from blurline.limits import Limits
from tests.picture.hidden_pictures import PORTRAIT, everywhere
from tests.pictures import encoded

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "150"))
LIMITS = Limits(file_bytes=2_000_000, pixels=2_000_000, frames=10)
SMALL = PORTRAIT.resize((64, 75))
FILES = [encoded(SMALL, format_) for format_ in ("JPEG", "PNG", "WEBP", "AVIF", "TIFF", "GIF", "BMP")]
MOVING: dict[str, Any] = {"save_all": True, "append_images": [SMALL.rotate(180)]}
FILES += [encoded(SMALL, format_, **MOVING) for format_ in ("PNG", "WEBP", "GIF", "TIFF")]
FILES += [hidden.data for hidden in everywhere()]

_edits = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=8)), max_size=6)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(file=st.sampled_from(FILES), edits=_edits, head=_edits, kept=st.floats(0.05, 1), repeated=st.booleans())
@example(file=FILES[0], edits=[], head=[], kept=1, repeated=True)
def test_a_damaged_file_is_a_picture_or_a_clear_error(
    file: bytes, edits: list[tuple[float, bytes]], head: list[tuple[float, bytes]], kept: float, repeated: bool
) -> None:
    data = bytearray(file[: max(1, int(len(file) * kept))] * (2 if repeated else 1))
    for where, change in edits:
        at = int(where * len(data))
        data[at : at + len(change)] = change
    for where, change in head:  # the first bytes hold what decides
        at = int(where * min(len(data), 400))
        data[at : at + len(change)] = change
    try:
        photo = open_photo(bytes(data), LIMITS)
    except PictureError:
        return
    assert sum(frame.pixels.size for frame in photo.frames) <= 3 * LIMITS.pixels
    face = (Face(Box(5, 5, 30, 30), 0.9),)
    for faces in ([face] * len(photo.frames), [()] * len(photo.frames)):
        try:
            assert redact(photo, faces, Policy())
        except OutputCheckFailed:
            continue
