"""What mapillary_tools and Panoramax's reader of tags see in a picture, they see in its result under `mapping`."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from blurline import Box, Face, Policy, open_photo, redact
from blurline.policy.metadata_policy import MetadataPolicy
from tests.pictures import GROUP

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed"),
]

_READERS = ("mapillary_tools==0.14.7", "geopic-tag-reader==1.10.1")
_FACE = Face(Box(500, 300, 600, 420), 0.9)
_TAGS = (
    *("-Make=Maker", "-Model=Rig 7", "-FocalLength=5", "-FocalLengthIn35mmFormat=28"),
    *("-DateTimeOriginal=2026:05:03 10:11:12", "-SubSecTimeOriginal=345", "-OffsetTimeOriginal=+02:00"),
    *("-GPSLatitude=48.8583", "-GPSLatitudeRef=N", "-GPSLongitude=2.2945", "-GPSLongitudeRef=E"),
    *("-GPSAltitude=35.5", "-GPSAltitudeRef=0", "-GPSImgDirection=123.4", "-GPSImgDirectionRef=T"),
    *("-GPSDateStamp=2026:05:03", "-GPSTimeStamp=08:11:12.345", "-GPSMapDatum=WGS-84"),
    *("-GPSHPositioningError=2.5", "-GPSDOP=1.2"),
    *("-XMP-GPano:ProjectionType=equirectangular", "-XMP-GPano:UsePanoramaViewer=True"),
    *("-XMP-GPano:PoseHeadingDegrees=12.5", "-XMP-GPano:PosePitchDegrees=1.5", "-XMP-GPano:PoseRollDegrees=-2"),
    *("-XMP-GPano:FullPanoWidthPixels=3200", "-XMP-GPano:FullPanoHeightPixels=1600"),
    *("-XMP-GPano:CroppedAreaImageWidthPixels=1600", "-XMP-GPano:CroppedAreaImageHeightPixels=1000"),
    *("-XMP-GPano:CroppedAreaLeftPixels=0", "-XMP-GPano:CroppedAreaTopPixels=100"),
)

# Run in the readers' own environment. mapillary_tools takes the size from GPano where EXIF has none.
_READ = """
import json, sys
from pathlib import Path
from geopic_tag_reader import reader
from mapillary_tools.exif_read import ExifRead

exif = ExifRead(Path(sys.argv[1]))
names = ("altitude", "capture_time", "direction", "lon_lat", "make", "model", "orientation")
mapillary = {name: str(getattr(exif, f"extract_{name}")()) for name in names}
tags = vars(reader.readPictureMetadata(Path(sys.argv[1]).read_bytes()))
panoramax = {name: str(value) for name, value in tags.items() if name != "exif"}
print(json.dumps({"mapillary_tools": mapillary, "panoramax": panoramax}))
"""


def test_street_imagery_tools_read_the_same_in_the_result(tmp_path: Path) -> None:
    source = tmp_path / "source.jpg"
    shutil.copy(GROUP, source)
    subprocess.run(["exiftool", "-q", "-n", "-overwrite_original", *_TAGS, source], check=True)
    python = _environment(tmp_path / "readers")
    expected = _read(python, source)
    assert expected["mapillary_tools"]["capture_time"] == "2026-05-03 08:11:12.345000+00:00"
    assert expected["panoramax"]["gps_accuracy"] == "2.5"
    assert "fullWidth=3200" in expected["panoramax"]["crop"]
    photo = open_photo(source.read_bytes())
    for name, faces in (("face.jpg", (_FACE,)), ("none.jpg", ())):
        result = tmp_path / name
        result.write_bytes(redact(photo, (faces,), Policy(metadata=MetadataPolicy.MAPPING)))
        assert _read(python, result) == expected, name


def _environment(folder: Path) -> Path:
    """The Python of an environment with the readers, or skip the test where no registry is reachable."""
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([uv, "venv", "-q", "--python", sys.executable, folder], check=True)
    command = [str(uv), "pip", "install", "-q", "--python", str(folder), *_READERS]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"The readers cannot be installed: {done.stderr[-300:]}")
    return folder / "bin" / "python"


def _read(python: Path, file: Path) -> dict[str, dict[str, str]]:
    done = subprocess.run([python, "-c", _READ, file], capture_output=True, text=True, check=True)
    found: dict[str, dict[str, str]] = json.loads(done.stdout)
    return found
