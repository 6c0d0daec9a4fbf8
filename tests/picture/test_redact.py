from __future__ import annotations

import importlib.util
import io
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, JpegImagePlugin
from PIL.ExifTags import Base

from blurline import Box, Face, Format, Frame, Policy, Style, open_photo, redact
from blurline.errors import OutputCheckFailed
from blurline.picture.comparison import PlaceDiffers
from blurline.picture.destroy import cells_across, destroy, opaque_area
from blurline.picture.encode import encode
from blurline.picture.metadata import Metadata
from blurline.picture.redact import check_output
from blurline.policy.metadata_policy import MetadataPolicy
from blurline.policy.policy import OutputFormat
from blurline.policy.region import Region, Unit
from tests.pictures import HOPPER, decoded, encoded, psnr_db, sideways

FACE = Face(Box(180, 120, 330, 330), 0.9)
OUTSIDE = np.s_[420:, :]


@pytest.fixture(scope="module")
def upright() -> Image.Image:
    return Image.open(HOPPER).convert("RGB")


def test_a_turned_picture_is_upright_in_its_pixels_where_a_format_is_named(upright: Image.Image) -> None:
    """Also without anything to destroy: a Panoramax server ignores the tag."""
    turned = open_photo(sideways(upright, 6, quality=95))
    for wanted, size in ((OutputFormat.SAME, upright.size[::-1]), (OutputFormat.JPEG, upright.size)):
        with Image.open(io.BytesIO(redact(turned, [()], Policy(output_format=wanted)))) as written:
            assert (written.size, Base.Orientation in written.getexif()) == (size, wanted is OutputFormat.SAME)


@pytest.mark.parametrize("style", Style)
def test_only_a_few_averages_are_left_under_a_box(upright: Image.Image, style: Style) -> None:
    """Two pictures with the same average in every cell give the same result: nothing else of a face passes."""
    pixels = np.asarray(upright)
    policy = Policy(style=style)
    box = Box(128, 128, 384, 384)
    area = opaque_area(box, policy.padding)
    shuffled = pixels.copy()
    window = shuffled[int(area.y1) - 60 : int(area.y2) + 60, int(area.x1) - 60 : int(area.x2) + 60]
    rows, columns = (side // 2 * 2 for side in window.shape[:2])
    blocks = window[:rows, :columns].reshape(rows // 2, 2, columns // 2, 2, 3)
    window[:rows, :columns] = blocks[:, ::-1, :, ::-1].reshape(rows, columns, 3)  # swaps pixels within 2x2 blocks
    faces = (Face(box, 0.9),)
    one = destroy(pixels, faces, policy, np.random.default_rng(1))
    other = destroy(shuffled, faces, policy, np.random.default_rng(1))
    inside = np.s_[128:384, 128:384]
    assert np.abs(pixels[inside].astype(int) - shuffled[inside]).mean() > 2
    assert np.abs(one[inside].astype(int) - other[inside]).mean() < 1


@pytest.mark.parametrize(("style", "cells"), list(product([Style.PIXELATE, Style.BLUR], [1, 3, 5, 8])))
def test_detail_of_a_face_is_gone(upright: Image.Image, style: Style, cells: int) -> None:
    pixels = np.asarray(upright)
    result = destroy(pixels, (FACE,), Policy(style=style, cells_per_face=cells))
    area = np.s_[130:320, 190:320]
    assert psnr_db(result[area], pixels[area]) < 22
    assert np.array_equal(result[OUTSIDE], pixels[OUTSIDE])


@given(side=st.floats(0.5, 5000), cells=st.integers(1, 8))
def test_cells_never_exceed_the_policy_and_are_never_tiny(side: float, cells: int) -> None:
    kept = cells_across(side, cells)
    assert 1 <= kept <= cells
    assert kept == 1 or side / kept >= 4


@settings(deadline=None)
@given(
    x1=st.floats(-50, 120), y1=st.floats(-50, 120), width=st.floats(0.1, 200), height=st.floats(0.1, 200),
    padding=st.floats(0.2, 1),
)  # fmt: skip
def test_every_pixel_of_a_box_is_replaced(x1: float, y1: float, width: float, height: float, padding: float) -> None:
    """On noise, an averaged pixel differs from the original, for any position and size of the box."""
    noise = np.random.default_rng(5).choice(np.array([0, 255], np.uint8), (100, 100, 1)).repeat(3, axis=2)
    box = Box(x1, y1, x1 + width, y1 + height)
    result = destroy(noise, (Face(box, 1.0),), Policy(padding=padding, cells_per_face=1))
    inside = box.clipped(100, 100)
    area = np.s_[int(np.ceil(inside.y1)) : int(inside.y2), int(np.ceil(inside.x1)) : int(inside.x2)]
    if min(box.width_px, box.height_px) > 6:
        assert np.all(np.abs(result[area].astype(int) - noise[area]) > 40)


def test_overlapping_faces_never_restore_each_other(upright: Image.Image) -> None:
    pixels = np.asarray(upright)
    first, second = Face(Box(150, 100, 300, 300), 0.9), Face(Box(290, 100, 440, 300), 0.8)
    result = destroy(pixels, (first, second), Policy(style=Style.SOLID))
    area = np.s_[100:300, 150:440]
    assert psnr_db(result[area], pixels[area]) < 20


def test_noise_is_not_repeated(upright: Image.Image) -> None:
    pixels = np.asarray(upright)
    assert not np.array_equal(destroy(pixels, (FACE,), Policy()), destroy(pixels, (FACE,), Policy()))


@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("is_progressive", [False, True])
def test_jpeg_keeps_tables_subsampling_and_progressive(
    upright: Image.Image, subsampling: int, is_progressive: bool
) -> None:
    data = encoded(upright, "JPEG", quality=83, subsampling=subsampling, progressive=is_progressive, dpi=(300, 300))
    photo = open_photo(data)
    result = redact(photo, ((FACE,),), Policy())
    with Image.open(io.BytesIO(result)) as written, Image.open(io.BytesIO(data)) as source:
        assert isinstance(written, JpegImagePlugin.JpegImageFile)
        assert isinstance(source, JpegImagePlugin.JpegImageFile)
        assert written.quantization == source.quantization
        assert JpegImagePlugin.get_sampling(written) == subsampling
        assert bool(written.info.get("progressive")) is is_progressive
        assert written.info["dpi"] == (300, 300)
    assert psnr_db(decoded(result)[OUTSIDE], photo.pixels[OUTSIDE]) > 45


@pytest.mark.parametrize("orientation", range(1, 9))
def test_results_are_upright_without_an_orientation_tag(upright: Image.Image, orientation: int) -> None:
    photo = open_photo(sideways(upright, orientation, quality=90, subsampling=1))
    result = redact(photo, ((FACE,),), Policy())
    with Image.open(io.BytesIO(result)) as written:
        assert written.size == upright.size
        assert not written.getexif()
    assert psnr_db(decoded(result)[OUTSIDE], np.asarray(upright)[OUTSIDE]) > 30


@pytest.mark.parametrize("format_", ["PNG", "WEBP"])
def test_lossless_pictures_stay_bit_exact_outside_and_keep_alpha(upright: Image.Image, format_: str) -> None:
    rgba = upright.copy()
    rgba.putalpha(Image.linear_gradient("L").resize(upright.size))
    photo = open_photo(encoded(rgba, format_, **({"lossless": True, "exact": True} if format_ == "WEBP" else {})))
    with Image.open(io.BytesIO(redact(photo, ((FACE,),), Policy()))) as written:
        assert written.mode == "RGBA"
        assert np.array_equal(np.asarray(written)[OUTSIDE], np.asarray(rgba)[OUTSIDE])


def test_grey_stays_grey(upright: Image.Image) -> None:
    for format_ in ("JPEG", "PNG"):
        result = redact(open_photo(encoded(upright.convert("L"), format_)), ((FACE,),), Policy())
        with Image.open(io.BytesIO(result)) as written:
            assert written.mode == "L"


def test_a_colour_profile_is_kept_without_foreign_tags(upright: Image.Image) -> None:
    made = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    profile = ImageCms.ImageCmsProfile(io.BytesIO(made))
    for format_ in ("JPEG", "PNG", "WEBP", "AVIF", "TIFF"):
        data = encoded(upright, format_, icc_profile=made)
        for faces in (((FACE,),), ((),)):
            with Image.open(io.BytesIO(redact(open_photo(data), faces, Policy()))) as written:
                kept = ImageCms.ImageCmsProfile(io.BytesIO(written.info["icc_profile"]))
                assert kept.profile.profile_description == profile.profile.profile_description
                assert kept.profile.red_colorant == profile.profile.red_colorant


def test_an_output_that_still_shows_a_face_is_not_returned(upright: Image.Image) -> None:
    data = encoded(upright, "JPEG")
    photo = open_photo(data)
    meant = [Frame(destroy(photo.pixels, (FACE,), Policy(style=Style.SOLID)))]

    def check(file: bytes) -> None:
        check_output(file, Format.JPEG, meant, [[FACE.box]], Metadata())

    with pytest.raises(PlaceDiffers, match="A destroyed face differs") as caught:
        check(data)
    assert (caught.value.place.x1, caught.value.place.y2) == (FACE.box.x1, FACE.box.y2)
    with pytest.raises(OutputCheckFailed, match="cannot be opened"):
        check(data[:500])
    with pytest.raises(OutputCheckFailed, match="differs from the picture in format, size or number of frames"):
        check(encoded(upright, "PNG"))
    good = encode(meant, photo.encoding, Format.JPEG, Metadata())
    check(good)
    with pytest.raises(OutputCheckFailed, match="bytes after the end"):
        check(good + b"more")


def test_keep_and_always_regions_are_exact_to_the_pixel(upright: Image.Image) -> None:
    """In every style, a face beside a keep-region is destroyed up to its edge, and an always-region always."""
    photo = open_photo(encoded(upright, "PNG"))
    keep = Region(x1=0.5, y1=0.0, x2=1.0, y2=1.0)
    always = Region(x1=300, y1=400, x2=340, y2=450, unit=Unit.PIXEL)
    for style in Style:
        policy = Policy(style=style, keep_regions=(keep,), always_regions=(always,))
        written = decoded(redact(photo, ((FACE,),), policy))
        kept = np.ones(written.shape[:2], bool)
        kept[:, : photo.width_px // 2] = False
        kept[400:450, 300:340] = False
        assert np.array_equal(written[kept], photo.pixels[kept])
        assert psnr_db(written[130:320, 190:250], photo.pixels[130:320, 190:250]) < 22
        assert psnr_db(written[400:450, 300:340], photo.pixels[400:450, 300:340]) < 22


def test_without_any_face_an_always_region_is_destroyed(upright: Image.Image) -> None:
    policy = Policy(style=Style.SOLID, always_regions=(Region(x1=0, y1=0, x2=0.25, y2=0.25),))
    written = decoded(redact(open_photo(encoded(upright, "PNG")), ((),), policy))
    quarter = written[: written.shape[0] // 4, : written.shape[1] // 4]
    assert len(np.unique(quarter.reshape(-1, 3), axis=0)) == 1


@pytest.mark.skipif(importlib.util.find_spec("jpeglib") is None, reason="jpeglib has no wheel for this machine")
@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("options", [{"subsampling": 0}, {"subsampling": 2, "quality": 60}, {"progressive": True}])
def test_lossless_results_keep_every_block_without_a_face(
    upright: Image.Image, mode: str, options: dict[str, Any]
) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    data = encoded(upright.convert(mode), "JPEG", exif=exif, **options)
    photo = open_photo(data)
    for policy in MetadataPolicy:
        result = redact(photo, ((FACE,),), Policy(exact=True, metadata=policy))
        after = open_photo(result)
        assert np.array_equal(after.pixels[OUTSIDE], photo.pixels[OUTSIDE])
        assert psnr_db(after.pixels[130:320, 190:320], photo.pixels[130:320, 190:320]) < 22
        assert bool(after.metadata.main) is (policy is not MetadataPolicy.STRIP)
