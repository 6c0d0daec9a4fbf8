"""Which picture of a file is the one, which way up and how much of it, and what a decoder that refuses it is told."""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, PngImagePlugin
from PIL.ExifTags import Base

from blurline import Photo, Policy, open_photo, redact
from blurline.errors import UnreadablePicture, UnsupportedFormat
from blurline.picture.decode import read_header
from blurline.picture.formats import jpeg
from blurline.picture.redact import write
from tests.picture.heif_files import clean_aperture, with_primary, with_property
from tests.pictures import HOPPER, encoded, psnr_db, sideways

PORTRAIT = Image.open(HOPPER).convert("RGB").resize((256, 304))
needs_heif_enc = pytest.mark.skipif(shutil.which("heif-enc") is None, reason="no wheel may encode HEIC")


def heic(folder: Path, *images: Image.Image) -> bytes:
    names = [f"{number}.png" for number in range(len(images))]
    for name, image in zip(names, images, strict=True):
        image.save(folder / name)
    command = ["heif-enc", "-q", "95", *names, "-o", "made.heic"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return (folder / "made.heic").read_bytes()


@needs_heif_enc
@pytest.mark.parametrize("which", [0, 1, 2])
def test_the_primary_picture_of_a_heic_is_treated_wherever_it_is(which: int, tmp_path: Path) -> None:
    colours, sizes = ("red", "lime", "blue"), ((64, 48), (96, 80), (128, 64))
    made = heic(tmp_path, *(Image.new("RGB", size, colour) for size, colour in zip(sizes, colours, strict=True)))
    numbers = [struct.unpack(">H", made[at + 8 : at + 10])[0] for at in _places(made, b"infe")]
    kinds = [made[at + 12 : at + 16] for at in _places(made, b"infe")]
    shown = [number for number, kind in zip(numbers, kinds, strict=True) if kind in (b"hvc1", b"grid")]
    data = with_primary(made, shown[-3:][which] if len(shown) == 3 else shown[which + 1])
    header, photo = read_header(data), open_photo(data)
    assert (header.width_px, header.height_px) == sizes[which] == (photo.width_px, photo.height_px)
    assert photo.pixels.mean(axis=(0, 1)).argmax() == which
    done = write(photo, ((),), Policy())
    assert [note.code for note in done.notes] == ["further_pictures", "heic_to_jpeg"]
    assert done.photo.pixels.mean(axis=(0, 1)).argmax() == which


def _places(data: bytes, kind: bytes) -> list[int]:
    return [at for at in range(len(data)) if data[at : at + 4] == kind]


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("has_exif", [False, True])
def test_an_orientation_in_xmp_does_not_count(format_: str, has_exif: bool) -> None:
    exif = Image.Exif()
    if has_exif:
        exif[Base.Make] = "Maker"
    xmp = b'<a xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/>'
    options: dict[str, Any] = {"xmp": xmp}
    if format_ == "PNG":
        options = {"pnginfo": PngImagePlugin.PngInfo()}
        options["pnginfo"].add_itxt("XML:com.adobe.xmp", xmp.decode())
    if format_ == "TIFF":
        exif[700] = xmp
        options = {}
    data = encoded(PORTRAIT, format_, exif=exif, **options)
    assert b"tiff:Orientation" in data
    header, photo = read_header(data), open_photo(data)
    assert (header.width_px, header.height_px) == (photo.width_px, photo.height_px) == PORTRAIT.size
    assert psnr_db(photo.pixels, np.asarray(PORTRAIT)) > 30


@needs_heif_enc
def test_a_heic_is_cropped_as_its_container_says(tmp_path: Path) -> None:
    made = heic(tmp_path, PORTRAIT)
    data = with_property(made, b"clap", clean_aperture(240, 280, 8, -12))
    photo = open_photo(data)
    left, top = 8 + 4, 12 - 6
    assert psnr_db(photo.pixels, np.asarray(PORTRAIT)[top : top + 280, left : left + 240]) > 30


@needs_heif_enc
@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("mirror", [None, 0, 1])
def test_a_heic_with_a_small_crop_is_cropped_before_it_is_turned(
    mirror: int | None, turns: int, tmp_path: Path
) -> None:
    """libheif refuses this crop; without it, libheif turns and mirrors the picture."""
    data = heic(tmp_path, PORTRAIT)
    for kind, body in ((b"irot", bytes([turns])), (b"imir", bytes([mirror or 0]))):
        if (kind == b"irot" and turns) or (kind == b"imir" and mirror is not None):
            data = with_property(data, kind, body)
    whole = open_photo(data).pixels
    cropped = with_property(data, b"clap", clean_aperture(60, 40, 8, -12), is_first=True)
    photo, header = open_photo(cropped), read_header(cropped)
    left, top = (256 - 60) // 2 + 4, (304 - 40) // 2 - 6
    marked = np.zeros((304, 256), bool)
    marked[top : top + 40, left : left + 60] = True
    marked = np.rot90(marked, turns)
    marked = marked if mirror is None else marked[:, ::-1] if mirror else marked[::-1]
    rows, columns = np.nonzero(marked)
    expected = whole[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    assert np.array_equal(photo.pixels, expected)
    assert (header.width_px, header.height_px) == (photo.width_px, photo.height_px)


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_avif_is_cropped_before_it_is_turned(orientation: int, mode: str) -> None:
    data = sideways(PORTRAIT.convert(mode), orientation, "AVIF", quality=95)
    whole = open_photo(data)
    stored = (304, 256) if orientation >= 5 else (256, 304)
    cropped = with_property(data, b"clap", clean_aperture(stored[0] - 40, stored[1] - 60, 20, 40))
    photo, header = open_photo(cropped), read_header(cropped)
    upright = np.asarray(_upright_corner(whole, orientation, stored))
    assert photo.pixels.shape == upright.shape
    assert np.array_equal(photo.pixels, upright)
    assert (header.width_px, header.height_px) == (photo.width_px, photo.height_px)


def _upright_corner(whole: Photo, orientation: int, stored: tuple[int, int]) -> Image.Image:
    """What Pillow shows of the stored crop, turned by its own function."""
    turned = Image.fromarray(whole.pixels)
    exif = Image.Exif()
    exif[Base.Orientation] = {5: 5, 6: 8, 7: 7, 8: 6}.get(orientation, orientation)
    back = io.BytesIO()
    turned.save(back, "PNG", exif=exif)
    from PIL import ImageOps

    raw = ImageOps.exif_transpose(Image.open(back))
    assert raw.size == stored
    corner = raw.crop((20 + 10, 30 + 20, 20 + 10 + stored[0] - 40, 30 + 20 + stored[1] - 60))
    corner.getexif().clear()
    again = io.BytesIO()
    exif[Base.Orientation] = orientation
    corner.save(again, "PNG", exif=exif)
    return ImageOps.exif_transpose(Image.open(again)).convert("RGB")


def test_a_crop_beyond_the_picture_is_no_crop() -> None:
    data = with_property(encoded(PORTRAIT, "AVIF"), b"clap", clean_aperture(300, 300))
    assert open_photo(data).pixels.shape == (304, 256, 3)


def test_the_container_of_an_avif_takes_precedence_over_its_exif() -> None:
    exif = Image.Exif()
    exif[Base.Orientation] = 6
    data = bytearray(encoded(PORTRAIT, "AVIF", exif=exif))
    data[data.index(b"irot") + 4] = 0  # not turned
    assert open_photo(bytes(data)).pixels.shape == (304, 256, 3)


def test_each_page_of_a_document_has_its_own_orientation() -> None:
    second: Any = PORTRAIT.copy()
    second.encoderinfo = {"exif": _turned(1)}
    data = encoded(PORTRAIT, "TIFF", exif=_turned(6), save_all=True, append_images=[second])
    assert [frame.pixels.shape[:2] for frame in open_photo(data).frames] == [(256, 304), (304, 256)]


def _turned(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[Base.Orientation] = orientation
    return exif


JPEGS: dict[str, dict[str, Any]] = {
    "baseline": {},
    "progressive": {"progressive": True},
    "restarts": {"restart_marker_rows": 1},
    "grey": {},
}


def _jpeg(name: str) -> bytes:
    image = PORTRAIT.convert("L") if name == "grey" else PORTRAIT
    return encoded(image, "JPEG", quality=90, **JPEGS[name])


@pytest.mark.parametrize("trailer", [b"", b"\0\0\1\0SEFT of a panorama", b"\xff\xff"], ids=["none", "trailer", "fill"])
@pytest.mark.parametrize("name", JPEGS)
def test_a_jpeg_without_its_end_marker_is_whole(name: str, trailer: bytes) -> None:
    data = _jpeg(name)
    photo = open_photo(data[:-2] + trailer)
    assert np.array_equal(photo.pixels, open_photo(data).pixels)
    result = redact(photo, ((),), Policy())
    assert result.endswith(b"\xff\xd9")
    assert trailer == b"" or trailer not in result
    assert psnr_db(open_photo(result).pixels, photo.pixels) > 40


@pytest.mark.parametrize("missing", [8, 40, 400])
@pytest.mark.parametrize("name", JPEGS)
def test_a_jpeg_whose_last_scan_lacks_bytes_is_cut_short(name: str, missing: int) -> None:
    with pytest.raises(UnreadablePicture):
        open_photo(_jpeg(name)[:-missing])


def test_a_progressive_jpeg_that_lacks_a_scan_is_cut_short() -> None:
    found, _ = jpeg.segments(_jpeg("progressive"))
    without_last = b"\xff\xd8" + b"".join(each.written for each in found[:-1])
    with pytest.raises(UnreadablePicture):
        open_photo(without_last)


@pytest.mark.parametrize(
    ("marker", "bits", "said"), [(0xC1, 12, "is a JPEG of 12 bits per channel"), (0xC5, 8, "is a hierarchical JPEG")]
)
def test_a_jpeg_that_the_decoder_lacks_is_not_called_damaged(marker: int, bits: int, said: str) -> None:
    data = bytearray(_jpeg("baseline"))
    at = data.index(b"\xff\xc0")
    data[at + 1], data[at + 4] = marker, bits
    with pytest.raises(UnsupportedFormat, match=rf"{said}, which this decoder cannot read\. Export it again"):
        open_photo(bytes(data))
