"""A result shows the same colours as its source, in every format, with and without a face, in readers that are not
ours: Chromium and exiftool."""

from __future__ import annotations

import io
import json
import shutil
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageFilter
from PIL.ExifTags import IFD, Base
from PIL.TiffImagePlugin import ImageFileDirectory_v2
from PIL.TiffTags import RATIONAL, SHORT

from blurline import Box, Face, Policy, open_photo
from blurline.limits import Limits
from blurline.picture.colour import tagged
from blurline.picture.formats import heif, png
from blurline.picture.matrix_profile import grey_profile
from blurline.picture.redact import WrittenFile, write
from blurline.policy import OutputFormat
from blurline.policy.metadata_policy import MetadataPolicy
from tests.picture.browser_view import CHROMIUM, mean_delta_e, views
from tests.picture.colour_files import (
    ADOBE_CHRM,
    adobe_rgb_by_bmp_header,
    adobe_rgb_by_exif,
    cmyk_profile,
    swapped_profile,
)
from tests.picture.corpus import bmp_of_version_5
from tests.picture.heif_files import with_property
from tests.pictures import HOPPER, encoded

SIZE = (96, 112)
PORTRAIT = Image.open(HOPPER).convert("RGB").resize(SIZE).filter(ImageFilter.GaussianBlur(2))  # easy for every codec
FACE = Face(Box(40, 25, 60, 55), 0.9)
BELOW = np.zeros(SIZE[::-1], bool)
BELOW[80:] = True


def with_png_chunks(*found: tuple[bytes, bytes], icc: bytes | None = None, image: Image.Image = PORTRAIT) -> bytes:
    return png.with_chunks(encoded(image, "PNG", icc_profile=icc), list(found))


def avif(primaries: int, transfer: int) -> bytes:
    return heif.with_code_points(encoded(PORTRAIT, "AVIF", quality=95, subsampling="4:4:4"), primaries, transfer)


SOURCES = {
    "untagged.png": encoded(PORTRAIT, "PNG"),
    "srgb.png": with_png_chunks((b"sRGB", b"\0")),
    "icc.png": with_png_chunks(icc=swapped_profile()),
    "linear.png": with_png_chunks((b"gAMA", struct.pack(">I", 100_000))),
    "gama-chrm.png": with_png_chunks((b"gAMA", struct.pack(">I", 55_556)), (b"cHRM", ADOBE_CHRM)),
    "gama-grey.png": with_png_chunks((b"gAMA", struct.pack(">I", 100_000)), image=PORTRAIT.convert("L")),
    "cicp-p3.png": with_png_chunks((b"cICP", bytes([12, 13, 0, 1]))),
    "cicp-bt709.png": with_png_chunks((b"cICP", bytes([1, 1, 0, 1]))),
    "cicp-pq.png": with_png_chunks((b"cICP", bytes([9, 16, 0, 1]))),
    "cicp-before-icc.png": with_png_chunks((b"cICP", bytes([12, 13, 0, 1])), icc=swapped_profile()),
    "icc-before-gama.png": with_png_chunks((b"gAMA", struct.pack(">I", 100_000)), icc=swapped_profile()),
    "srgb-before-gama.png": with_png_chunks((b"sRGB", b"\0"), (b"gAMA", struct.pack(">I", 100_000))),
    "icc.jpeg": encoded(PORTRAIT, "JPEG", quality=95, icc_profile=swapped_profile()),
    "icc.webp": encoded(PORTRAIT, "WEBP", lossless=True, icc_profile=swapped_profile()),
    "icc.avif": encoded(PORTRAIT, "AVIF", quality=95, icc_profile=swapped_profile()),
    "p3.avif": avif(12, 13),
    "bt2020.avif": avif(9, 1),
    "gamma28.avif": avif(5, 5),
    "pq.avif": avif(9, 16),
    "hlg.avif": avif(9, 18),
    "icc.bmp": bmp_of_version_5(encoded(PORTRAIT, "BMP", dpi=(0, 0)), swapped_profile()),
    "icc-before-pq.avif": heif.with_code_points(
        encoded(PORTRAIT, "AVIF", quality=95, subsampling="4:4:4", icc_profile=swapped_profile()), 9, 16
    ),
}
HDR = {"cicp-pq.png", "pq.avif", "hlg.avif"}
"""Tone-mapped in JPEG and WebP, by another curve than the browser's."""


def results(name: str) -> Iterator[tuple[str, WrittenFile]]:
    for wanted in OutputFormat:
        extension = Path(name).suffix[1:] if wanted is OutputFormat.SAME else wanted.value
        for faces in ((), (FACE,)):
            for kept in MetadataPolicy:
                done = write(open_photo(SOURCES[name]), (faces,), Policy(output_format=wanted, metadata=kept))
                yield f"{name} {wanted.value} {len(faces)} {kept.value}.{extension}", done
                if (wanted, faces) != (OutputFormat.SAME, ()):
                    break  # the colours of what is encoded again do not depend on the metadata


@pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium; .ci/run installs it")
def test_a_browser_shows_every_result_in_the_colours_of_its_source(tmp_path: Path) -> None:
    written = {label: done for name in SOURCES for label, done in results(name)}
    shown = views(SOURCES | {label: done.data for label, done in written.items()}, SIZE, tmp_path)
    differences = {}
    for label, done in written.items():
        name = label.split()[0]
        is_tone_mapped = name in HDR and label.endswith((".jpeg", ".webp"))
        assert [note.code for note in done.notes] == ["hdr_reduced"] * is_tone_mapped, label
        difference = mean_delta_e(shown[name], shown[label], BELOW)
        if difference > (5 if is_tone_mapped else 2):
            differences[label] = round(difference, 1)
    assert differences == {}
    assert mean_delta_e(shown["untagged.png"], shown["linear.png"], BELOW) > 10  # the browser honours the tags


def adobe_rgb_by_tiff_tags() -> bytes:
    xy = [value / 100_000 for value in struct.unpack(">8I", ADOBE_CHRM)]
    table = np.rint((np.arange(256) / 255) ** (563 / 256) * 65535).astype(int)
    tags = ImageFileDirectory_v2()
    for tag, kind, values in (
        (301, SHORT, tuple(map(int, table)) * 3),
        (318, RATIONAL, xy[:2]),
        (319, RATIONAL, xy[2:]),
    ):
        tags.tagtype[tag] = kind
        tags[tag] = tuple(values)
    return encoded(PORTRAIT, "TIFF", tiffinfo=tags)


ADOBE_RGB = {
    "EXIF": adobe_rgb_by_exif(PORTRAIT),
    "tags of a TIFF": adobe_rgb_by_tiff_tags(),
    "header of a BMP": adobe_rgb_by_bmp_header(PORTRAIT),
}


@pytest.mark.parametrize("name", ADOBE_RGB)
def test_adobe_rgb_becomes_a_profile(name: str) -> None:
    wanted = OutputFormat.PNG if name == "header of a BMP" else OutputFormat.SAME
    for kept in MetadataPolicy:
        for faces in ((), (FACE,)):
            policy = Policy(metadata=kept, output_format=wanted)
            done = write(open_photo(ADOBE_RGB[name]), (faces,), policy)
            assert done.is_copied is (name == "EXIF" and not faces)
            with Image.open(io.BytesIO(done.data)) as image:
                profile = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
                shown = ImageCms.profileToProfile(image, profile, ImageCms.createProfile("sRGB"))
                assert shown is not None
                values = (np.asarray(image) / 255.0) ** (563 / 256)
            matrix = [[1.39836, -0.39836, 0], [0, 1, 0], [0, -0.04293, 1.04293]]  # Adobe RGB (1998), 4.3, to sRGB
            linear = (values @ np.array(matrix).T).clip(0, 1)
            meant = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
            assert mean_delta_e(np.asarray(shown), np.rint(meant * 255).astype(np.uint8), BELOW) < 1


def test_a_bmp_keeps_the_primaries_of_its_header() -> None:
    for faces in ((), (FACE,)):
        result = write(open_photo(ADOBE_RGB["header of a BMP"]), (faces,), Policy()).data
        stored, meant = (np.frombuffer(each[74:122], "<i4") for each in (result, ADOBE_RGB["header of a BMP"]))
        assert np.abs(stored - meant).max() < 2**30 * 0.0003
        with Image.open(io.BytesIO(result)) as image:
            assert mean_delta_e(np.asarray(image), np.asarray(PORTRAIT), BELOW) == 0


def test_a_bmp_of_grey_keeps_its_profile_of_rgb() -> None:
    data = bmp_of_version_5(encoded(PORTRAIT.convert("L").convert("RGB"), "BMP"), swapped_profile())
    grey = bmp_of_version_5(encoded(PORTRAIT.convert("L"), "BMP"), swapped_profile())
    for each in (data, grey):
        for wanted in (OutputFormat.SAME, OutputFormat.JPEG):
            done = write(open_photo(each), ((FACE,),), Policy(output_format=wanted))
            assert done.photo.frames[0].colour.icc is not None
            assert done.notes == ()


@pytest.mark.parametrize("code", [(12, 13), (9, 16)])
def test_an_avif_without_code_points_in_its_boxes_has_those_of_its_stream(
    code: tuple[int, int], tmp_path: Path
) -> None:
    if shutil.which("avifenc") is None:
        pytest.skip("needs avifenc; .ci/run installs it")
    PORTRAIT.save(tmp_path / "in.png")
    for options, name in ((["in.png"], "still.avif"), (["--timescale", "2", "in.png", "in.png"], "moving.avif")):
        command = ["avifenc", "--speed", "9", "--cicp", f"{code[0]}/{code[1]}/6", *options, name]
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
        data = (tmp_path / name).read_bytes().replace(b"colrnclx", b"freenclx")
        assert heif.code_points(data) is None
        photo = open_photo(data)
        assert photo.frames[0].colour == tagged(*code)
        written = write(photo, ((FACE,),) * len(photo.frames), Policy())
        assert heif.code_points(written.data) == code
        assert written.notes == ()


def test_srgb_by_exif_or_an_unknown_index_stays_untagged() -> None:
    for space, index in ((1, "R03"), (65535, "R98"), (65535, "THM")):
        exif = Image.Exif()
        exif.get_ifd(IFD.Exif)[Base.ColorSpace] = space
        exif.get_ifd(IFD.Exif)[IFD.Interop] = {1: index}
        done = write(open_photo(encoded(PORTRAIT, "JPEG", exif=exif)), ((FACE,),), Policy())
        assert b"ICC_PROFILE" not in done.data


@pytest.mark.parametrize("faces", [(), (FACE,)])
@pytest.mark.parametrize("name", [name for name in SOURCES if name.endswith(".png")])
def test_a_png_keeps_its_colour_chunks(name: str, faces: tuple[Face, ...]) -> None:
    source, result = SOURCES[name], write(open_photo(SOURCES[name]), (faces,), Policy()).data
    assert sorted(png.colour_chunks(result)) == sorted(png.colour_chunks(source))
    assert (b"iCCP" in result) is (b"iCCP" in source)


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="needs exiftool; .ci/run installs it")
@pytest.mark.parametrize("name", ["p3.avif", "pq.avif", "hlg.avif", "bt2020.avif"])
def test_exiftool_reads_the_code_points_of_an_avif(name: str, tmp_path: Path) -> None:
    read = []
    for at, data in enumerate([SOURCES[name], write(open_photo(SOURCES[name]), ((FACE,),), Policy()).data]):
        (tmp_path / f"{at}.avif").write_bytes(data)
        command = ["exiftool", "-j", "-n", "-ColorPrimaries", "-TransferCharacteristics", str(tmp_path / f"{at}.avif")]
        found = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)[0]
        read.append((found["ColorPrimaries"], found["TransferCharacteristics"]))
    assert read[0] == read[1]


def test_a_picture_in_pq_or_linear_light_also_appears_as_it_is_meant() -> None:
    for name in ("pq.avif", "cicp-pq.png", "linear.png"):
        seen = open_photo(SOURCES[name]).frames[0].appearances
        assert len(seen) == 2
        assert np.abs(seen[0].astype(int) - seen[1]).mean() > 20
    for name in ("untagged.png", "p3.avif", "srgb.png"):
        assert len(open_photo(SOURCES[name]).frames[0].appearances) == 1


def test_a_small_damaged_colour_chunk_is_no_obstacle() -> None:
    for chunk in ((b"gAMA", b"\0\0\0\0"), (b"cHRM", bytes(32)), (b"cICP", b"\1\1")):
        photo = open_photo(with_png_chunks(chunk), Limits())
        assert photo.frames[0].colour.is_srgb
        assert write(photo, ((FACE,),), Policy()).data


def grey_paper() -> bytes:
    """Lab of 8 bits of two steps for each ink, of a press whose paper is grey."""
    lightness = [round(200 * (1 - k / 1.2)) for _ in range(8) for k in (0, 1)]
    return bytes(value for level in lightness for value in (min(level, 255), 128, 128))


@pytest.mark.parametrize("format_", ["JPEG", "TIFF"])
def test_cmyk_is_converted_by_its_profile(format_: str) -> None:
    inks = PORTRAIT.convert("CMYK")
    profile = cmyk_profile(grey_paper())
    source, srgb = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
    meant = ImageCms.profileToProfile(inks, source, srgb, ImageCms.Intent.RELATIVE_COLORIMETRIC, "RGB")
    assert meant is not None
    done = write(open_photo(encoded(inks, format_, icc_profile=profile)), ((FACE,),), Policy())
    assert [note.code for note in done.notes] == ["cmyk_converted"]
    shown = done.photo.pixels
    assert mean_delta_e(shown, np.asarray(inks.convert("RGB")), BELOW) > 5
    assert mean_delta_e(shown, np.asarray(meant), BELOW) < 2
    assert done.photo.encoding.source_profile is None


def test_each_page_of_a_document_keeps_its_own_profile() -> None:
    other = PORTRAIT.copy()
    other.encoderinfo = {"icc_profile": None}
    pages = encoded(PORTRAIT, "TIFF", save_all=True, append_images=[other], icc_profile=swapped_profile())
    photo = open_photo(pages)
    assert [frame.colour.icc is not None for frame in photo.frames] == [True, False]
    done = write(photo, ((FACE,), (FACE,)), Policy())
    assert [frame.colour for frame in done.photo.frames] == [frame.colour for frame in photo.frames]


def test_a_profile_of_grey_becomes_one_of_rgb_where_the_format_has_no_grey() -> None:
    grey = PORTRAIT.convert("L")
    data = encoded(grey, "PNG", icc_profile=grey_profile("Grey", (1.0,)))
    done = write(open_photo(data), ((FACE,),), Policy(output_format=OutputFormat.WEBP))
    with Image.open(io.BytesIO(done.data)) as image:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
        shown = ImageCms.profileToProfile(image.convert("RGB"), profile, ImageCms.createProfile("sRGB"))
    linear = np.asarray(grey.convert("RGB")) / 255.0
    meant = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    assert shown is not None
    assert mean_delta_e(np.asarray(shown), np.rint(meant * 255).astype(np.uint8), BELOW) < 1


@pytest.mark.skipif(shutil.which("heif-enc") is None, reason="needs heif-enc; .ci/run installs it")
def test_a_heic_keeps_the_colours_of_its_code_points(tmp_path: Path) -> None:
    PORTRAIT.save(tmp_path / "in.png")
    command = ["heif-enc", "-q", "95", "in.png", "-o", "made.heic"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    plain = (tmp_path / "made.heic").read_bytes()
    for code, expected in (((12, 13), ["heic_to_jpeg"]), ((9, 16), ["hdr_reduced", "heic_to_jpeg"])):
        source = with_property(plain, b"colr", b"nclx" + struct.pack(">HHHB", *code, 6, 0x80))
        done = write(open_photo(source), ((FACE,),), Policy())
        assert [note.code for note in done.notes] == expected
        with Image.open(io.BytesIO(done.data)) as image:
            profile = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
        assert ImageCms.getProfileDescription(profile).strip() == "Display P3"
        kept = write(open_photo(source), ((FACE,),), Policy(output_format=OutputFormat.PNG))
        assert dict(png.colour_chunks(kept.data))[b"cICP"] == bytes([*code, 0, 1])
