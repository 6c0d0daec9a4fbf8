"""TIFF files (TIFF 6.0) of one strip or plane after another, in every interpretation of their samples."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, SEPARATED, YCBCR, CIELAB = 0, 1, 2, 3, 5, 6, 8
UNSIGNED, SIGNED, FLOAT = 1, 2, 3
Order = Literal["<", ">"]


def tiff(
    samples: NDArray[np.generic],
    photometric: int,
    bits: int,
    *,
    sample_format: int = UNSIGNED,
    extra: Sequence[int] = (),
    order: Order = "<",
    is_planar: bool = False,
    palette: NDArray[np.uint16] | None = None,
    orientation: int = 1,
) -> bytes:
    """A file of (H, W, channels) samples. ``extra``: the meaning of the channels beyond the colours (1: associated
    alpha, 2: unassociated alpha); ``palette``: (3, colours)."""
    height, width, channels = samples.shape
    planes = [samples[:, :, each : each + 1] for each in range(channels)] if is_planar else [samples]
    strips = [_packed(plane, bits, order) for plane in planes]
    tags: dict[int, tuple[str, Sequence[int]]] = {
        256: ("I", [width]),
        257: ("I", [height]),
        258: ("H", [bits] * channels),
        259: ("H", [1]),
        262: ("H", [photometric]),
        273: ("I", [0] * len(strips)),
        274: ("H", [orientation]),
        277: ("H", [channels]),
        278: ("I", [height]),
        279: ("I", [len(strip) for strip in strips]),
        284: ("H", [2 if is_planar else 1]),
        339: ("H", [sample_format] * channels),
    }
    if palette is not None:
        tags[320] = ("H", [int(value) for value in palette.reshape(-1)])
    if extra:
        tags[338] = ("H", list(extra))
    if photometric == YCBCR:
        tags[530] = ("H", [1, 1])
    sizes = [len(strip) for strip in strips]
    head = _directory(tags, order)
    tags[273] = ("I", [len(head) + sum(sizes[:each]) for each in range(len(strips))])
    return _directory(tags, order) + b"".join(strips)


def _packed(samples: NDArray[np.generic], bits: int, order: Order) -> bytes:
    if bits >= 8 and bits != 12:
        return samples.astype(samples.dtype.newbyteorder(order)).tobytes()
    height = samples.shape[0]
    rows = samples.reshape(height, -1).astype(np.uint16)
    places = (rows[:, :, None] >> np.arange(bits - 1, -1, -1, dtype=np.uint16)) & 1
    return np.packbits(places.reshape(height, -1).astype(np.uint8), axis=1).tobytes()


def _directory(tags: dict[int, tuple[str, Sequence[int]]], order: str) -> bytes:
    table, values = b"", b""
    start = 8 + 2 + 12 * len(tags) + 4
    for tag, (letter, numbers) in sorted(tags.items()):
        content = struct.pack(f"{order}{len(numbers)}{letter}", *numbers)
        kind = {"H": 3, "I": 4}[letter]
        if len(content) > 4:
            place, values = struct.pack(f"{order}I", start + len(values)), values + content
        else:
            place = content.ljust(4, b"\0")
        table += struct.pack(f"{order}HHI", tag, kind, len(numbers)) + place
    sign = b"II*\0" if order == "<" else b"MM\0*"
    return sign + struct.pack(f"{order}IH", 8, len(tags)) + table + bytes(4) + values
