"""Judges results of the corpus by programs that are not ours.

Chromium shows JPEG, PNG, AVIF, GIF and BMP, and HEIC after heif-convert; libvips WebP, which Chromium does not turn by
EXIF; ImageMagick TIFF; both convert to sRGB by LittleCMS. heif-convert decodes AVIF with alpha, which Chromium shows
too opaque (`findings/chromium-avif-alpha.sh`). exiftool reads the metadata and validates the file.
"""

from __future__ import annotations

import io
import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from blurline import Box, Face, Policy, open_photo
from blurline.picture.formats import png
from blurline.picture.redact import write
from blurline.policy.metadata_policy import MetadataPolicy
from blurline.policy.policy import OutputFormat
from tests.picture.browser_view import mean_delta_e, views
from tests.picture.corpus import HEIGHT_PX, PORTRAIT, WIDTH_PX, Kind, with_metadata
from tests.pictures import encoded

FACE = Face(Box(66, 44, 126, 128), 0.9)
MOST_DELTA_E = 2.0
_MOST_DELTA_E_OF_TONE_MAPPED = 5.0  # the browser that shows the original has a curve of its own
_LEAST_CHANGE = 4.0
_FACE_MARGIN_PX = 60
_PER_PAGE = 100
_LEAST_CORRELATION = 0.8
_IN_BROWSERS = {"jpeg", "jpg", "png", "gif", "bmp"}
_TIME, _PLACE = {"Make", "DateTimeOriginal"}, {"GPSLatitude", "GPSLongitude", "GPSProcessingMethod"}
_ALLOWED = {MetadataPolicy.STRIP: set[str](), MetadataPolicy.SAFE: _TIME, MetadataPolicy.MAPPING: _TIME | _PLACE}

_INSIDE = np.zeros((HEIGHT_PX, WIDTH_PX), bool)
_INSIDE[60:112, 76:116] = True
_OUTSIDE = np.ones((HEIGHT_PX, WIDTH_PX), bool)
_OUTSIDE[: 128 + _FACE_MARGIN_PX, 66 - _FACE_MARGIN_PX : 126 + _FACE_MARGIN_PX] = False
_EVERYWHERE = np.ones((HEIGHT_PX, WIDTH_PX), bool)


@dataclass(frozen=True, slots=True)
class Treated:
    """A file of the corpus and its result. ``wanted``: the policy's format; ``suffix``: the result's extension;
    ``notes``: their codes; ``is_copied``: the compressed data is the source's."""

    kind: Kind
    orientation: int
    policy: MetadataPolicy
    has_face: bool
    wanted: OutputFormat
    original: bytes
    result: bytes
    suffix: str
    notes: tuple[str, ...]
    is_copied: bool = False

    def __str__(self) -> str:
        found = "a face" if self.has_face else "no face"
        return f"{self.kind.name} | orientation {self.orientation} | {self.policy} | {found} | {self.wanted}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong with a result, and how far its colours are from the original's (mean CIEDE2000)."""

    treated: Treated
    delta_e: float
    faults: tuple[str, ...]


def treat(
    kind: Kind,
    orientation: int,
    policy: MetadataPolicy,
    has_face: bool,
    folder: Path,
    wanted: OutputFormat = OutputFormat.SAME,
) -> Treated:
    """Make a file of the corpus and its result."""
    original = original_file(kind, orientation, folder)
    faces = ((FACE,),) if has_face else ((),)
    done = write(open_photo(original), faces, Policy(metadata=policy, output_format=wanted))
    notes = tuple(note.code for note in done.notes)
    suffix = done.photo.encoding.format.extension
    return Treated(kind, orientation, policy, has_face, wanted, original, done.data, suffix, notes, done.is_copied)


@lru_cache(maxsize=2)
def original_file(kind: Kind, orientation: int, folder: Path) -> bytes:
    """A file of the corpus with its metadata."""
    return with_metadata(kind.make(folder, orientation), kind.container, folder)


def judge(all_treated: Sequence[Treated], folder: Path) -> list[Verdict]:
    """The verdict on each result."""
    shown = _views([_shown_file(each, folder) for each in all_treated], folder)
    results = _views([(each.result, each.suffix) for each in all_treated], folder)
    tags = _tags([(each.result, each.suffix) for each in all_treated], folder)
    known = [
        _warnings(each)
        for each in _tags([(each.original, each.kind.container.lower()) for each in all_treated], folder)
    ]
    return [_verdict(*each) for each in zip(all_treated, shown, results, tags, known, strict=True)]


def _verdict(
    treated: Treated, before: NDArray[np.uint8], after: NDArray[np.uint8], tags: Mapping[str, Any], known: set[str]
) -> Verdict:
    """``known``: the warnings of exiftool on the original."""
    faults = []
    where = _OUTSIDE if treated.has_face else _EVERYWHERE
    if not before.shape == after.shape == (HEIGHT_PX, WIDTH_PX, 3):
        return Verdict(treated, float("inf"), (f"shows as {after.shape} instead of {before.shape}",))
    delta_e = mean_delta_e(before, after, where)
    if delta_e > (_MOST_DELTA_E_OF_TONE_MAPPED if "hdr_reduced" in treated.notes else MOST_DELTA_E):
        faults.append(f"colours {delta_e:.1f}")
    if treated.has_face and mean_delta_e(before, after, _INSIDE) < _LEAST_CHANGE:
        faults.append("the face is visible")
    if not treated.has_face and not treated.kind.has_alpha and _correlation(after) < _LEAST_CORRELATION:
        faults.append("not upright")
    is_opaque = open_photo(treated.result).frames[0].alpha is None
    if treated.kind.has_alpha and is_opaque and "alpha_flattened" not in treated.notes:
        faults.append("no alpha")
    expected = treated.kind.lost | (frozenset() if treated.is_copied else treated.kind.lost_if_encoded)
    found = sorted(treated.notes)
    if treated.wanted is OutputFormat.SAME and found != sorted(expected):
        faults.append(f"notes {found} instead of {sorted(expected)}")
    is_bare = treated.kind.container in ("GIF", "BMP")
    allowed = set() if is_bare else _ALLOWED[treated.policy]
    kept = {name.rpartition(":")[2] for name in tags if name.startswith("EXIF:")} & (_TIME | _PLACE)
    if kept != allowed:
        faults.append(f"metadata {sorted(kept)} instead of {sorted(allowed)}")
    return Verdict(treated, delta_e, (*faults, *sorted(_warnings(tags) - known)))


def _correlation(shown: NDArray[np.uint8]) -> float:
    """How much a view resembles the upright portrait in its light."""
    grey = np.asarray(PORTRAIT.convert("L"), float).ravel()
    return float(np.corrcoef(grey, np.asarray(Image.fromarray(shown).convert("L"), float).ravel())[0, 1])


def _views(files: Sequence[tuple[bytes, str]], folder: Path) -> list[NDArray[np.uint8]]:
    """Each file in sRGB, by the reader of its format. ``files``: their content and extension."""
    unique = list(dict.fromkeys(files))
    found = {file: _converted(*file, folder) for file in unique if not _is_for_browsers(*file)}
    page = iter([file for file in unique if file not in found])
    while part := list(islice(page, _PER_PAGE)):
        named = {f"{at}.{suffix}": data for at, (data, suffix) in enumerate(part)}
        found |= dict(zip(part, views(named, (WIDTH_PX, HEIGHT_PX), folder).values(), strict=True))
    return [found[file] for file in files]


def _is_for_browsers(data: bytes, suffix: str) -> bool:
    if suffix == "avif":
        with Image.open(io.BytesIO(data)) as image:
            return not image.has_transparency_data
    return suffix in _IN_BROWSERS


def _converted(data: bytes, suffix: str, folder: Path) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(shown_by_tool(data, suffix, folder))) as shown:
        on_white = Image.new("RGBA", shown.size, "white")
        on_white.alpha_composite(shown.convert("RGBA"))
    return np.asarray(on_white.convert("RGB"))


def shown_by_tool(data: bytes, suffix: str, folder: Path, page: int = 0) -> bytes:
    """A page of a WebP or TIFF as PNG in sRGB, upright: by libvips or ImageMagick."""
    (folder / f"in.{suffix}").write_bytes(data)
    if suffix == "webp":
        profiles = ["--import-profile", "srgb", "--export-profile", "srgb"]  # the first for a picture that has none
        command = ["vipsthumbnail", f"in.{suffix}", "--size", "1000x1000>", *profiles, "-o", "out.png"]
    elif suffix == "avif":
        command = ["heif-convert", f"in.{suffix}", "out.png"]
    else:
        (folder / "srgb.icc").write_bytes(_srgb())
        command = ["convert", f"in.{suffix}[{page}]", "-auto-orient", "-profile", "srgb.icc", "-depth", "8", "out.png"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return (folder / "out.png").read_bytes()


def _srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def _shown_file(treated: Treated, folder: Path) -> tuple[bytes, str]:
    """A file that shows what the original shows, and its extension: a HEIC as a PNG of libheif's tool."""
    if treated.kind.container == "HEIC":
        return png_of_heic(treated.original, treated.kind.code_points, folder), "png"
    return treated.original, treated.kind.container.lower()


@lru_cache(maxsize=2)
def png_of_heic(heic: bytes, code_points: tuple[int, int] | None, folder: Path) -> bytes:
    """A HEIC as PNG by libheif's tool, with the meaning of its numbers."""
    (folder / "in.heic").write_bytes(heic)
    subprocess.run(["heif-convert", "in.heic", "out.png"], cwd=folder, check=True, capture_output=True)
    with Image.open(folder / "out.png") as shown:  # without the EXIF, whose orientation does not count in a HEIC
        data = encoded(shown, "PNG", icc_profile=shown.info.get("icc_profile"), exif=b"")
    return data if code_points is None else png.with_chunks(data, [(b"cICP", bytes([*code_points, 0, 1]))])


def _tags(files: Sequence[tuple[bytes, str]], folder: Path) -> list[dict[str, Any]]:
    """What exiftool reads in each file, with its warnings."""
    names = [f"{at}.{suffix}" for at, (_, suffix) in enumerate(files)]
    for name, (data, _) in zip(names, files, strict=True):
        (folder / name).write_bytes(data)
    command = ["exiftool", "-j", "-G0:4", "-n", "-a", "-validate", "-warning", "-error", "-EXIF:all", *names]
    found = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    return list(json.loads(found.stdout))


def _warnings(tags: Mapping[str, Any]) -> set[str]:
    return {str(text) for name, text in tags.items() if "Warning" in name or "Error" in name}
