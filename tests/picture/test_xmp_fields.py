"""Position, capture time and camera that a file has only in its XMP pass like those of its EXIF."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from blurline import Box, Face, Photo, Policy, open_photo
from blurline.picture.redact import write
from blurline.policy.metadata_policy import MetadataPolicy
from tests.pictures import HOPPER, encoded

PORTRAIT = Image.open(HOPPER).convert("RGB").resize((256, 304))
FACE = Face(Box(90, 60, 170, 160), 0.9)
POSITION = {
    "GPSLatitude": -52.5163008,
    "GPSLongitude": -13.3777,
    "GPSAltitude": 34.5,
    "GPSImgDirection": 123.25,
    "GPSImgDirectionRef": "T",
    "GPSMapDatum": "WGS-84",
    "GPSHPositioningError": 4.5,
}
TIME = {"DateTimeOriginal": "2026:11:28 10:00:00.25+01:00"}
CAMERA = {"Make": "Maker", "Model": "Model 5"}

pytestmark = pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_what_only_the_xmp_says_reads_the_same_in_the_result(format_: str, tmp_path: Path) -> None:
    file = tmp_path / f"a.{format_.lower()}"
    file.write_bytes(encoded(PORTRAIT, format_))
    values = [f"-xmp:{name}={value}" for name, value in (POSITION | TIME | CAMERA).items()]
    subprocess.run(["exiftool", "-q", "-n", "-overwrite_original", *values, file], check=True)
    photo = open_photo(file.read_bytes())
    before = _read(file)
    for faces in (((),), ((FACE,),)):
        kept = _written(photo, faces, MetadataPolicy.MAPPING, file)
        for name in POSITION.keys() - {"GPSLatitude", "GPSLongitude"} | CAMERA.keys():
            assert kept[f"EXIF:{name}"] == before[f"XMP:{name}"]
        for name in ("GPSLatitude", "GPSLongitude"):
            assert kept[f"Composite:{name}"] == pytest.approx(before[f"XMP:{name}"], abs=1e-7)
        assert kept["EXIF:DateTimeOriginal"] == "2026:11:28 10:00:00"
        assert str(kept["EXIF:SubSecTimeOriginal"]) == "25"
        assert kept["EXIF:OffsetTimeOriginal"] == "+01:00"
        safe = _written(photo, faces, MetadataPolicy.SAFE, file)
        assert not [name for name in safe if "GPS" in name]
        assert safe["EXIF:DateTimeOriginal"] == "2026:11:28 10:00:00"
        stripped = _written(photo, faces, MetadataPolicy.STRIP, file)
        assert not [name for name in stripped if "GPS" in name or "Original" in name or "Make" in name]


def test_the_exif_takes_precedence(tmp_path: Path) -> None:
    file = tmp_path / "a.jpg"
    file.write_bytes(encoded(PORTRAIT, "JPEG"))
    both = ["-GPSLatitude=10", "-GPSLatitudeRef=N", "-XMP:GPSLatitude=20", "-XMP:GPSAltitude=5"]
    subprocess.run(["exiftool", "-q", "-n", "-overwrite_original", *both, file], check=True)
    kept = _written(open_photo(file.read_bytes()), ((),), MetadataPolicy.MAPPING, file)
    assert kept["EXIF:GPSLatitude"] == 10
    assert "EXIF:GPSAltitude" not in kept


def _written(
    photo: Photo, faces: tuple[tuple[Face, ...], ...], policy: MetadataPolicy, file: Path
) -> dict[str, object]:
    done = write(photo, faces, Policy(metadata=policy))
    result = file.with_stem("result")
    result.write_bytes(done.data)
    return _read(result)


def _read(file: Path) -> dict[str, object]:
    found = subprocess.run(["exiftool", "-j", "-G", "-n", file], check=True, capture_output=True)
    values: dict[str, object] = json.loads(found.stdout)[0]
    return values
