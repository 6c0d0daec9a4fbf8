"""The XMP properties that the policy `mapping` keeps: how a panorama is projected, and where its camera looks."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from blurline.picture.formats.xmp import GPANO, read_properties

CAMERA = "http://pix4d.com/camera/1.0/"
"""The namespace of the camera's angles, which Panoramax reads."""

_WHOLE = re.compile(r"(\d{1,7})(?:\.0+)?")
_REAL = re.compile(r"[+-]?\d{1,7}(?:\.\d{1,12})?")

_Check = Callable[[str], bool]


def _whole(text: str) -> bool:
    return bool(_WHOLE.fullmatch(text))


def _degrees(low: float, high: float) -> _Check:
    return lambda text: bool(_REAL.fullmatch(text)) and low <= float(text) <= high


_HEADING, _PITCH, _ROLL = _degrees(-360, 360), _degrees(-180, 180), _degrees(-360, 360)
_PANORAMA: Mapping[str, _Check] = {
    "ProjectionType": lambda text: text in ("equirectangular", "cylindrical", "perspective"),
    "UsePanoramaViewer": lambda text: text.lower() in ("true", "false"),
    "PoseHeadingDegrees": _HEADING,
    "PosePitchDegrees": _PITCH,
    "PoseRollDegrees": _ROLL,
    "InitialViewHeadingDegrees": _HEADING,
    "InitialViewPitchDegrees": _PITCH,
    "InitialViewRollDegrees": _ROLL,
    "InitialHorizontalFOVDegrees": _degrees(0, 360),
    "CroppedAreaLeftPixels": _whole,
    "CroppedAreaTopPixels": _whole,
    "CroppedAreaImageWidthPixels": _whole,
    "CroppedAreaImageHeightPixels": _whole,
    "FullPanoWidthPixels": _whole,
    "FullPanoHeightPixels": _whole,
    "LargestValidInteriorRectLeft": _whole,
    "LargestValidInteriorRectTop": _whole,
    "LargestValidInteriorRectWidth": _whole,
    "LargestValidInteriorRectHeight": _whole,
}
_POSE: Mapping[str, _Check] = {"Yaw": _HEADING, "Pitch": _PITCH, "Roll": _ROLL}


def read_panorama(packet: bytes | str) -> tuple[dict[str, str], dict[str, str]]:
    """The panorama's properties that are what their names say, and why others are not, by their names."""
    return _checked(read_properties(packet, GPANO), _PANORAMA)


def read_pose(packet: bytes | str) -> tuple[dict[str, str], dict[str, str]]:
    """The same for the camera's angles."""
    return _checked(read_properties(packet, CAMERA), _POSE)


def _checked(values: Mapping[str, str], checks: Mapping[str, _Check]) -> tuple[dict[str, str], dict[str, str]]:
    known = {name: value for name, value in values.items() if name in checks}
    passed = {name: value for name, value in known.items() if value.isascii() and checks[name](value)}
    return passed, dict.fromkeys(known.keys() - passed.keys(), "is not what its name says")
