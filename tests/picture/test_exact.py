"""What `exact` keeps of a JPEG, and what its notes say of the rest."""

from __future__ import annotations

import importlib.util
import io
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from blurline import Box, Face, Policy, open_photo
from blurline.picture.redact import write
from tests.pictures import HOPPER, encoded, psnr_db, sideways

pytestmark = pytest.mark.skipif(importlib.util.find_spec("jpeglib") is None, reason="jpeglib has no wheel here")
PORTRAIT = Image.open(HOPPER).convert("RGB").resize((256, 304))
FACE = Face(Box(90, 60, 165, 165), 0.9)
OUTSIDE = np.s_[224:, :]
WHOLE = encoded(PORTRAIT, "JPEG", quality=85)


@pytest.mark.parametrize(
    ("data", "codes"),
    [
        (WHOLE, []),
        (encoded(PORTRAIT, "JPEG", quality=85, progressive=True), ["exact_baseline"]),
        (encoded(PORTRAIT, "JPEG", quality=85, restart_marker_rows=2), ["exact_baseline"]),
        (encoded(PORTRAIT, "JPEG", quality=85, progressive=True, restart_marker_rows=2), ["exact_baseline"]),
        (encoded(PORTRAIT.convert("L"), "JPEG", quality=85), []),
    ],
    ids=["baseline", "progressive", "restarts", "progressive with restarts", "grey"],
)
def test_exact_changes_no_pixel_outside(data: bytes, codes: list[str]) -> None:
    photo = open_photo(data)
    done = write(photo, ((FACE,),), Policy(exact=True))
    assert np.array_equal(done.photo.pixels[OUTSIDE], photo.pixels[OUTSIDE])
    assert [note.code for note in done.notes] == codes
    with Image.open(io.BytesIO(done.data)) as image:
        assert not image.info.get("progressive")
    without = write(photo, ((),), Policy(exact=True))
    assert np.array_equal(without.photo.pixels, photo.pixels)
    assert without.is_copied or [note.code for note in without.notes] == codes


@pytest.mark.parametrize(
    "data",
    [
        WHOLE[:-2],
        sideways(PORTRAIT, 6, "JPEG", quality=85),
        encoded(PORTRAIT, "JPEG", quality=85, keep_rgb=True),
        encoded(PORTRAIT.convert("CMYK"), "JPEG", quality=85),
    ],
    ids=["no end", "turned", "RGB", "CMYK"],
)
def test_a_result_that_cannot_be_exact_says_so(data: bytes) -> None:
    photo = open_photo(data)
    done = write(photo, ((FACE,),), Policy(exact=True))
    assert {note.code for note in done.notes} - {"cmyk_converted"} == {"not_exact"}
    assert psnr_db(done.photo.pixels[OUTSIDE], photo.pixels[OUTSIDE]) > 30


@pytest.mark.skipif(shutil.which("cjpeg") is None, reason="no wheel writes JPEG with arithmetic coding")
@pytest.mark.parametrize("options", [[], ["-progressive"]], ids=["sequential", "progressive"])
def test_an_arithmetic_coded_jpeg_is_read_and_comes_back_with_huffman_codes(options: list[Any], tmp_path: Path) -> None:
    PORTRAIT.save(tmp_path / "a.ppm")
    command = ["cjpeg", "-arithmetic", "-quality", "90", *options, "-outfile", "a.jpg", "a.ppm"]
    subprocess.run(command, cwd=tmp_path, check=True)
    photo = open_photo((tmp_path / "a.jpg").read_bytes())
    assert psnr_db(photo.pixels, np.asarray(PORTRAIT)) > 30
    for faces in (((FACE,),), ((),)):
        done = write(photo, faces, Policy())
        assert psnr_db(done.photo.pixels[OUTSIDE], photo.pixels[OUTSIDE]) > 40
    assert [note.code for note in write(photo, ((FACE,),), Policy(exact=True)).notes] == ["not_exact"]
