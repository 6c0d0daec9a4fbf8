"""Why a file would be refused, from its header: said before anything of it is uploaded."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from blurline.cli.upload.scan import LocalPicture
from blurline.contract import SubmissionLimits
from blurline.errors import PermanentError
from blurline.limits import Limits
from blurline.picture.decode import read_header
from blurline.picture.photo import Format

_START_BYTES = 256_000
_ONE_FRAME_FORMATS = {Format.JPEG, Format.BMP}
_AT_ONCE = 4


def limits_of(limits: SubmissionLimits) -> Limits:
    """The installation's limits of one picture."""
    return Limits(file_bytes=limits.max_file_bytes, pixels=limits.max_pixels, frames=limits.max_frames)


def refusals(pictures: list[LocalPicture], limits: Limits) -> dict[str, str]:
    """Why files would be refused, by name. A file that cannot be read is not among them: its upload says why."""
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        found = threads.map(lambda each: (each.name, _refusal(each, limits)), pictures)
        return {name: why for name, why in found if why is not None}


def _refusal(picture: LocalPicture, limits: Limits) -> str | None:
    if picture.size_bytes > limits.file_bytes:
        return f"The file has {picture.size_bytes / 1e6:.2f} MB; the limit is {limits.file_bytes / 1e6:g} MB."
    try:
        if _is_surely_accepted(picture.path, limits):
            return None
        read_header(picture.path.read_bytes(), limits)
    except PermanentError as error:
        return str(error)
    except OSError:
        return None
    return None


def _is_surely_accepted(path: Path, limits: Limits) -> bool:
    """Whether the start of the file is enough to see that. Only the whole file is a reason to refuse it."""
    with path.open("rb") as file:
        start = file.read(_START_BYTES)
    try:
        return read_header(start, limits).format in _ONE_FRAME_FORMATS
    except PermanentError:
        return False
