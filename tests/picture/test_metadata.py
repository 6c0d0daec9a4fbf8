"""What passes of the metadata, value by value, and what other readers make of the block that is written."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageCms
from PIL.ExifTags import GPS, IFD, Base

from blurline import Box, Face, Photo, Policy, open_photo, redact
from blurline.picture.exif_fields import EXIF, MAIN, POSITION
from blurline.picture.formats.exif import Kind, written_block
from blurline.picture.formats.xmp import GPANO
from blurline.picture.panorama_fields import CAMERA
from blurline.picture.redact import write
from blurline.policy.metadata_policy import MetadataPolicy
from tests.pictures import HOPPER, encoded

PORTRAIT = Image.open(HOPPER).convert("RGB").resize((256, 300))
FACE = Face(Box(90, 60, 165, 165), 0.9)
_READER = shutil.which("exiftool")
needs_exiftool = pytest.mark.skipif(_READER is None, reason="exiftool is not installed")

STREET_MAIN: dict[int, Any] = {Base.Make: "GoPro", Base.Model: "MAX", Base.DateTime: "2026:11:28 10:00:00"}
STREET_EXIF: dict[int, Any] = {
    Base.DateTimeOriginal: "2026:11:28 10:00:00",
    Base.SubsecTimeOriginal: "042",
    Base.OffsetTimeOriginal: "+01:00",
    Base.FocalLength: 3.5,
    Base.FocalLengthIn35mmFilm: 16,
}
STREET_GPS: dict[int, Any] = {
    GPS.GPSVersionID: b"\2\2\0\0",
    GPS.GPSLatitudeRef: "N",
    GPS.GPSLatitude: (52.0, 6.0, 25.123456),
    GPS.GPSLongitudeRef: "E",
    GPS.GPSLongitude: (4.0, 30.0, 1.654321),
    GPS.GPSAltitudeRef: b"\1",
    GPS.GPSAltitude: 3.25,
    GPS.GPSTimeStamp: (9.0, 0.0, 0.042),
    GPS.GPSDateStamp: "2026:11:28",
    GPS.GPSImgDirectionRef: "T",
    GPS.GPSImgDirection: 271.5,
    GPS.GPSTrackRef: "T",
    GPS.GPSTrack: 270.25,
    GPS.GPSMapDatum: "WGS-84",
    GPS.GPSDOP: 0.9,
    GPS.GPSHPositioningError: 1.75,
}
PANORAMA = (
    f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    f'<rdf:Description xmlns:pano="{GPANO}" xmlns:c="{CAMERA}" pano:ProjectionType="equirectangular"'
    f' pano:UsePanoramaViewer="True" pano:PoseHeadingDegrees="271.5" pano:StitchingSoftware="tool" c:Yaw="90"'
    f' c:Serial="7"><pano:FullPanoWidthPixels>800</pano:FullPanoWidthPixels>'
    f"<pano:FullPanoHeightPixels>four hundred</pano:FullPanoHeightPixels>"
    "</rdf:Description></rdf:RDF></x:xmpmeta>"
)


def block(main: dict[int, Any] | None = None, exif: Any = None, gps: Any = None) -> Image.Exif:
    made = Image.Exif()
    for tag, value in (main or {}).items():
        made[tag] = value
    for directory, values in ((IFD.Exif, exif), (IFD.GPSInfo, gps)):
        if values:
            made.get_ifd(directory).update(values)
    return made


def street(format_: str = "JPEG", image: Image.Image = PORTRAIT, **options: Any) -> bytes:
    made = block(STREET_MAIN, STREET_EXIF, STREET_GPS)
    return encoded(image, format_, exif=made, xmp=PANORAMA.encode(), **options)


def results(data: bytes, policy: MetadataPolicy) -> list[bytes]:
    """The result with a face and the one without."""
    photo = open_photo(data)
    return [redact(photo, faces, Policy(metadata=policy)) for faces in (((FACE,),), ((),))]


def exiftool(folder: Path, files: dict[str, bytes], *options: str) -> dict[str, dict[str, Any]]:
    """What exiftool says of each file, by its name."""
    for name, data in files.items():
        (folder / name).write_bytes(data)
    command = [str(_READER), "-j", *options, *files]
    run = subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=120)
    return {each["SourceFile"]: each for each in json.loads(run.stdout)}


@needs_exiftool
@pytest.mark.parametrize("format_", ["JPEG", "WEBP", "AVIF"])
def test_mapping_keeps_what_street_imagery_tools_read(format_: str, tmp_path: Path) -> None:
    data = street(format_)
    files = {"source": data} | {
        f"{number}.{format_.lower()}": result for number, result in enumerate(results(data, MetadataPolicy.MAPPING))
    }
    source, *found = exiftool(tmp_path, files, "-n", "-GPS:all", "-ExifIFD:all", "-IFD0:all", "-XMP:all").values()
    assert len(found) == 2
    for shown in found:
        for name in (
            *("GPSVersionID", "GPSLatitude", "GPSLongitude", "GPSAltitude", "GPSAltitudeRef", "GPSTimeStamp"),
            *("GPSDateStamp", "GPSImgDirection", "GPSImgDirectionRef", "GPSTrack", "GPSMapDatum", "GPSDOP"),
            *("GPSHPositioningError", "SubSecTimeOriginal", "OffsetTimeOriginal", "DateTimeOriginal", "Make", "Model"),
            *("FocalLength", "ProjectionType", "UsePanoramaViewer", "PoseHeadingDegrees", "FullPanoWidthPixels"),
        ):
            assert shown[name] == ("2 3 0 0" if name == "GPSVersionID" else source[name]), name
        assert shown["Yaw"] == 90
        assert not shown.keys() & {"StitchingSoftware", "Serial", "FullPanoHeightPixels"}


@needs_exiftool
@pytest.mark.parametrize("policy", MetadataPolicy)
def test_exiftool_finds_no_fault_in_the_block_of_a_jpeg(policy: MetadataPolicy, tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    turned = block(STREET_MAIN, STREET_EXIF, STREET_GPS)
    turned[Base.Orientation] = 6
    only_time = block(None, {Base.DateTimeOriginal: "2026:11:28 10:00:00"})
    only_turned = block({Base.Orientation: 8})
    only_position = block(None, None, {GPS.GPSLatitudeRef: "N", GPS.GPSLatitude: (52.0, 0.0, 0.0)})
    sources = [
        street(),
        street(icc_profile=profile, dpi=(300, 300)),
        street(image=PORTRAIT.convert("L"), quality=90),
        street(image=PORTRAIT.convert("CMYK")),
        *(encoded(PORTRAIT, "JPEG", exif=made) for made in (turned, only_time, only_turned, only_position)),
    ]
    files = {
        f"{number}-{which}.jpg": result
        for number, source in enumerate(sources)
        for which, result in enumerate(results(source, policy))
    }
    for name, shown in exiftool(tmp_path, files, "-validate", "-warning", "-a").items():
        assert shown["Validate"] in ("OK", 0), (name, shown)


@needs_exiftool
def test_the_sizes_in_the_block_are_those_of_the_compressed_data(tmp_path: Path) -> None:
    made = block({Base.Orientation: 6, Base.Make: "Maker"})
    redacted, copied = results(encoded(PORTRAIT, "JPEG", exif=made), MetadataPolicy.SAFE)
    shown = exiftool(tmp_path, {"redacted": redacted, "copied": copied}, "-n", "-ImageSize", "-Exif:ExifImageWidth")
    assert [each["ExifImageWidth"] for each in shown.values()] == [300, 256]
    assert [each["ImageSize"] for each in shown.values()] == ["300 256", "256 300"]


@pytest.mark.parametrize(("colour_space", "has_profile", "expected"), [
    (None, False, 1), (None, True, 65535), (1, True, 1), (65535, False, 65535), (2, False, 1),
])  # fmt: skip
def test_the_colour_space_is_the_sources_or_follows_the_profile(
    colour_space: int | None, has_profile: bool, expected: int
) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    made = block({Base.Make: "Maker"}, {Base.ColorSpace: colour_space} if colour_space else None)
    options = {"icc_profile": profile} if has_profile else {}
    for result in results(encoded(PORTRAIT, "JPEG", exif=made, **options), MetadataPolicy.SAFE):
        with Image.open(io.BytesIO(result)) as image:
            assert image.getexif().get_ifd(IFD.Exif)[Base.ColorSpace] == expected


def _refused(main: Any = None, exif: Any = None, gps: Any = None) -> dict[str, str]:
    photo = open_photo(encoded(PORTRAIT, "JPEG", exif=block(main, exif, gps)))
    for result in results(photo.data, MetadataPolicy.MAPPING):
        kept = open_photo(result).metadata
        assert not kept.main | kept.exif | kept.gps
    return photo.metadata.under(MetadataPolicy.MAPPING).refused


_JSON = json.dumps({"MAPLatitude": 52.1, "MAPLongitude": 4.5, "MAPSettingsUsername": "u"})


@pytest.mark.parametrize("tag", [Base.ImageDescription, Base.Artist, Base.Copyright, Base.Make, Base.Model])
@pytest.mark.parametrize("text", [_JSON, "52.12345, 4.56789", "jane@example.org"])
def test_a_text_with_more_than_prose_does_not_pass(tag: int, text: str) -> None:
    assert list(_refused({tag: text})) == [MAIN[tag].name]


@pytest.mark.parametrize("tag", [Base.LensMake, Base.LensModel])
def test_the_name_of_a_lens_is_checked_like_that_of_a_camera(tag: int) -> None:
    assert list(_refused(exif={tag: _JSON})) == [EXIF[tag].name]


@pytest.mark.parametrize(
    "text", ["yesterday", "2026:13:28 10:00:00", "2026:11:28 25:00:00", "2026:11:28 10:00:00 at 7"]
)
@pytest.mark.parametrize("tag", [Base.DateTimeOriginal, Base.DateTimeDigitized])
def test_a_date_is_a_date(tag: int, text: str) -> None:
    assert list(_refused(exif={tag: text})) == [EXIF[tag].name]


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        (GPS.GPSLatitude, (91.0, 0.0, 0.0)),
        (GPS.GPSLatitude, (52.0, 61.0, 0.0)),
        (GPS.GPSLongitude, (4000000000.0, 1.0, 1.0)),
        (GPS.GPSLatitudeRef, "X"),
        (GPS.GPSLongitudeRef, "my home"),
        (GPS.GPSAltitude, 4e9),
        (GPS.GPSImgDirection, 361.0),
        (GPS.GPSTrackRef, "jane"),
        (GPS.GPSMapDatum, "jane's house"),
        (GPS.GPSDateStamp, "2026-11"),
        (GPS.GPSHPositioningError, 4e9),
    ],
)
def test_a_value_of_the_position_is_in_its_range(tag: int, value: Any) -> None:
    assert list(_refused(gps={tag: value})) == [POSITION[tag].name]


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        (Base.SubsecTimeOriginal, "jane"),
        (Base.OffsetTimeOriginal, "+99:00"),
        (Base.FNumber, 4e9),
        (Base.ExposureTime, 4e9),
        (Base.FocalLength, 4e9),
    ],
)
def test_a_value_of_the_exposure_is_in_its_range(tag: int, value: Any) -> None:
    assert list(_refused(exif={tag: value})) == [EXIF[tag].name]


@pytest.mark.parametrize("text", ["    :  :     :  :  ", "0000:00:00 00:00:00", "", "   "])
def test_an_unknown_date_is_no_loss(text: str) -> None:
    assert _refused(exif={Base.DateTimeOriginal: text}) == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-28 10:00:00", "2026:11:28 10:00:00"),
        ("2026:11:28T10:00:00.5+01:00", "2026:11:28 10:00:00"),
        ("0099:11:28 10:00:00", "0099:11:28 10:00:00"),
    ],
)
def test_a_date_is_written_as_the_standard_says(text: str, expected: str) -> None:
    data = encoded(PORTRAIT, "JPEG", exif=block(None, {Base.DateTimeOriginal: text}))
    for result in results(data, MetadataPolicy.SAFE):
        assert open_photo(result).metadata.exif == {Base.DateTimeOriginal: expected}


def test_the_owner_is_told_what_was_removed() -> None:
    data = encoded(
        PORTRAIT,
        "JPEG",
        exif=block({Base.ImageDescription: _JSON, Base.Make: "Maker"}, gps={GPS.GPSImgDirection: 361.0}),
        xmp=PANORAMA.encode(),
    )
    assert _notes(open_photo(data), MetadataPolicy.STRIP) == []
    assert _notes(open_photo(data), MetadataPolicy.SAFE) == [
        "Fields of the metadata were removed: description (contains structured data)."
    ]
    (told,) = _notes(open_photo(data), MetadataPolicy.MAPPING)
    for field in ("description", "direction", "FullPanoHeightPixels"):
        assert field in told


def test_one_unreadable_directory_does_not_cost_the_others() -> None:
    data = written_block(
        {Base.Make: (Kind.ASCII, "Maker"), IFD.GPSInfo: (Kind.LONG, 1 << 30)},
        {Base.DateTimeOriginal: (Kind.ASCII, "2026:11:28 10:00:00")},
        {},
    )
    metadata = open_photo(encoded(PORTRAIT, "JPEG", exif=b"Exif\0\0" + data)).metadata
    assert (metadata.main, metadata.exif) == (
        {Base.Make: "Maker"},
        {Base.DateTimeOriginal: "2026:11:28 10:00:00"},
    )


def _notes(photo: Photo, policy: MetadataPolicy) -> list[str]:
    notes = write(photo, ((),), Policy(metadata=policy)).notes
    assert {note.code for note in notes} <= {"metadata_dropped"}
    return [note.message for note in notes]
