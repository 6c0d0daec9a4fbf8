"""From a photograph and its faces to the file that may be published: destroy, write, and check what was written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from blurline.box import Box, Face
from blurline.destroy import destroy
from blurline.encode import encode
from blurline.errors import OutputCheckFailed, PictureError
from blurline.limits import Limits
from blurline.photo import Photo, open_photo
from blurline.policy import Policy

_MAX_MEAN_ERROR_LEVELS = 16.0
_NO_LIMITS = Limits(file_bytes=1 << 62, pixels=1 << 62)


@dataclass(frozen=True, slots=True)
class Written:
    """A written file, and the photograph that opening it again has shown."""

    data: bytes
    photo: Photo


def redact(photo: Photo, faces: tuple[Face, ...], policy: Policy) -> bytes:
    """Destroy ``faces`` and what else the policy says, and write the photograph in its own format.

    Raises OutputCheckFailed as `write` does.
    """
    return write(photo, faces, policy).data


def write(photo: Photo, faces: tuple[Face, ...], policy: Policy) -> Written:
    """As `redact`, with what the written file looks like.

    The written file is opened again and compared before it is returned. Raises OutputCheckFailed when it is
    not what was meant: then nothing may be published.
    """
    pixels = destroy(photo.pixels, faces, policy)
    alpha = photo.encoding.alpha
    if alpha is not None:
        alpha = destroy(alpha[:, :, None], faces, policy)[:, :, 0]
    data = encode(pixels, photo.encoding, alpha)
    always = [region.box(photo.width_px, photo.height_px) for region in policy.always_regions]
    return Written(data, check_output(data, photo, pixels, [*(face.box for face in faces), *always]))


def check_output(data: bytes, photo: Photo, expected: NDArray[np.uint8], boxes: Sequence[Box]) -> Photo:
    """Open a written file as a stranger would. Raises OutputCheckFailed unless it has the photograph's format
    and size, stands upright, and shows the ``expected`` pixels ((H, W, 3) RGB) in every one of ``boxes``."""
    try:
        written = open_photo(data, _NO_LIMITS)  # the original was within the limits; its result may be larger
    except PictureError as error:
        raise OutputCheckFailed(f"The written file cannot be opened: {error}") from error
    if written.encoding.format != photo.encoding.format or written.pixels.shape != photo.pixels.shape:
        raise OutputCheckFailed("The written file has another format or size than the photograph.")
    for each in boxes:
        box = each.clipped(photo.width_px, photo.height_px)
        area = np.s_[int(box.y1) : int(box.y2) + 1, int(box.x1) : int(box.x2) + 1]
        meant = _grey(expected[area]) if photo.encoding.grey else expected[area]
        error_levels = float(np.abs(written.pixels[area] - meant.astype(np.int16)).mean())
        if error_levels > _MAX_MEAN_ERROR_LEVELS:
            raise OutputCheckFailed(
                f"A face in the written file is not as it was destroyed (off by {error_levels:.0f})."
            )
    return written


def _grey(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(h, w, 3) RGB -> (h, w, 1) luma (ITU-R BT.601)."""
    return np.asarray(pixels @ np.array([[0.299], [0.587], [0.114]], np.float32), np.float32)
