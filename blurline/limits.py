"""How large a picture may be. Checked from the header, before any pixel is decoded."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds for one picture, from the settings `max_file_mb`, `max_megapixels` and so on.

    ``pixels`` counts all frames together; ``decode_s`` limits the decoding time and is checked after each frame.
    """

    file_bytes: int = 100_000_000
    pixels: int = 200_000_000
    frames: int = 200
    decode_s: float = 60
