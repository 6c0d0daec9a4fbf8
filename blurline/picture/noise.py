"""Noise for the averages of a destroyed face: the same for the same content, unpredictable without the key.

The noise of a place follows from the key, all pixels of the frame, the place and what it shows, and the number of
averages (HMAC-SHA256, then SHAKE-256 as a stream). So frames that differ in any pixel have unrelated noise, which does
not cancel out between them, and treating a frame again gives no second sample that would average the noise away.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import struct
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blurline.picture.photo import Frame

_NORMAL = NormalDist()
_STEPS = 2**32


@dataclass(frozen=True, slots=True)
class Noise:
    """The noise of one frame. ``seed``: 32 secret bytes."""

    seed: bytes = field(repr=False)

    def at(self, left: int, top: int, window: NDArray[Any], shape: tuple[int, ...]) -> NDArray[np.float64]:
        """Return standard normal noise of ``shape`` for the averages of ``window``, whose corner is at this pixel."""
        place = hmac.new(self.seed, struct.pack(">2q", left, top), "sha256")
        _update(place, window)
        place.update(struct.pack(f">{len(shape)}q", *shape))
        stream = hashlib.shake_256(place.digest()).digest(4 * int(np.prod(shape)))
        uniform = (np.frombuffer(stream, ">u4") + 0.5) / _STEPS
        return np.array([_NORMAL.inv_cdf(each) for each in uniform.tolist()]).reshape(shape)


def noise_of(frame: Frame, key: bytes) -> Noise:
    """Return the noise of a frame that is not destroyed yet."""
    content = hashlib.sha256()
    for layer in (frame.pixels, frame.alpha, frame.levels16):
        if layer is not None:
            _update(content, layer)
    return Noise(hmac.digest(key, content.digest(), "sha256"))


def random_noise() -> Noise:
    """Return noise that nobody can reproduce."""
    return Noise(secrets.token_bytes(32))


def _update(digest: Any, pixels: NDArray[Any]) -> None:
    digest.update(f"{pixels.dtype.name} {pixels.shape} ".encode())
    digest.update(np.ascontiguousarray(pixels))
