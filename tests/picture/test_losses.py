"""The notes on what a result has lost: the same whether the picture was copied or re-encoded."""

from __future__ import annotations

import io
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from PIL.ExifTags import Base

from blurline import Box, Face, Policy, open_photo
from blurline.picture.facts import FrameFacts, PictureFacts, ProfileState
from blurline.picture.formats import jpeg
from blurline.picture.losses import Exactness, losses
from blurline.picture.metadata import Metadata
from blurline.picture.redact import write
from blurline.policy import OutputFormat
from blurline.policy.metadata_policy import MetadataPolicy
from tests.pictures import HOPPER, encoded

PORTRAIT = Image.open(HOPPER).convert("RGB").resize((256, 304))
FACE = Face(Box(90, 60, 170, 160), 0.9)
NOTHING = Exactness()

PLAIN = PictureFacts(format="JPEG")
RICH = PictureFacts(
    format="JPEG",
    frames=(FrameFacts(bits=16, is_transparent=True, has_alpha=True, profile=ProfileState.VALID),),
    pictures=3,
    has_gain_map=True,
    has_depth_map=True,
    has_video=True,
    has_density=True,
    has_poster=True,
)
CODES = {
    "further_pictures",
    "depth_reduced",
    "profile_dropped",
    "hdr_reduced",
    "depth_map_dropped",
    "video_dropped",
    "poster_dropped",
    "resolution_dropped",
    "alpha_flattened",
}


def codes(before: PictureFacts, after: PictureFacts, exactness: Exactness = NOTHING) -> set[str]:
    return {note.code for note in losses(before, after, Metadata(), Metadata(), exactness)}


def test_what_is_kept_is_not_noted_and_what_is_lost_is() -> None:
    assert codes(RICH, RICH) == codes(PLAIN, RICH) == set()
    assert codes(RICH, PLAIN) == CODES


def test_each_page_counts() -> None:
    deep, flat = FrameFacts(bits=16), FrameFacts()
    assert codes(replace(PLAIN, frames=(deep, deep)), replace(PLAIN, frames=(deep, flat))) == {"depth_reduced"}
    cmyk = replace(PLAIN, frames=(flat, FrameFacts(is_cmyk=True)))
    assert codes(cmyk, replace(PLAIN, frames=(flat, flat))) == {"cmyk_converted"}


@pytest.mark.parametrize(
    ("loops", "shown_ms", "code"), [(0, 1000, set()), (3, 1000, {"timing_changed"}), (0, 1500, {"timing_changed"})]
)
def test_an_animation_that_plays_otherwise_is_noted(loops: int, shown_ms: float, code: set[str]) -> None:
    before = replace(PLAIN, loops=0, shown_ms=1000)
    assert codes(before, replace(before, loops=loops, shown_ms=shown_ms)) == code
    assert codes(before, replace(PLAIN, loops=None)) == set()  # frames that are all the same became one


def test_exact_says_what_it_does_not_keep() -> None:
    restarts, progressive = replace(PLAIN, has_restarts=True), replace(PLAIN, is_progressive=True)
    kept = Exactness(is_wanted=True, is_kept=True)
    for before in (restarts, progressive):
        assert codes(before, PLAIN, kept) == {"exact_baseline"}
        assert codes(before, before, kept) == codes(before, PLAIN) == set()
    assert codes(PLAIN, PLAIN, Exactness(is_wanted=True)) == {"not_exact"}


def _mpo() -> bytes:
    return encoded(PORTRAIT, "MPO", quality=90, save_all=True, append_images=[PORTRAIT.rotate(180)])


def _ultra_hdr(has_index: bool) -> bytes:
    """A JPEG with a gain map; with ``has_index`` also in an index of its pictures, as phones write it."""
    data = _mpo() if has_index else encoded(PORTRAIT, "JPEG", quality=90) + encoded(PORTRAIT.convert("L"), "JPEG")
    packet = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" hdrgm:Version="1.0"/></rdf:RDF>'
        "</x:xmpmeta>"
    )
    return data[:2] + jpeg.Segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet.encode()).written + data[2:]


def _motion_photo() -> bytes:
    return encoded(PORTRAIT, "JPEG", quality=90, xmp=b'<a xmlns:g="g" g:MotionPhoto="1"/>') + b"\0\0\0\x18ftypmp42"


FILES: dict[str, tuple[bytes, set[str]]] = {
    "plain": (encoded(PORTRAIT, "JPEG", dpi=(300, 300)), set()),
    "group": (_mpo(), {"further_pictures"}),
    "gain map with an index": (_ultra_hdr(has_index=True), {"further_pictures", "hdr_reduced"}),
    "gain map": (_ultra_hdr(has_index=False), {"hdr_reduced"}),
    "video": (_motion_photo(), {"video_dropped"}),
    "damaged profile": (encoded(PORTRAIT, "PNG", icc_profile=b"no profile"), {"profile_dropped"}),
    "16 bits": (encoded(Image.new("I;16", (64, 64), 9000), "PNG"), set()),
}


@pytest.mark.parametrize("name", FILES)
def test_copied_and_re_encoded_pictures_have_the_same_notes(name: str) -> None:
    data, expected = FILES[name]
    for faces in (((),), ((FACE,),)):
        assert {note.code for note in write(open_photo(data), faces, Policy()).notes} == expected


def test_the_depth_of_grey_is_noted_where_the_wanted_format_has_8_bits() -> None:
    photo = open_photo(encoded(Image.new("I;16", (64, 64), 9000), "PNG", dpi=(300, 300)))
    for wanted, expected in (
        (OutputFormat.PNG, set[str]()),
        (OutputFormat.JPEG, {"depth_reduced"}),
        (OutputFormat.WEBP, {"depth_reduced", "resolution_dropped"}),
    ):
        assert {note.code for note in write(photo, ((),), Policy(output_format=wanted)).notes} == expected


@pytest.mark.parametrize("has_jfif", [False, True])
def test_a_copied_jpeg_keeps_the_resolution_of_its_exif(has_jfif: bool) -> None:
    exif = Image.Exif()
    exif.update({Base.XResolution: 300.0, Base.YResolution: 300.0, Base.ResolutionUnit: 2})
    data = encoded(PORTRAIT, "JPEG", quality=90, exif=exif)
    for kept in MetadataPolicy:
        photo = open_photo(data if has_jfif else data[:2] + data[20:])
        done = write(photo, ((),), Policy(metadata=kept))
        assert done.is_copied
        assert done.notes == ()
        assert Image.open(io.BytesIO(done.data)).info["dpi"] == (300, 300)


def test_metadata_that_the_format_cannot_hold_is_noted() -> None:
    allowed = Metadata(main={Base.Make: "Maker", Base.Model: "Model"}, panorama={"ProjectionType": "perspective"})
    (note,) = losses(PLAIN, PLAIN, allowed, Metadata(main={Base.Make: "Maker"}), NOTHING)
    assert note.code == "metadata_dropped"
    for field in ("camera model", "ProjectionType"):
        assert f"{field} (the format of the result cannot hold it)" in note.message
    assert "maker" not in note.message


def test_safe_metadata_is_written_whole_by_every_format() -> None:
    exif = Image.Exif()
    exif[Base.Make] = "Maker"
    for format_ in ("JPEG", "PNG", "WEBP", "AVIF", "TIFF"):
        photo = open_photo(encoded(PORTRAIT, format_, exif=exif))
        for faces in (((),), ((FACE,),)):
            assert write(photo, faces, Policy(metadata=MetadataPolicy.SAFE)).notes == ()


@pytest.mark.skipif(shutil.which("avifenc") is None, reason="avifenc is not installed")
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["-d", "8"], set()),
        (["-d", "10"], {"depth_reduced"}),
        (["-d", "12"], {"depth_reduced"}),
        (["-d", "10", "--cicp", "9/16/9"], {"depth_reduced"}),
    ],
)
def test_bits_and_hdr_of_an_avif_are_noted(options: list[str], expected: set[str], tmp_path: Path) -> None:
    _made(tmp_path, "avifenc", "--speed", "9", *options, "in.png", "out")
    for faces in (((),), ((FACE,),)):
        photo = open_photo((tmp_path / "out").read_bytes())
        assert {note.code for note in write(photo, faces, Policy()).notes} == expected


@pytest.mark.skipif(shutil.which("heif-enc") is None, reason="heif-enc is not installed")
@pytest.mark.parametrize(("mode", "expected"), [("L", set()), ("I;16", {"depth_reduced"})])
def test_bits_of_a_heic_are_noted(mode: str, expected: set[str], tmp_path: Path) -> None:
    _made(tmp_path, "heif-enc", "-b", "10", "in.png", "-o", "out.heic", image=Image.new(mode, (64, 64), 90))
    photo = open_photo((tmp_path / "out.heic").read_bytes())
    assert {note.code for note in write(photo, ((),), Policy()).notes} == {"heic_to_jpeg"} | expected


def _made(folder: Path, *command: str, image: Image.Image = PORTRAIT) -> None:
    image.save(folder / "in.png")
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
