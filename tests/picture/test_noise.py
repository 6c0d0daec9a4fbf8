"""The noise of destroyed faces: the same bytes for the same content, and nothing to subtract without the key."""

from __future__ import annotations

import io
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from PIL import Image

from blurline import Box, Face, Frame, Policy, Style, open_photo, redact
from blurline.picture.destroy import destroy
from blurline.picture.noise import noise_of
from tests.pictures import HOPPER, encoded

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
FACE = Face(Box(180, 120, 330, 330), 0.9)
SECOND = Face(Box(20, 20, 80, 90), 0.8)


def flat(level: int = 128, size: tuple[int, int] = (200, 200)) -> np.ndarray:
    return np.full((*size, 3), level, np.uint8)


@pytest.mark.parametrize(
    ("format_", "style"),
    [(name, Style.PIXELATE) for name in ("PNG", "WEBP", "AVIF", "TIFF", "GIF", "BMP")]
    + [("JPEG", style) for style in Style],
)
def test_the_same_picture_gives_the_same_bytes(format_: str, style: Style) -> None:
    data = encoded(Image.open(HOPPER).convert("RGB").resize((360, 360)), format_)
    policy = Policy(style=style)
    one, again = (redact(open_photo(data), ((FACE, SECOND),), policy, KEY) for _ in range(2))
    assert one == again
    assert one != redact(open_photo(data), ((FACE, SECOND),), policy, OTHER_KEY)


def test_metadata_does_not_change_the_noise_but_any_pixel_does() -> None:
    pixels = np.asarray(Image.open(HOPPER).convert("RGB"))
    one, tagged = (open_photo(encoded(Image.fromarray(pixels), "PNG", dpi=(dpi, dpi))) for dpi in (72, 300))
    first, second = (open_photo(redact(each, ((FACE,),), Policy(), KEY)).pixels for each in (one, tagged))
    assert np.array_equal(first, second)
    changed = pixels.copy()
    changed[-1, -1, 0] ^= 1  # far from the face
    other = open_photo(encoded(Image.fromarray(changed), "PNG"))
    results = [open_photo(redact(each, ((FACE,),), Policy(), KEY)).pixels for each in (one, other)]
    inside = np.s_[120:330, 180:330]
    assert (results[0][inside] != results[1][inside]).mean() > 0.5


def test_noise_of_one_place_says_nothing_about_another() -> None:
    """Another picture, key, place or window: no two fields of noise correlate."""
    pixels, shape = flat(), (100, 100, 1)
    noise = noise_of(Frame(pixels), KEY)
    fields = [
        noise.at(0, 0, pixels, shape),
        noise.at(1, 0, pixels, shape),
        noise.at(0, 1, pixels, shape),
        noise.at(0, 0, flat(129), shape),
        noise.at(0, 0, pixels[:, :-1], shape),
        noise.at(0, 0, pixels[:-1], shape),
        noise_of(Frame(pixels), OTHER_KEY).at(0, 0, pixels, shape),
        noise_of(Frame(flat(129)), KEY).at(0, 0, pixels, shape),
        noise_of(Frame(flat(size=(100, 400))), KEY).at(0, 0, pixels, shape),
        noise.at(0, 0, pixels, (100, 101, 1))[:, :100],
    ]
    worst = max(abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) for one, other in combinations(fields, 2))
    assert worst < 0.05


def test_a_face_keeps_its_noise_when_another_is_added_elsewhere() -> None:
    """As in a correction: an owner of both results learns nothing from their difference."""
    pixels = flat()
    alone = destroy(pixels, (SECOND,), Policy(), noise_of(Frame(pixels), KEY))
    both = destroy(pixels, (Face(Box(120, 120, 160, 170), 1), SECOND), Policy(), noise_of(Frame(pixels), KEY))
    assert np.array_equal(alone[:100, :100], both[:100, :100])


def test_equal_frames_have_equal_noise_and_different_ones_do_not() -> None:
    photo = open_photo(encoded(Image.fromarray(flat()), "PNG"))
    other = Frame(flat(127))
    pages = io.BytesIO()
    images = [Image.fromarray(frame.pixels) for frame in (photo.frames[0], other, photo.frames[0])]
    images[0].save(pages, "TIFF", save_all=True, append_images=images[1:])
    result = open_photo(redact(open_photo(pages.getvalue()), ((SECOND,),) * 3, Policy(), KEY))
    first, second, third = (frame.pixels.astype(int) for frame in result.frames)
    assert np.array_equal(first, third)
    assert not np.array_equal(first - 128, second - 127)


def test_transparency_and_deep_grey_are_part_of_the_content() -> None:
    frame = Frame(flat())
    content = [
        frame,
        replace(frame, alpha=np.full((200, 200), 255, np.uint8)),
        replace(frame, levels16=np.full((200, 200), 128 << 8, np.uint16)),
        replace(frame, levels16=np.full((200, 200), (128 << 8) + 1, np.uint16)),
    ]
    seeds = {noise_of(each, KEY).seed for each in content}
    assert len(seeds) == len(content)


def test_the_noise_is_standard_normal() -> None:
    window = flat(size=(8, 8))
    noise = noise_of(Frame(window), KEY).at(0, 0, window, (100, 100, 1))
    shares = [(noise < level).mean() for level in (-2, -1, 0, 1, 2)]
    assert shares == pytest.approx([0.023, 0.159, 0.5, 0.841, 0.977], abs=0.02)
