"""Every interpretation of a TIFF's samples: shown right, or refused with the reason."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from blurline import Box, Face, Policy, open_photo, redact
from blurline.errors import UnsupportedFormat
from tests.picture import tiff_files
from tests.picture.tiff_files import (
    BLACK_IS_ZERO,
    CIELAB,
    FLOAT,
    PALETTE,
    RGB,
    SEPARATED,
    SIGNED,
    UNSIGNED,
    WHITE_IS_ZERO,
    YCBCR,
    Order,
    tiff,
)
from tests.pictures import HOPPER, encoded, psnr_db

PORTRAIT = Image.open(HOPPER).convert("RGB").resize((64, 48))
COLOURS = np.asarray(PORTRAIT).astype(float) / 255
GREY = COLOURS.mean(axis=2, keepdims=True)
FACE = Face(Box(20, 10, 40, 30), 0.9)
OUTSIDE = np.s_[42:, :]


def quantised(levels: NDArray[Any], bits: int, sample_format: int = UNSIGNED) -> NDArray[Any]:
    """Levels from 0 to 1 as samples."""
    most, least = 2**bits - 1, 2 ** (bits - 1) if sample_format == SIGNED else 0
    kind = {FLOAT: f"float{bits}", SIGNED: f"int{bits}"}.get(sample_format, f"uint{16 if bits == 12 else max(8, bits)}")
    return np.asarray(levels if sample_format == FLOAT else np.rint(levels * most - least)).astype(kind)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("photometric", [WHITE_IS_ZERO, BLACK_IS_ZERO])
@pytest.mark.parametrize(
    ("bits", "sample_format"),
    [
        *((bits, UNSIGNED) for bits in (1, 2, 4, 8, 12, 16, 32)),
        *((bits, SIGNED) for bits in (8, 16, 32)),
        *((bits, FLOAT) for bits in (16, 32, 64)),
    ],
)
def test_grey_samples_show_what_they_mean(photometric: int, bits: int, sample_format: int, order: Order) -> None:
    stored = 1 - GREY if photometric == WHITE_IS_ZERO else GREY
    data = tiff(quantised(stored, bits, sample_format), photometric, bits, sample_format=sample_format, order=order)
    steps = 2 ** min(bits, 8) - 1
    _is_right_or_refused(data, np.rint(GREY * steps) / steps)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("is_planar", [False, True])
@pytest.mark.parametrize(("bits", "sample_format"), [(8, UNSIGNED), (16, UNSIGNED), (16, SIGNED), (32, FLOAT)])
def test_colour_samples_show_what_they_mean(bits: int, sample_format: int, is_planar: bool, order: Order) -> None:
    samples = quantised(COLOURS, bits, sample_format)
    data = tiff(samples, RGB, bits, sample_format=sample_format, order=order, is_planar=is_planar)
    _is_right_or_refused(data, COLOURS)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("meaning", [0, 1, 2])
@pytest.mark.parametrize("colours", [GREY, COLOURS], ids=["grey", "RGB"])
def test_a_further_channel_is_alpha_or_nothing(colours: NDArray[Any], meaning: int, bits: int, order: Order) -> None:
    alpha = np.full_like(GREY, 0.5)
    shown = colours * alpha if meaning == 1 else colours
    samples = quantised(np.concatenate([shown, alpha], axis=2), bits)
    photometric = RGB if colours is COLOURS else BLACK_IS_ZERO
    photo = _is_right_or_refused(tiff(samples, photometric, bits, extra=[meaning], order=order), colours)
    if photo is not None:
        alphas = photo.frames[0].alpha
        assert (alphas is not None and abs(int(alphas.mean()) - 128) < 2) if meaning else alphas is None


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("further", [0, 1])
def test_inks_show_as_colours(bits: int, further: int) -> None:
    inks = np.concatenate([1 - COLOURS, np.zeros((48, 64, 1 + further))], axis=2)
    _is_right_or_refused(tiff(quantised(inks, bits), SEPARATED, bits, extra=[0] * further), COLOURS)


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_a_palette_shows_its_colours(bits: int) -> None:
    ramp = np.stack([np.linspace(0, 65535, 2**bits)] * 3).astype(np.uint16)
    steps = 2**bits - 1
    data = tiff(quantised(GREY, bits), PALETTE, bits, palette=ramp)
    _is_right_or_refused(data, np.rint(GREY * steps) / steps)


def test_luma_and_chroma_show_as_colours_or_are_refused() -> None:
    samples = np.asarray(PORTRAIT.convert("YCbCr"))
    whole = tiff(samples, YCBCR, 8)
    _is_right_or_refused(whole, COLOURS)
    at = whole.index(struct.pack("<HHI", 530, 3, 2))
    halved = whole[: at + 8] + struct.pack("<HH", 2, 2) + whole[at + 12 :]
    with pytest.raises(UnsupportedFormat, match="subsampled"):
        open_photo(halved)


def test_lightness_and_opponents_show_as_colours_or_are_refused() -> None:
    lab = np.stack([np.full((48, 64), 255), np.zeros((48, 64)), np.zeros((48, 64))], axis=2).astype(np.uint8)
    _is_right_or_refused(tiff(lab, CIELAB, 8), np.ones((48, 64, 1)))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("photometric", [WHITE_IS_ZERO, BLACK_IS_ZERO])
@pytest.mark.parametrize(
    ("bits", "sample_format"),
    [
        *((bits, UNSIGNED) for bits in (1, 4, 8, 12, 16, 32)),
        *((bits, SIGNED) for bits in (8, 16, 32)),
        (32, FLOAT),
    ],
)
def test_compressed_grey_samples_show_the_same(
    photometric: int, bits: int, sample_format: int, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = tiff_files._packed
    monkeypatch.setattr(tiff_files, "_packed", lambda *given: zlib.compress(plain(*given)))
    stored = 1 - GREY if photometric == WHITE_IS_ZERO else GREY
    data = tiff(quantised(stored, bits, sample_format), photometric, bits, sample_format=sample_format, order=order)
    at = data.index(struct.pack(f"{order}HHI", 259, 3, 1)) + 8
    steps = 2 ** min(bits, 8) - 1
    _is_right_or_refused(data[:at] + struct.pack(f"{order}H", 8) + data[at + 2 :], np.rint(GREY * steps) / steps)


_COMPRESSIONS = (
    *("raw", "group3", "group4", "tiff_ccitt", "packbits", "tiff_lzw", "tiff_deflate", "tiff_adobe_deflate"),
    *("jpeg", "zstd", "lzma", "tiff_raw_16"),
)


@pytest.mark.parametrize("compression", _COMPRESSIONS)
@pytest.mark.parametrize("mode", ["1", "L", "LA", "RGB", "RGBA", "CMYK", "YCbCr", "I;16"])
def test_every_compression_shows_the_same(mode: str, compression: str, capfd: pytest.CaptureFixture[str]) -> None:
    grey = PORTRAIT.convert("L")
    image = Image.fromarray(np.asarray(grey, np.uint16) * 257) if mode == "I;16" else PORTRAIT.convert(mode)
    try:
        data = encoded(image, "TIFF", compression=compression)
    except (OSError, RuntimeError):
        pytest.skip("no such file exists")
    finally:
        capfd.readouterr()  # what libtiff says of it
    expected = PORTRAIT.convert("1") if mode == "1" else PORTRAIT if mode in ("RGB", "RGBA", "CMYK", "YCbCr") else grey
    _is_right_or_refused(data, np.asarray(expected.convert("RGB")) / 255)


def _is_right_or_refused(data: bytes, levels: NDArray[Any]) -> Any:
    """The photo, which shows the levels, as its result does; None if it is refused as a TIFF of a certain kind."""
    try:
        photo = open_photo(data)
    except UnsupportedFormat:
        with pytest.raises(UnsupportedFormat, match=r"TIFF.*, which this decoder cannot read\. Export it again"):
            open_photo(data)
        return None
    expected = np.broadcast_to(levels, photo.pixels.shape) * 255
    assert psnr_db(photo.pixels, expected) > 28
    for faces in (((FACE,),), ((),)):
        assert psnr_db(open_photo(redact(photo, faces, Policy())).pixels[OUTSIDE], expected[OUTSIDE]) > 28
    return photo
