"""Every input and output format: what is kept, what is redacted, and the notes on losses."""

from __future__ import annotations

import importlib.util
import io
import itertools
import shutil
import struct
import subprocess
import zlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin
from PIL.ExifTags import GPS, IFD, Base

from blurline import Box, Face, Format, Photo, Policy, open_photo, redact
from blurline.errors import PictureError
from blurline.limits import Limits
from blurline.picture.decode import read_header
from blurline.picture.encode import CannotBeWritten
from blurline.picture.formats import heif_items, jpeg, png, webp
from blurline.picture.metadata import MANDATORY_IN_JPEG
from blurline.picture.redact import write
from blurline.policy import OutputFormat, Style
from blurline.policy.metadata_policy import MetadataPolicy
from tests.pictures import HOPPER, decoded, encoded, psnr_db, sideways

PORTRAIT = Image.open(HOPPER).convert("RGB").resize((256, 300))
FACE = Face(Box(90, 60, 165, 165), 0.9)
INSIDE, OUTSIDE = np.s_[65:160, 95:160], np.s_[215:, :]
STILL: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 92},
    "PNG": {},
    "WEBP": {"quality": 90},
    "AVIF": {"quality": 90},
    "TIFF": {"compression": "tiff_lzw"},
    "GIF": {},
    "BMP": {},
}
ANIMATIONS: dict[str, dict[str, Any]] = {"PNG": {}, "WEBP": {"lossless": True}, "GIF": {}, "AVIF": {"quality": 95}}


def frames(count: int) -> list[Image.Image]:
    """The portrait, shifted to the right by twenty pixels a frame."""
    return [Image.fromarray(np.roll(np.asarray(PORTRAIT), 20 * number, axis=1)) for number in range(count)]


def faces_of(count: int) -> tuple[tuple[Face, ...], ...]:
    box = FACE.box
    shifted = (Box(box.x1 + 20 * number, box.y1, box.x2 + 20 * number, box.y2) for number in range(count))
    return tuple((Face(box, 0.9),) for box in shifted)


def written(photo: Photo, faces: Any = ((FACE,),), **policy: Any) -> Photo:
    return open_photo(redact(photo, faces, Policy(**policy)))


@pytest.mark.parametrize("format_", STILL)
@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_each_format_keeps_its_format_upright_and_without_the_face(format_: str, orientation: int) -> None:
    if format_ in ("GIF", "BMP"):
        data = encoded(PORTRAIT, format_)  # they have no orientation
    else:
        data = sideways(PORTRAIT, orientation, format_, **STILL[format_])
    result = written(open_photo(data))
    assert result.encoding.format == format_
    assert result.orientation == 1
    assert result.pixels.shape == (300, 256, 3)
    assert psnr_db(result.pixels[INSIDE], np.asarray(PORTRAIT)[INSIDE]) < 22
    assert psnr_db(result.pixels[OUTSIDE], np.asarray(PORTRAIT)[OUTSIDE]) > 28


@pytest.mark.parametrize("format_", ANIMATIONS)
def test_every_frame_of_an_animation_is_redacted_and_keeps_its_duration(format_: str) -> None:
    first, *others = frames(4)
    times = [100, 200, 300, 400]
    options: dict[str, Any] = {"save_all": True, "append_images": others, "duration": times, "loop": 3}
    data = encoded(first, format_, **options, **ANIMATIONS[format_])
    photo = open_photo(data)
    assert len(photo.frames) == 4
    result = written(photo, faces_of(4))
    assert [frame.duration_ms for frame in result.frames] == times
    if format_ != "AVIF":
        assert result.encoding.loops == 3
    for number, frame in enumerate(result.frames):
        inside = np.s_[65:160, 95 + 20 * number : 160 + 20 * number]
        meant = np.asarray(frames(4)[number])
        assert psnr_db(frame.pixels[inside], meant[inside]) < 22
        assert psnr_db(frame.pixels[OUTSIDE], meant[OUTSIDE]) > 28


@pytest.mark.parametrize("colours", [3, 16, 200, 256])
@pytest.mark.parametrize("is_transparent", [False, True])
@pytest.mark.parametrize("count", [1, 3])
def test_a_gif_keeps_every_colour_outside_the_faces(colours: int, is_transparent: bool, count: int) -> None:
    images = [frame.quantize(colours - is_transparent) for frame in frames(count)]
    for image in images:
        if is_transparent:
            image.paste(colours - 1, (0, 0, 256, 20))
            image.info["transparency"] = colours - 1
    photo = open_photo(encoded(images[0], "GIF", save_all=True, append_images=images[1:], disposal=2))
    result = written(photo, faces_of(count), style=Style.BLUR)
    assert len(result.frames) == count
    for number, (frame, before) in enumerate(zip(result.frames, photo.frames, strict=True)):
        inside = np.s_[65:160, 95 + 20 * number : 160 + 20 * number]
        assert psnr_db(frame.pixels[inside], before.pixels[inside]) < 22
        shown = np.ones((300, 256), bool) if before.alpha is None else before.alpha > 0
        assert np.array_equal(shown[:25], np.ones((25, 256)) if frame.alpha is None else frame.alpha[:25] > 0)
        shown[25:215] = False
        assert np.array_equal(frame.pixels[shown], before.pixels[shown])


def test_a_repeated_frame_is_redacted_once_and_keeps_its_duration() -> None:
    first = PORTRAIT
    data = encoded(first, "GIF", save_all=True, append_images=[first, first.rotate(180)], duration=[100, 100, 50])
    photo = open_photo(data)
    assert [frame.duration_ms for frame in photo.frames] == [200, 50]
    assert [frame.duration_ms for frame in written(photo, faces_of(2)).frames] == [200, 50]


def test_every_page_of_a_document_is_redacted_at_any_size() -> None:
    pages = [PORTRAIT, PORTRAIT.resize((512, 600)), PORTRAIT.convert("L")]
    photo = open_photo(encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:]))
    big = Face(Box(180, 120, 330, 330), 0.9)
    result = written(photo, ((FACE,), (big,), (FACE,)))
    assert [frame.pixels.shape[:2] for frame in result.frames] == [(300, 256), (600, 512), (300, 256)]
    assert psnr_db(result.frames[1].pixels[130:320, 190:320], np.asarray(pages[1])[130:320, 190:320]) < 22


@pytest.mark.parametrize("style", Style)
@pytest.mark.parametrize("format_", ["PNG", "TIFF"])
def test_a_16_bit_grey_picture_keeps_its_bits(format_: str, style: Style) -> None:
    grey = np.asarray(PORTRAIT.convert("L"), np.uint16)
    levels = grey * 257 - (grey % 7)
    photo = open_photo(encoded(Image.fromarray(levels), format_))
    result = written(photo, style=style)
    assert result.frames[0].levels16 is not None
    assert np.array_equal(result.frames[0].levels16[OUTSIDE], levels[OUTSIDE])
    assert psnr_db(result.frames[0].levels16[INSIDE] / 257, grey[INSIDE]) < 22


def test_losses_are_noted_for_the_owner() -> None:
    deep = _png_of_16_bits(np.asarray(PORTRAIT, np.uint16) * 257)
    for data, code in (
        (encoded(PORTRAIT.convert("CMYK"), "JPEG"), "cmyk_converted"),
        (encoded(PORTRAIT, "MPO", save_all=True, append_images=[PORTRAIT.rotate(180)]), "further_pictures"),
        (deep, "depth_reduced"),
        (encoded(PORTRAIT, "PNG", icc_profile=b"no profile"), "profile_dropped"),
    ):
        photo = open_photo(data)
        assert [note.code for note in write(photo, ((FACE,),), Policy()).notes] == [code]
        assert psnr_db(written(photo).pixels[OUTSIDE], np.asarray(PORTRAIT)[OUTSIDE]) > 25


@pytest.mark.parametrize("wanted", [OutputFormat.JPEG, OutputFormat.PNG, OutputFormat.WEBP])
@pytest.mark.parametrize("format_", STILL)
def test_a_policy_may_request_another_format(format_: str, wanted: OutputFormat) -> None:
    photo = open_photo(encoded(PORTRAIT, format_, **STILL[format_]))
    for faces in (((FACE,),), ((),)):
        result = written(photo, faces, output_format=wanted)
        assert result.encoding.format == wanted.value.upper()
        assert psnr_db(result.pixels[OUTSIDE], np.asarray(PORTRAIT)[OUTSIDE]) > 28


def test_transparency_becomes_white_in_formats_without_it() -> None:
    ghost = PORTRAIT.copy()
    ghost.putalpha(0)
    result = written(open_photo(encoded(ghost, "PNG")), ((),), output_format=OutputFormat.JPEG)
    assert result.pixels.min() > 250


def test_several_frames_in_a_format_without_frames_are_refused() -> None:
    first, *others = frames(2)
    animation = open_photo(encoded(first, "GIF", save_all=True, append_images=others, duration=100))
    document = open_photo(encoded(first, "TIFF", save_all=True, append_images=others))
    with pytest.raises(CannotBeWritten, match="2 frames cannot be written as JPEG"):
        written(animation, faces_of(2), output_format=OutputFormat.JPEG)
    with pytest.raises(CannotBeWritten, match="2 pages cannot be written as WEBP"):
        written(document, faces_of(2), output_format=OutputFormat.WEBP)
    assert len(written(animation, faces_of(2), output_format=OutputFormat.WEBP).frames) == 2


@pytest.mark.skipif(shutil.which("heif-enc") is None, reason="heif-enc is not installed; no wheel may encode HEIC")
def test_heic_is_read_upright_and_comes_back_as_jpeg(tmp_path: Path) -> None:
    (tmp_path / "h.png").write_bytes(encoded(PORTRAIT, "PNG"))
    subprocess.run(["heif-enc", "-q", "90", "h.png", "-o", "h.heic"], cwd=tmp_path, check=True, capture_output=True)
    photo = open_photo((tmp_path / "h.heic").read_bytes())
    assert photo.encoding.format is Format.HEIC
    result = written(photo)
    assert result.encoding.format is Format.JPEG
    assert psnr_db(result.pixels[OUTSIDE], np.asarray(PORTRAIT)[OUTSIDE]) > 30


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("is_progressive", [False, True])
def test_a_jpeg_without_faces_keeps_its_compressed_data(mode: str, orientation: int, is_progressive: bool) -> None:
    image = PORTRAIT.convert(mode)
    data = sideways(image, orientation, "JPEG", progressive=is_progressive, quality=88) + b"trailing"
    result = redact(open_photo(data), ((),), Policy())
    before, after = (
        [(each.marker, each.payload, each.scan) for each in jpeg.segments(file)[0] if each.marker < 0xE0]
        for file in (data, result)
    )
    assert before == after
    assert np.array_equal(open_photo(result).pixels, open_photo(data).pixels)
    with Image.open(io.BytesIO(result)) as image_written:
        expected = {Base.Orientation: orientation} if orientation != 1 else {}
        mandatory = MANDATORY_IN_JPEG | {IFD.Exif} if expected else set()
        assert {tag: value for tag, value in image_written.getexif().items() if tag not in mandatory} == expected


def test_png_and_webp_without_faces_keep_their_compressed_data() -> None:
    transparent = PORTRAIT.copy()
    transparent.putalpha(Image.linear_gradient("L").resize(PORTRAIT.size))
    for image in (PORTRAIT, transparent, PORTRAIT.convert("P"), PORTRAIT.convert("1")):
        data = encoded(image, "PNG", dpi=(300, 300))
        result = redact(open_photo(data), ((),), Policy())
        assert dict(png.chunks(result)) == dict(png.chunks(data))
    data = encoded(PORTRAIT, "WEBP", lossless=True)
    assert dict(webp.chunks(redact(open_photo(data), ((),), Policy()))) == dict(webp.chunks(data))


def _with_metadata(format_: str) -> bytes:
    block = Image.Exif()
    block[Base.Make], block[Base.Copyright], block[Base.Software] = "Maker", "© Jürgen Müller".encode(), "Tool"
    block.get_ifd(IFD.Exif).update({Base.DateTimeOriginal: "2026:11:25 10:00:00", Base.BodySerialNumber: "12345"})
    block.get_ifd(IFD.GPSInfo).update(
        {GPS.GPSLatitudeRef: "N", GPS.GPSLatitude: (52.0, 30.0, 1.5), GPS.GPSSatellites: "7"}
    )
    xmp = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><d GPano:ProjectionType="equirectangular" GPano:FullPanoWidthPixels="800"'
    )
    xmp += b' GPano:CaptureSoftware="Tool" dc:creator="Jane"/></x:xmpmeta>'
    if format_ == "PNG":
        text = PngImagePlugin.PngInfo()
        text.add_itxt("XML:com.adobe.xmp", xmp.decode())
        return encoded(PORTRAIT, format_, exif=block, pnginfo=text)
    if format_ == "TIFF":
        block[IFD.Exif] = block[IFD.GPSInfo] = 0
        block[700] = xmp
        return encoded(PORTRAIT, format_, exif=block)
    return encoded(PORTRAIT, format_, exif=block, xmp=xmp)


@pytest.mark.parametrize("faces", [((FACE,),), ((),)], ids=["face", "none"])
@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
def test_only_metadata_on_the_policys_list_is_kept(format_: str, faces: Any) -> None:
    photo = open_photo(_with_metadata(format_))
    strip, safe, mapping = (written(photo, faces, metadata=policy).metadata for policy in MetadataPolicy)
    assert (strip.main, strip.exif, strip.gps, strip.panorama) == ({}, {}, {}, {})
    assert safe.main == {Base.Make: "Maker", Base.Copyright: "© Jürgen Müller".encode()}
    assert safe.exif == {Base.DateTimeOriginal: "2026:11:25 10:00:00"}
    assert (safe.gps, safe.panorama) == ({}, {})
    assert (mapping.main, mapping.exif) == (safe.main, safe.exif)
    assert [float(value) for value in mapping.gps[GPS.GPSLatitude]] == [52.0, 30.0, 1.5]
    assert set(mapping.gps) == {GPS.GPSLatitudeRef, GPS.GPSLatitude}
    assert mapping.panorama == {"ProjectionType": "equirectangular", "FullPanoWidthPixels": "800"}


@pytest.mark.parametrize("format_", STILL)
def test_a_truncated_file_is_a_clear_error_or_a_whole_picture(format_: str) -> None:
    data = encoded(PORTRAIT, format_, **STILL[format_])
    for kept in [*range(0, 200, 7), *np.linspace(200, len(data) - 1, 40).astype(int).tolist()]:
        with suppress(PictureError):
            assert open_photo(data[:kept]).pixels.shape == (300, 256, 3)


@pytest.mark.parametrize("format_", STILL)
@pytest.mark.parametrize("size", [(1, 1), (1, 500), (3, 2)])
def test_the_smallest_pictures_pass(format_: str, size: tuple[int, int]) -> None:
    photo = open_photo(encoded(Image.new("RGB", size, (200, 30, 30)), format_, **STILL[format_]))
    face = Face(Box(0, 0, *size), 0.9)
    for faces in (((face,),), ((),)):
        assert decoded(redact(photo, faces, Policy())).shape == (size[1], size[0], 3)


@pytest.mark.parametrize("format_", ["PNG", "GIF", "TIFF", "WEBP", "JPEG"])
def test_decompression_bombs_are_refused_from_their_header(format_: str) -> None:
    """A file of about a megabyte that would decode to hundreds."""
    known: dict[str, dict[str, Any]] = {"TIFF": {"compression": "tiff_adobe_deflate"}, "WEBP": {"method": 0}}
    options = known.get(format_, {})
    bomb = encoded(Image.new("L" if format_ != "WEBP" else "RGB", (12000, 12000)), format_, **options)
    with pytest.raises(PictureError, match="megapixels"):
        open_photo(bomb, Limits(pixels=100_000_000))


def test_a_polyglot_file_is_written_as_a_picture_only() -> None:
    """A picture that is also a script, an archive or a page is written as a picture only."""
    for also in (b"#!/bin/sh\nrm -rf /\n", b"PK\x03\x04 archive", b"<html><script>alert(1)</script>"):
        for format_ in ("JPEG", "PNG", "GIF", "BMP", "WEBP"):
            for faces in (((FACE,),), ((),)):
                assert also not in redact(open_photo(encoded(PORTRAIT, format_) + also), faces, Policy())


def _png_of_16_bits(pixels: np.ndarray) -> bytes:
    """An RGB PNG of 16 bits a channel, which Pillow cannot write."""
    height, width, _ = pixels.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    header = b"".join(value.to_bytes(4, "big") for value in (width, height)) + bytes([16, 2, 0, 0, 0])
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(png._chunk(kind, body) for kind, body in parts)


def test_detection_uses_every_bit_of_a_16_bit_picture() -> None:
    """A face in the lower bits: invisible to the eye, visible after stretching the levels."""
    grey = np.asarray(PORTRAIT.convert("L"), np.uint16)
    photo = open_photo(encoded(Image.fromarray(grey * 4), "PNG"))
    stretched = photo.frames[0].appearances[1]
    assert psnr_db(stretched[:, :, 0], np.asarray(PORTRAIT.convert("L"))) > 20
    hidden = _png_of_16_bits((np.asarray(PORTRAIT, np.uint16) & 0xFF) | 0x8000)
    result = open_photo(redact(open_photo(hidden), ((),), Policy()))
    assert np.ptp(result.pixels) == 0 and not result.facts.is_deep  # written with the 8 bits that were looked at


def test_a_12_bit_tiff_keeps_its_brightness(tmp_path: Path) -> None:
    levels = np.asarray(PORTRAIT.convert("L"), np.uint16) * 16
    packed = np.zeros((levels.size // 2, 3), np.uint8)
    one, other = levels.reshape(-1, 2).T
    packed[:, 0], packed[:, 1], packed[:, 2] = one >> 4, (one & 15) << 4 | other >> 8, other & 255
    tags = [(256, 256), (257, 300), (258, 12), (259, 1), (262, 1), (273, 200), (277, 1), (278, 300), (279, packed.size)]
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    data = (b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + entries + bytes(4)).ljust(200, b"\0") + packed.tobytes()
    photo = open_photo(data)
    assert psnr_db(photo.pixels[:, :, 0], levels >> 4) > 45
    assert psnr_db(written(photo).pixels[OUTSIDE][:, :, 0], (levels >> 4)[OUTSIDE]) > 45


def test_frames_merged_by_a_writer_do_not_fail_the_check() -> None:
    random = np.random.default_rng(0)
    noise = [random.integers(0, 2, (300, 256, 3)) for _ in range(4)]
    still = [Image.fromarray((np.asarray(PORTRAIT) // 2 + each).astype(np.uint8)) for each in noise]
    for format_, options in (("AVIF", {"quality": 60}), ("GIF", {}), ("WEBP", {"quality": 20})):
        data = encoded(still[0], format_, save_all=True, append_images=still[1:], duration=100, **options)
        photo = open_photo(data)
        shown = written(photo, faces_of(1) * len(photo.frames)).frames
        if len(photo.frames) > 1:
            assert sum(frame.duration_ms or 0 for frame in shown) == 400


@pytest.mark.parametrize("size", [4, 8, 14, 30, 60, 120])
@pytest.mark.parametrize("style", Style)
@pytest.mark.parametrize("quality", [30, 75])
def test_no_style_fails_its_check_on_small_faces_in_small_files(size: int, style: Style, quality: int) -> None:
    face = Face(Box(30.3, 30.3, 30.3 + size, 30.3 + 1.2 * size), 0.9)
    for format_ in ("JPEG", "WEBP"):
        assert redact(open_photo(encoded(PORTRAIT, format_, quality=quality)), ((face,),), Policy(style=style))


def test_a_jpeg_with_other_table_numbers_is_written_the_same_way() -> None:
    data = encoded(PORTRAIT, "JPEG", quality=80)
    head, rest = data[:2], b""
    for each in jpeg.segments(data)[0]:
        payload = bytearray(each.payload)
        if each.marker == 0xDB:
            payload[0] += 2
        if each.marker == 0xC0:
            payload[8], payload[11], payload[14] = 2, 3, 3
        rest += jpeg.Segment(each.marker, bytes(payload), each.scan).written
    photo = open_photo(head + rest + b"\xff\xd9")
    with Image.open(io.BytesIO(redact(photo, ((FACE,),), Policy()))) as again, Image.open(io.BytesIO(data)) as source:
        assert again.quantization == source.quantization  # type: ignore[attr-defined]


@pytest.mark.parametrize("tag", [Base.Make, Base.DateTime, Base.Artist, Base.Copyright])
@pytest.mark.parametrize(
    ("kind", "value"), [(5, b"\1\0\0\0\3\0\0\0"), (12, b"\0" * 8), (7, b"binary\0\1"), (2, b"\1\2\3\4text")]
)
def test_metadata_values_of_the_wrong_type_are_dropped(tag: int, kind: int, value: bytes) -> None:
    count = len(value) if kind in (2, 7) else 1
    block = b"II*\0\x08\0\0\0\1\0" + struct.pack("<HHII", tag, kind, count, 26) + bytes(4) + value
    for format_ in ("JPEG", "PNG", "WEBP"):
        data = encoded(PORTRAIT, format_, exif=b"Exif\0\0" + block)
        for faces in (((FACE,),), ((),)):
            assert written(open_photo(data), faces, metadata=MetadataPolicy.MAPPING).metadata.main == {}


@pytest.mark.skipif(shutil.which("convert") is None, reason="needs ImageMagick")
@pytest.mark.parametrize("disposal", [0, 1])
@pytest.mark.parametrize("kinds", list(itertools.permutations(("grey", "colour", "clear"))))
def test_the_frames_of_a_gif_are_read_as_other_programs_show_them(
    kinds: Sequence[str], disposal: int, tmp_path: Path
) -> None:
    ramp = Image.fromarray((np.arange(76800) % 256).astype(np.uint8).reshape(300, 256))
    clear = PORTRAIT.quantize(100)
    clear.paste(100, (20, 20, 90, 60))
    clear.info["transparency"] = 100
    images = {"grey": ramp, "colour": PORTRAIT.rotate(180).quantize(200), "clear": clear}
    first, *others = (images[kind] for kind in kinds)
    data = encoded(first, "GIF", save_all=True, append_images=others, duration=100, disposal=disposal, optimize=False)
    (tmp_path / "moving.gif").write_bytes(data)
    subprocess.run(["convert", "moving.gif", "-coalesce", "PNG32:frame-%d.png"], cwd=tmp_path, check=True)
    photo = open_photo(data)
    assert len(photo.frames) == len(kinds)
    for number, frame in enumerate(photo.frames):
        shown = np.asarray(Image.open(tmp_path / f"frame-{number}.png").convert("RGBA"))
        alpha = np.full((300, 256), 255, np.uint8) if frame.alpha is None else frame.alpha
        assert np.array_equal(alpha, shown[:, :, 3]), number
        assert np.array_equal(frame.pixels[alpha > 0], shown[:, :, :3][alpha > 0]), number
    assert len(written(photo, faces_of(1) * 3).frames) == len(kinds)


@pytest.mark.skipif(importlib.util.find_spec("jpeglib") is None, reason="jpeglib has no wheel for this machine")
def test_a_lossless_jpeg_of_rgb_components_passes() -> None:
    assert written(open_photo(encoded(PORTRAIT, "JPEG", quality=95, keep_rgb=True)), exact=True).pixels.shape


def test_a_document_with_a_grey_cover_keeps_the_colours_of_its_pages() -> None:
    data = encoded(PORTRAIT.convert("L"), "TIFF", save_all=True, append_images=[PORTRAIT.copy()])
    result = written(open_photo(data), ((FACE,), (FACE,)))
    assert np.array_equal(result.frames[1].pixels[OUTSIDE], np.asarray(PORTRAIT)[OUTSIDE])


@pytest.mark.parametrize("style", Style)
def test_an_opaque_picture_stays_opaque(style: Style) -> None:
    result = written(open_photo(encoded(PORTRAIT.convert("RGBA"), "PNG")), style=style)
    assert result.frames[0].alpha is not None
    assert result.frames[0].alpha.min() == 255


def test_a_cmyk_jpeg_without_faces_keeps_its_profile() -> None:
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[16:20] = b"CMYK"
    data = encoded(PORTRAIT.convert("CMYK"), "JPEG", icc_profile=bytes(profile))
    with Image.open(io.BytesIO(redact(open_photo(data), ((),), Policy()))) as result:
        assert (result.mode, result.info["icc_profile"][16:20]) == ("CMYK", b"CMYK")


def test_a_poster_is_not_a_frame_of_the_animation() -> None:
    first, second, third = frames(3)
    options: dict[str, Any] = {"save_all": True, "default_image": True, "duration": [100, 250, 300]}
    photo = open_photo(encoded(first, "PNG", append_images=[first, third, second], **options))
    assert [frame.duration_ms for frame in photo.frames[1:]] == [100, 250, 300]
    assert len(written(photo, ((FACE,), (FACE,), *faces_of(2))).frames) == 4
    moved = written(photo, ((FACE,), (FACE,), *faces_of(2)), output_format=OutputFormat.WEBP)
    assert [frame.duration_ms for frame in moved.frames] == [100, 250, 300]


def test_an_orientation_in_xmp_is_ignored() -> None:
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><d tiff:Orientation="6"/></x:xmpmeta>'
    photo = open_photo(encoded(PORTRAIT, "JPEG", xmp=xmp))
    assert (photo.orientation, photo.pixels.shape) == (1, (300, 256, 3))
    assert not Image.open(io.BytesIO(redact(photo, ((),), Policy()))).getexif()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
def test_header_and_picture_agree_on_the_size(format_: str, orientation: int) -> None:
    header = read_header(sideways(PORTRAIT, orientation, format_))
    assert (header.width_px, header.height_px) == PORTRAIT.size


@pytest.mark.parametrize(("stored", "shared"), [("4:4:4", (1, 1)), ("4:2:2", (2, 1)), ("4:2:0", (2, 2))])
def test_an_avif_keeps_its_chroma(stored: str, shared: tuple[int, int]) -> None:
    data = encoded(PORTRAIT, "AVIF", quality=95, subsampling=stored)
    photo = open_photo(data)
    done = write(photo, ((FACE,),), Policy())
    assert heif_items.av1_subsampling(data) == shared
    assert heif_items.av1_subsampling(done.data) == (shared if shared == (2, 2) else (1, 1))
    chroma = [
        np.asarray(Image.fromarray(each.pixels).convert("YCbCr"))[OUTSIDE][..., 1:] for each in (photo, done.photo)
    ]
    assert psnr_db(*chroma) > 40


@pytest.mark.skipif(shutil.which("avifenc") is None, reason="needs avifenc; .ci/run installs it")
def test_an_avif_of_tiles_keeps_its_chroma_and_says_that_its_depth_is_lost(tmp_path: Path) -> None:
    PORTRAIT.save(tmp_path / "in.png")
    command = ["avifenc", "--speed", "9", "-d", "10", "--yuv", "444", "--grid", "2x1", "in.png", "out.avif"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    data = (tmp_path / "out.avif").read_bytes()
    done = write(open_photo(data), ((FACE,),), Policy())
    assert heif_items.av1_subsampling(data) == heif_items.av1_subsampling(done.data) == (1, 1)
    assert [note.code for note in done.notes] == ["depth_reduced"]
