from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from blurline.errors import (
    DecodedTooSlowly,
    EmptyFile,
    PictureError,
    PictureTooLarge,
    TooManyFrames,
    UnreadablePicture,
    UnsupportedFormat,
)
from blurline.limits import Limits
from blurline.picture.decode import open_photo, read_header
from tests.pictures import ASTRONAUT, HOPPER, encoded, psnr_db, sideways


@pytest.fixture(scope="module")
def upright() -> Image.Image:
    return Image.open(HOPPER).convert("RGB")


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP"])
def test_every_orientation_comes_out_upright(upright: Image.Image, orientation: int, format_: str) -> None:
    data = sideways(upright, orientation, format_)
    photo = open_photo(data)
    assert photo.pixels.shape == (upright.height, upright.width, 3)
    assert psnr_db(photo.pixels, np.asarray(upright)) > 28
    header = read_header(data)
    assert (header.width_px, header.height_px) == upright.size


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_png_mode_becomes_rgb(mode: str) -> None:
    grey = Image.open(ASTRONAUT).convert("L")
    image = Image.fromarray(np.asarray(grey, np.uint16) * 256) if mode == "I;16" else grey.convert(mode)
    photo = open_photo(encoded(image, "PNG"))
    assert photo.pixels.dtype == np.uint8
    assert photo.pixels.shape == (grey.height, grey.width, 3)
    if mode != "1":
        assert psnr_db(photo.pixels[:, :, 0], np.asarray(grey)) > 40


def test_cmyk_jpeg_becomes_rgb(upright: Image.Image) -> None:
    photo = open_photo(encoded(upright.convert("CMYK"), "JPEG", quality=95))
    assert psnr_db(photo.pixels, np.asarray(upright)) > 25


def test_zero_bytes_are_an_empty_file() -> None:
    with pytest.raises(EmptyFile, match="empty"):
        open_photo(b"")


@pytest.mark.parametrize("data", [b"just a text file\n", b"%PDF-1.7\n", b"GIF89a" + bytes(40), b"\xff\xd8"])
def test_other_content_is_refused_under_any_name(data: bytes) -> None:
    with pytest.raises(PictureError) as caught:
        open_photo(data)
    assert isinstance(caught.value, UnsupportedFormat | UnreadablePicture)


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9])
def test_a_file_cut_short_is_unreadable(upright: Image.Image, format_: str, kept: float) -> None:
    data = encoded(upright, format_)
    with pytest.raises(PictureError):
        open_photo(data[: int(len(data) * kept)])


def test_limits_are_checked_from_the_header_and_reported_with_the_figure(upright: Image.Image) -> None:
    data = encoded(Image.new("RGB", (3000, 2000)), "PNG")
    with pytest.raises(PictureTooLarge, match=r"3000 x 2000, together 6 megapixels; the limit is 5"):
        read_header(data, Limits(pixels=5_000_000))
    with pytest.raises(PictureTooLarge, match="MB"):
        read_header(data, Limits(file_bytes=1000))
    small = upright.resize((64, 64))
    for format_ in ("PNG", "WEBP", "GIF", "TIFF"):
        frames = encoded(small, format_, save_all=True, append_images=[small.rotate(90), small.rotate(180)])
        with pytest.raises(TooManyFrames, match="more than 2 frames or pages"):
            read_header(frames, Limits(frames=2))
        with pytest.raises(PictureTooLarge, match="the limit is 0"):
            read_header(frames, Limits(pixels=2 * 64 * 64))
        with pytest.raises(DecodedTooSlowly, match="takes longer than the limit"):
            open_photo(frames, Limits(decode_s=0))


def test_broken_exif_does_not_stop_a_picture(upright: Image.Image) -> None:
    data = encoded(upright, "JPEG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff" + bytes(20))
    assert open_photo(data).pixels.shape == (upright.height, upright.width, 3)
