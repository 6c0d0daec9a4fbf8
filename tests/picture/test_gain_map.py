"""Gain maps of HDR pictures: kept without the faces, or lost with a note."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from blurline import Box, Face, Policy, open_photo
from blurline.errors import OutputCheckFailed
from blurline.picture.gain_map_result import check_map, without_map
from blurline.picture.redact import WrittenFile, write
from blurline.policy import OutputFormat
from blurline.policy.metadata_policy import MetadataPolicy
from blurline.policy.region import Region
from tests.picture.gain_map_files import (
    APPLE,
    APPLE_HEADROOM,
    HDRGM,
    PER_CHANNEL,
    iso_block,
    map_file,
    packet,
    second_picture,
    ultra_hdr,
    with_pictures,
)
from tests.pictures import HOPPER, TO_ORIENTATION, encoded, psnr_db, sideways

PORTRAIT = Image.open(HOPPER).convert("RGB").resize((512, 608))
EDGES = PORTRAIT.convert("L").filter(ImageFilter.FIND_EDGES).point(lambda level: min(255, 40 + 3 * level))
MAP = EDGES.resize((128, 152))
COLOUR_MAP = Image.merge("RGB", (MAP, MAP.point(lambda level: level // 2), MAP))
FACE = Face(Box(180, 120, 330, 330), 0.9)
IN_MAP = np.s_[30:83, 45:83]
OUTSIDE = np.s_[128:, :]
PLAIN = encoded(PORTRAIT, "JPEG", quality=90)
KINDS = {
    "hdrgm": ultra_hdr(PLAIN, MAP),
    "ISO 21496-1": ultra_hdr(PLAIN, MAP, "", iso_block()),
    "both": ultra_hdr(PLAIN, MAP, HDRGM, iso_block()),
    "colour, both": ultra_hdr(PLAIN, COLOUR_MAP, HDRGM, iso_block(3)),
    "Apple": with_pictures(PLAIN, map_file(MAP, packet(APPLE + APPLE_HEADROOM))),
    "values by channel": with_pictures(
        PLAIN,
        map_file(COLOUR_MAP, packet(HDRGM.replace('hdrgm:GainMapMax="2.25"', ""), PER_CHANNEL)),
    ),
    "no index": with_pictures(PLAIN, map_file(MAP, packet(HDRGM)), has_index=False),
    "a video behind it": with_pictures(PLAIN, map_file(MAP, packet(HDRGM)), trailer=b"\0\0\0\x18ftypmp42" + bytes(99)),
}
_UNKNOWN_TO_OLD_READERS = "[minor] Unknown APP2 segment"  # that of ISO 21496-1
_READER = shutil.which("exiftool")


def codes(file: WrittenFile) -> list[str]:
    return [note.code for note in file.notes]


def pixels_of(data: bytes) -> np.ndarray:
    return np.asarray(second_picture(data))


@pytest.mark.parametrize("faces", [((FACE,),), ((),)], ids=["a face", "no face"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_gain_map_keeps_its_numbers_and_loses_the_face(kind: str, faces: tuple[tuple[Face, ...]]) -> None:
    photo = open_photo(KINDS[kind])
    assert photo.gain_map is not None
    result = write(photo, faces, Policy())
    again = open_photo(result.data)
    assert again.gain_map is not None
    assert again.gain_map.numbers == photo.gain_map.numbers
    assert codes(result) == []
    assert result.is_copied is not any(faces)
    source, shown = photo.gain_map.pixels, pixels_of(result.data)
    assert psnr_db(shown[OUTSIDE], source[OUTSIDE]) > 35
    if any(faces):
        assert shown[IN_MAP].std(axis=(0, 1)).max() < 3 < 15 < source[IN_MAP].std(axis=(0, 1)).min()
    else:
        assert psnr_db(shown, source) > 35


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_map_is_turned_with_the_picture(orientation: int) -> None:
    transpose = TO_ORIENTATION[orientation]
    stored = MAP if transpose is None else MAP.transpose(transpose)
    data = ultra_hdr(sideways(PORTRAIT, orientation, quality=90), stored)
    with_face, without = (write(open_photo(data), faces, Policy()) for faces in (((FACE,),), ((),)))
    shown = pixels_of(with_face.data)
    assert psnr_db(shown[OUTSIDE], np.asarray(MAP)[OUTSIDE]) > 30
    assert shown[IN_MAP].std() < 3
    assert without.photo.orientation == orientation
    assert psnr_db(pixels_of(without.data), np.asarray(stored)) > 30


@pytest.mark.parametrize("place", [(0, 0, 40, 40), (470, 560, 512, 608), (200, 200, 216, 218), (0, 300, 512, 340)])
def test_no_pixel_of_the_map_within_a_destroyed_place_depends_on_the_source(place: tuple[int, ...]) -> None:
    """Two maps with the same average in the place, as in `test_redact`: within it the results are the same."""
    noise = np.random.default_rng(7).integers(0, 255, (152, 128), np.uint8)
    x1, y1, x2, y2 = (value // 4 for value in place)
    results = []
    for levels in (noise, noise[::-1, ::-1]):
        data = ultra_hdr(PLAIN, Image.fromarray(np.ascontiguousarray(levels)))
        shown = pixels_of(write(open_photo(data), ((Face(Box(*place), 0.9),),), Policy(), bytes(32)).data)
        results.append(shown[y1 : y2 + 1, x1 : x2 + 1])
        assert results[-1].std() < 4


def test_always_regions_are_destroyed_in_the_map_and_keep_regions_kept() -> None:
    photo = open_photo(KINDS["hdrgm"])
    always = Policy(always_regions=(Region(x1=0.35, y1=0.2, x2=0.65, y2=0.5),))
    assert pixels_of(write(photo, ((),), always).data)[32:75, 46:82].std() < 3
    kept = Policy(keep_regions=(Region(x1=0, y1=0, x2=1, y2=1),))
    assert psnr_db(pixels_of(write(photo, ((FACE,),), kept).data), np.asarray(MAP)) > 30


@pytest.mark.skipif(importlib.util.find_spec("jpeglib") is None, reason="needs the extra exact")
def test_an_exact_result_has_its_map() -> None:
    result = write(open_photo(KINDS["both"]), ((FACE,),), Policy(exact=True))
    assert result.photo.gain_map is not None
    assert pixels_of(result.data)[IN_MAP].std() < 3
    assert psnr_db(result.photo.pixels[450:], open_photo(PLAIN).pixels[450:]) == 99.0


@pytest.mark.parametrize("wanted", [OutputFormat.PNG, OutputFormat.WEBP])
def test_a_format_without_gain_maps_loses_it_with_a_note(wanted: OutputFormat) -> None:
    result = write(open_photo(KINDS["both"]), ((FACE,),), Policy(output_format=wanted))
    assert codes(result) == ["hdr_reduced"]
    assert result.photo.gain_map is None


LOST = {
    "another shape": map_file(MAP.resize((128, 128)), packet(HDRGM)),
    "more pixels than the picture": map_file(MAP.resize((1024, 1216)), packet(HDRGM)),
    "no number": map_file(MAP, packet(HDRGM.replace("2.25", "bright"))),
    "no highest gain": map_file(MAP, packet('hdrgm:Version="1.0"')),
    "gain beyond range": map_file(MAP, packet(HDRGM.replace("2.25", "1e9"))),
    "another version": map_file(MAP, packet(HDRGM.replace("1.0", "2.0"))),
    "ISO of another length": map_file(MAP, None, iso_block() + bytes(4)),
    "ISO with a zero denominator": map_file(MAP, None, iso_block()[:9] + bytes(4) + iso_block()[13:]),
    "Apple's without a headroom": map_file(MAP, packet(APPLE)),
    "CMYK": map_file(COLOUR_MAP.convert("CMYK"), packet(HDRGM)),
}


@pytest.mark.parametrize("why", LOST)
@pytest.mark.parametrize("faces", [((FACE,),), ((),)], ids=["a face", "no face"])
def test_a_map_that_cannot_be_read_is_lost_with_a_note(why: str, faces: tuple[tuple[Face, ...]]) -> None:
    photo = open_photo(with_pictures(PLAIN, LOST[why]))
    assert photo.gain_map is None
    result = write(photo, faces, Policy())
    assert codes(result) == ["hdr_reduced"]
    assert result.data.count(b"\xff\xd8\xff") == 1
    assert b"hdrgm" not in result.data


def test_a_map_cut_short_counts_as_a_further_picture() -> None:
    result = write(open_photo(with_pictures(PLAIN, map_file(MAP, packet(HDRGM))[:-400])), ((),), Policy())
    assert codes(result) == ["further_pictures", "hdr_reduced"]
    assert result.data.count(b"\xff\xd8\xff") == 1


def test_other_pictures_are_dropped_beside_a_map_that_is_kept() -> None:
    view = encoded(PORTRAIT.rotate(180), "JPEG")
    result = write(open_photo(with_pictures(PLAIN, view, map_file(MAP, packet(HDRGM)), view)), ((),), Policy())
    assert codes(result) == ["further_pictures"]
    assert result.data.count(b"\xff\xd8\xff") == 2
    assert pixels_of(result.data).shape == (152, 128)


def test_hostile_offsets_are_never_followed_out_of_the_file() -> None:
    whole = with_pictures(PLAIN, map_file(MAP, packet(HDRGM)))
    at = whole.index(b"MPF\0") + 4 + 8 + 2 + 36 + 4
    for offset in (0, 1, 0x7FFFFFFF, 0xFFFFFFFF, len(whole) - 3):
        entry = whole[: at + 24] + offset.to_bytes(4, "little") + whole[at + 28 :]
        assert open_photo(entry).gain_map is not None  # it follows the main picture
    for count in (0, 0xFFFFFFFF):
        size = whole.index(b"MPF\0") + 4 + 8 + 2 + 24 + 4
        assert open_photo(whole[:size] + count.to_bytes(4, "little") + whole[size + 4 :]).gain_map is not None


def test_nothing_of_the_maps_file_passes_but_pixels_and_numbers() -> None:
    exif = Image.Exif()
    exif[0x010E] = "secret text"
    described = packet(HDRGM + ' xmlns:dc="http://purl.org/dc/elements/1.1/" dc:title="secret text"')
    photo = open_photo(with_pictures(PLAIN, map_file(MAP, described, None, exif.tobytes())))
    for faces in (((FACE,),), ((),)):
        for policy in MetadataPolicy:
            assert b"secret" not in write(photo, faces, Policy(metadata=policy)).data


def test_the_check_refuses_another_map_and_parts_around_it() -> None:
    photo = open_photo(KINDS["both"])
    result = write(photo, ((FACE,),), Policy())
    with pytest.raises(OutputCheckFailed):
        check_map(photo.gain_map, result.photo.gain_map)
    with pytest.raises(OutputCheckFailed):
        check_map(None, photo.gain_map)
    assert without_map(result.data)[1] == []
    assert without_map(result.data + b"more")[1] != []
    assert without_map(KINDS["both"])[1] != []


@pytest.mark.skipif(_READER is None, reason="exiftool is not installed")
def test_an_independent_reader_finds_the_map_and_no_fault(tmp_path: Path) -> None:
    for number, (kind, data) in enumerate(KINDS.items()):
        for which, faces in enumerate((((FACE,),), ((),))):
            result = write(open_photo(data), faces, Policy(metadata=MetadataPolicy.MAPPING)).data
            (tmp_path / f"{number}-{which}.jpg").write_bytes(result)
            extracted = subprocess.run(
                [str(_READER), "-b", "-MPImage2", str(tmp_path / f"{number}-{which}.jpg")],
                check=True,
                capture_output=True,
            ).stdout
            assert extracted == result[len(result) - len(extracted) :] and extracted, kind
    command = [
        str(_READER),
        "-j",
        "-validate",
        "-warning",
        "-a",
        "-G1",
        "-XMP:all",
        "-MPF:all",
        *map(str, tmp_path.iterdir()),
    ]
    files = json.loads(subprocess.run(command, check=False, capture_output=True).stdout)
    assert len(files) == 2 * len(KINDS)
    for file in files:
        known = file["ExifTool:Validate"] == "OK" or file.get("ExifTool:Warning") == _UNKNOWN_TO_OLD_READERS
        assert known, file
        assert file["MPF0:NumberOfImages"] == 2
        if "XMP-hdrgm:Version" in file or "XMP-hdrgm:HDRGMVersion" in file:
            size = (tmp_path / Path(file["SourceFile"]).name).stat().st_size
            (length,) = [value for name, value in file.items() if name.endswith(":DirectoryItemLength")]
            assert 0 < length < size
