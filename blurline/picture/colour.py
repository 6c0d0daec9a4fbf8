"""What the numbers of a picture mean: one model for every way in which files say it.

A file may say it by an ICC profile, by code points of ITU-T H.273 (CICP: `nclx` in AVIF and HEIC, `cICP` in PNG), by
chromaticities with a gamma (PNG's `gAMA` and `cHRM`), or by EXIF (Adobe RGB). `colour_reading` finds out which of them
counts. A file that says nothing stays so: readers take its numbers for sRGB.
"""

from __future__ import annotations

from dataclasses import dataclass

from blurline.picture.colour_profile import space_of
from blurline.picture.matrix_profile import (
    BT709,
    DISPLAY_P3,
    SRGB_CURVE,
    Chromaticities,
    Curve,
    grey_profile,
    rgb_from_grey,
    rgb_profile,
)

BT709_PRIMARIES, BT2020_PRIMARIES, DISPLAY_P3_PRIMARIES = 1, 9, 12
SRGB_TRANSFER, LINEAR, PQ, HLG = 13, 8, 16, 18
_UNSPECIFIED = 2

_D65, _C, _E = (0.3127, 0.3290), (0.310, 0.316), (1 / 3, 1 / 3)
_PAL: Chromaticities = (*_D65, 0.64, 0.33, 0.29, 0.60, 0.15, 0.06)
_NTSC: Chromaticities = (*_D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070)
_PRIMARIES: dict[int, Chromaticities] = {
    BT709_PRIMARIES: BT709,
    4: (*_C, 0.67, 0.33, 0.21, 0.71, 0.14, 0.08),
    5: _PAL,
    6: _NTSC,
    7: _NTSC,
    8: (*_C, 0.681, 0.319, 0.243, 0.692, 0.145, 0.049),
    BT2020_PRIMARIES: (*_D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046),
    11: (0.314, 0.351, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    DISPLAY_P3_PRIMARIES: DISPLAY_P3,
    22: (*_D65, 0.630, 0.340, 0.295, 0.605, 0.155, 0.077),
}
_CURVES: dict[int, Curve] = {
    4: (2.2,),
    5: (2.8,),
    7: (1 / 0.45, 1 / 1.1115, 0.1115 / 1.1115, 1 / 4, 0.0913),
    LINEAR: (1.0,),
    17: (2.6,),
}
"""Curves other than that of sRGB."""

VIDEO_TRANSFERS = frozenset({1, 6, 14, 15})
"""BT.709, BT.601 and BT.2020. As in browsers, their curve counts as that of sRGB in AVIF and HEIC, and in PNG as that
of a display of ITU-R BT.1886."""

_GAMMA_TOLERANCE, _PRIMARY_TOLERANCE = 0.05, 0.005


@dataclass(frozen=True, slots=True)
class Cicp:
    """Code points of ITU-T H.273. ``is_full_range``: black is 0 and white 255, instead of 16 and 235."""

    primaries: int
    transfer: int
    is_full_range: bool = True


@dataclass(frozen=True, slots=True)
class Calibration:
    """Chromaticities, and the exponent that decodes the numbers."""

    chromaticities: Chromaticities
    gamma: float


ADOBE_RGB = Calibration((*_D65, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06), 563 / 256)


@dataclass(frozen=True, slots=True)
class Colour:
    """The meaning of a frame's numbers. At most one of the fields is set; with none, no tag says what they mean.

    ``icc``: a cleaned profile of RGB or grey.
    """

    icc: bytes | None = None
    cicp: Cicp | None = None
    calibration: Calibration | None = None

    @property
    def is_hdr(self) -> bool:
        """Whether the numbers reach beyond the white of paper (ITU-R BT.2100, PQ and HLG)."""
        return self.cicp is not None and self.cicp.transfer in (PQ, HLG)

    @property
    def is_full_range(self) -> bool:
        """Whether black is 0 and white 255."""
        return self.cicp is None or self.cicp.is_full_range

    @property
    def is_srgb(self) -> bool:
        """Whether a file without any tag means the same."""
        if self.icc is not None:
            return False
        if self.calibration is not None:
            near = zip(self.calibration.chromaticities, BT709, strict=True)
            is_gamma_near = abs(self.calibration.gamma / 2.2 - 1) < _GAMMA_TOLERANCE
            return is_gamma_near and all(abs(one - other) < _PRIMARY_TOLERANCE for one, other in near)
        if self.cicp is None:
            return True
        return self.chromaticities == BT709 and self.curve == SRGB_CURVE and not self.is_hdr and self.is_full_range

    @property
    def chromaticities(self) -> Chromaticities:
        """Of white and the primaries, where no profile says them; unknown ones count as those of sRGB."""
        if self.calibration is not None:
            return self.calibration.chromaticities
        return _PRIMARIES.get(self.cicp.primaries, BT709) if self.cicp is not None else BT709

    @property
    def curve(self) -> Curve:
        """The decoding curve, where no profile says it; unknown ones count as that of sRGB."""
        if self.calibration is not None:
            return (self.calibration.gamma,)
        return _CURVES.get(self.cicp.transfer, SRGB_CURVE) if self.cicp is not None else SRGB_CURVE

    def profile(self, *, is_grey: bool) -> bytes | None:
        """An ICC profile by which a file of RGB or grey shows the same; None if it needs none, or for PQ and HLG."""
        if self.icc is not None:
            if space_of(self.icc) == (b"GRAY" if is_grey else b"RGB "):
                return self.icc
            return None if is_grey else rgb_from_grey(self.icc)
        if self.is_srgb or self.is_hdr:
            return None
        if is_grey:
            return None if self.curve == SRGB_CURVE else grey_profile(self._name, self.curve)
        cicp = (self.cicp.primaries, self.cicp.transfer) if self.cicp is not None else None
        return rgb_profile(self._name, self.chromaticities, self.curve, cicp)

    @property
    def _name(self) -> str:
        if self.calibration == ADOBE_RGB:
            return "Compatible with Adobe RGB (1998)"
        names = {BT2020_PRIMARIES: "BT.2020", DISPLAY_P3_PRIMARIES: "Display P3"}
        return names.get(self.cicp.primaries, "Colours of the source") if self.cicp is not None else "Calibrated"


UNTAGGED = Colour()


def tagged(primaries: int, transfer: int, *, is_full_range: bool = True) -> Colour:
    """The colour of code points; without a tag if they say nothing."""
    if primaries == transfer == _UNSPECIFIED and is_full_range:
        return UNTAGGED
    return Colour(cicp=Cicp(primaries, transfer, is_full_range))
