"""What a written file shows outside the destroyed places is compared with the original."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from blurline import Box, Face, Format, Frame, Policy, open_photo
from blurline.errors import OutputCheckFailed
from blurline.picture.comparison import (
    DifferingPlace,
    PlaceDiffers,
    check_identical,
    check_similar,
    check_untouched,
)
from blurline.picture.destroy import destroy, touched_area
from blurline.picture.encode import encode
from blurline.picture.metadata import Metadata
from tests.pictures import HOPPER, encoded

BOX = Box(180, 120, 330, 330)
PLACES = [touched_area(BOX, Policy().padding)]
ELSEWHERE = np.s_[440:456, 40:56]


@pytest.fixture(scope="module")
def frame() -> Frame:
    return Frame(np.asarray(Image.open(HOPPER).convert("RGB")))


def changed(frame: Frame, place: tuple[slice, slice], by: int) -> Frame:
    pixels = frame.pixels.copy()
    pixels[place] += np.uint8(by % 256)  # modulo 256
    return replace(frame, pixels=pixels)


def with_layer(frame: Frame, layer: str, values: Any) -> Frame:
    return replace(frame, alpha=values) if layer == "alpha" else replace(frame, levels16=values)


def test_destruction_changes_nothing_elsewhere(frame: Frame) -> None:
    destroyed = replace(frame, pixels=destroy(frame.pixels, (Face(BOX, 1),), Policy()))
    check_untouched(frame, destroyed, PLACES)
    with pytest.raises(OutputCheckFailed):
        check_untouched(frame, destroyed, [])
    with pytest.raises(OutputCheckFailed):
        check_untouched(frame, changed(destroyed, np.s_[511:512, 511:512], 1), PLACES)


@pytest.mark.parametrize("layer", ["alpha", "levels16"])
def test_every_layer_is_compared(frame: Frame, layer: str) -> None:
    values = np.full(frame.pixels.shape[:2], 200, np.uint8 if layer == "alpha" else np.uint16)
    other = values.copy()
    other[500, 500] = 201
    one, same, two = (with_layer(frame, layer, each) for each in (values, values.copy(), other))
    check_untouched(one, same, PLACES)
    with pytest.raises(OutputCheckFailed):
        check_untouched(one, two, PLACES)
    with pytest.raises(OutputCheckFailed):
        check_identical(one, two)


def test_lossless_files_must_be_identical(frame: Frame) -> None:
    check_identical(frame, Frame(frame.pixels.copy()))
    check_identical(frame, replace(frame, alpha=np.full(frame.pixels.shape[:2], 255, np.uint8)))
    with pytest.raises(PlaceDiffers, match=r"on frame 3, at \(20, 10\) to \(60, 12\)") as caught:
        check_identical(frame, changed(frame, np.s_[10:12, 20:60], 1), 2)
    assert caught.value.place == DifferingPlace(2, 20, 10, 60, 12)
    clear = np.full(frame.pixels.shape[:2], 255, np.uint8)
    clear[:8, :8] = 0
    hidden = replace(frame, alpha=clear)
    check_identical(hidden, changed(hidden, np.s_[:8, :8], 1))


@pytest.mark.parametrize("quality", [5, 30, 75, 95])
@pytest.mark.parametrize("format_", [Format.JPEG, Format.WEBP, Format.AVIF])
def test_lossy_formats_pass_at_any_quality(frame: Frame, format_: Format, quality: int) -> None:
    stripes = np.zeros((96, 96, 3), np.uint8)
    stripes[:, ::2], stripes[:, 1::2] = (255, 0, 0), (0, 0, 255)
    noise = np.random.default_rng(0).integers(0, 256, (65, 47, 3), np.uint8)
    for pixels in (frame.pixels[:200, :200], stripes, noise):
        photo = open_photo(encoded(Image.fromarray(pixels), format_.value, quality=quality))
        written = open_photo(encode(photo.frames, photo.encoding, format_, Metadata()))
        step = max((table[0] for table in written.encoding.quantization or ()), default=0)
        check_similar(photo.frames[0], written.frames[0], [], step)


@pytest.mark.parametrize("by", [60, -60, 128, 200])
def test_another_picture_in_a_lossy_file_is_noticed(frame: Frame, by: int) -> None:
    with pytest.raises(PlaceDiffers, match="outside the destroyed places") as caught:
        check_similar(frame, changed(frame, ELSEWHERE, by), PLACES)
    place, (rows, columns) = caught.value.place, ELSEWHERE
    assert place.x1 <= columns.start < columns.stop <= place.x2 <= columns.stop + 8
    assert place.y1 <= rows.start < rows.stop <= place.y2 <= rows.stop + 8
    check_similar(frame, changed(frame, np.s_[150:300, 200:300], by), PLACES)


def test_a_shifted_or_mirrored_picture_is_noticed(frame: Frame) -> None:
    for pixels in (np.roll(frame.pixels, 16, axis=1), frame.pixels[:, ::-1], frame.pixels[..., ::-1]):
        with pytest.raises(OutputCheckFailed):
            check_similar(frame, Frame(np.ascontiguousarray(pixels)), PLACES)
