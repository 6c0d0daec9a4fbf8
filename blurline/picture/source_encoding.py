"""How a source file is encoded, so that its result matches it."""

from __future__ import annotations

from dataclasses import replace

from PIL import Image, JpegImagePlugin

from blurline.picture.colour import Colour
from blurline.picture.colour_reading import read_profile
from blurline.picture.formats import heif_items, png, webp
from blurline.picture.gain_map import tables_in_order
from blurline.picture.photo import Encoding, Format


def read_encoding(image: Image.Image, data: bytes, format_: Format, colour: Colour, *, swaps_sides: bool) -> Encoding:
    """The encoding of a file. ``colour``: of its first frame; ``swaps_sides``: its orientation swaps its sides."""
    profile = read_profile(image)
    if profile is None and format_ is not Format.PNG:
        profile = colour.profile(is_grey=image.mode == "L")
    dpi = image.info.get("dpi")
    encoding = Encoding(
        format=format_,
        source_profile=profile,
        colour_chunks=tuple(png.colour_chunks(data)) if format_ is Format.PNG else (),
        dpi=(float(dpi[0]), float(dpi[1])) if dpi and all(0 < side < 1e5 for side in dpi) else None,
        compression=image.info.get("compression") if image.format == "TIFF" else None,
        loops=image.info.get("loop"),
        is_poster=bool(getattr(image, "default_image", False)),
    )
    if format_ is Format.WEBP:
        return replace(encoding, lossless=webp.is_lossless(data))
    if format_ is Format.AVIF:
        has_quarter = heif_items.av1_subsampling(data) == (2, 2)  # half of the chroma cannot be turned
        return replace(encoding, subsampling=2 if has_quarter else 0)
    return _as_jpeg(image, encoding, swaps_sides=swaps_sides) if format_ is Format.JPEG else encoding


def is_transparent(image: Image.Image) -> bool:
    """Whether a frame has an alpha channel or a transparent colour."""
    return image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info


def _as_jpeg(image: Image.Image, encoding: Encoding, *, swaps_sides: bool) -> Encoding:
    if not isinstance(image, JpegImagePlugin.JpegImageFile):
        return encoding
    sampling = JpegImagePlugin.get_sampling(image)
    cannot_be_kept = sampling == -1 or (sampling == 1 and swaps_sides)
    return replace(
        encoding,
        quantization=tables_in_order(image) if image.mode != "CMYK" else None,
        subsampling=0 if cannot_be_kept else sampling,
        progressive=bool(image.info.get("progressive")),
    )
