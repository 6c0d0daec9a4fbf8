"""How large a picture may be. Checked from the header, before any pixel is decoded."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds for one picture. The settings `max_file_mb` and `max_megapixels` fill them."""

    file_bytes: int = 100_000_000
    pixels: int = 200_000_000
