"""The corpus: files of every container, colour meaning, depth and orientation, made from a sample by other programs.

Each file shows the same portrait and has the same metadata, among it an orientation in XMP, which does not count.
Programs that are not ours write what Pillow cannot.
"""

from __future__ import annotations

import io
import struct
import subprocess
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.picture.heif_files import with_property
from tests.pictures import HOPPER, encoded, sideways

TOOLS = ("exiftool", "heif-enc", "avifenc", "heif-convert", "convert", "vipsthumbnail", "chromium")
WIDTH_PX, HEIGHT_PX = 192, 224
PORTRAIT = Image.fromarray(
    np.asarray(Image.open(HOPPER).convert("RGB").resize((WIDTH_PX, HEIGHT_PX), Image.Resampling.LANCZOS))
)
METADATA = {
    "Make": "Maker",
    "DateTimeOriginal": "2026:11:28 10:00:00",
    "GPSLatitude": "52.5163",
    "GPSLatitudeRef": "N",
    "GPSLongitude": "13.3777",
    "GPSLongitudeRef": "E",
    "GPSProcessingMethod": "GPS",
}
_DISPLAY_P3 = ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))
_D50 = (0.9642, 1.0, 0.8249)


@dataclass(frozen=True, slots=True)
class Kind:
    """A row of the table. ``make`` writes the file of an orientation; ``lost``: the notes that a result has under each
    policy, and ``lost_if_encoded`` those that it also has where it cannot be copied. ``code_points``: the meaning of a
    HEIC's numbers, which heif-convert leaves as they are."""

    container: str
    colour: str
    bits: int
    make: Callable[[Path, int], bytes]
    lost: frozenset[str] = frozenset()
    lost_if_encoded: frozenset[str] = frozenset()
    has_alpha: bool = False
    code_points: tuple[int, int] | None = None

    @property
    def name(self) -> str:
        """The row's first three cells."""
        return f"{self.container} | {self.colour} | {self.bits}"


def kinds() -> Iterator[Kind]:
    """Every row of the table."""
    profile = wide_profile()
    for container, options in (("JPEG", {"quality": 92}), ("PNG", {}), ("WEBP", {"lossless": True}), ("TIFF", {})):
        yield Kind(container, "untagged", 8, _by_pillow(container, **options))
        yield Kind(container, "ICC profile", 8, _by_pillow(container, icc_profile=profile, **options))
    yield Kind("WEBP", "untagged, lossy", 8, _by_pillow("WEBP", quality=90))
    for container in ("PNG", "WEBP", "TIFF", "AVIF"):
        options = {"lossless": True} if container == "WEBP" else {}
        yield Kind(container, "untagged, alpha", 8, _by_pillow(container, _half_clear(), **options), has_alpha=True)
    for container in ("JPEG", "PNG", "TIFF"):
        yield Kind(container, "grey", 8, _by_pillow(container, PORTRAIT.convert("L")))
    for container in ("PNG", "TIFF"):
        yield Kind(container, "grey", 16, _by_pillow(container, _deep_grey()))
    yield Kind("PNG", "untagged", 16, _png_of_16_bits, frozenset({"depth_reduced"}))
    cmyk = _by_pillow("JPEG", PORTRAIT.convert("CMYK"), quality=92)
    yield Kind("JPEG", "CMYK", 8, cmyk, lost_if_encoded=frozenset({"cmyk_converted"}))
    yield Kind("TIFF", "CMYK", 8, _by_pillow("TIFF", PORTRAIT.convert("CMYK")), frozenset({"cmyk_converted"}))
    yield Kind("PNG", "gAMA 1.0", 8, _png_with(b"gAMA", struct.pack(">I", 100_000)))
    yield Kind("PNG", "cICP, Display P3", 8, _png_with(b"cICP", bytes([12, 13, 0, 1])))
    yield Kind("PNG", "cICP, PQ", 8, _png_with(b"cICP", bytes([9, 16, 0, 1])))
    yield Kind("AVIF", "untagged", 8, _by_pillow("AVIF", quality=92))
    yield Kind("AVIF", "ICC profile", 8, _by_pillow("AVIF", quality=92, icc_profile=profile))
    yield Kind("AVIF", "nclx, Display P3", 8, _by_avifenc("-d", "8", "--cicp", "12/13/6"))
    yield Kind("AVIF", "AV1 stream, Display P3", 8, _without_colr(_by_avifenc("-d", "8", "--cicp", "12/13/6")))
    pq = _by_avifenc("-d", "8", "--cicp", "9/16/6", profile=profile)
    yield Kind("AVIF", "ICC profile, nclx of PQ", 8, pq)
    deep = frozenset({"depth_reduced"})
    yield Kind("AVIF", "nclx, sRGB", 10, _by_avifenc("-d", "10", "--cicp", "1/13/6"), deep)
    yield Kind("AVIF", "nclx, sRGB", 12, _by_avifenc("-d", "12", "--cicp", "1/13/6"), deep)
    yield Kind("AVIF", "nclx, PQ", 10, _by_avifenc("-d", "10", "--cicp", "9/16/9"), deep)
    yield Kind("AVIF", "nclx, HLG", 10, _by_avifenc("-d", "10", "--cicp", "9/18/9"), deep)
    converted = frozenset({"heic_to_jpeg"})
    yield Kind("HEIC", "untagged", 8, _by_heif_enc(), converted)
    yield Kind("HEIC", "untagged", 10, _by_heif_enc("-b", "10", is_deep=True), converted | deep)
    yield Kind("HEIC", "ICC profile", 8, _by_heif_enc(profile=profile), converted)
    yield Kind("HEIC", "nclx, Display P3", 8, _by_heif_enc(code=(12, 13)), converted, code_points=(12, 13))
    yield Kind("GIF", "untagged", 8, _by_pillow("GIF", PORTRAIT.quantize(256)))
    yield Kind("BMP", "untagged", 8, _by_pillow("BMP"))
    yield Kind("BMP", "ICC profile", 8, lambda _, __: bmp_of_version_5(encoded(PORTRAIT, "BMP"), profile))


def orientations(kind: Kind) -> tuple[int, ...]:
    """The orientations in which a container can store a picture, of those that the corpus has."""
    return (1,) if kind.container in ("GIF", "BMP") else (1, 6)


def with_metadata(data: bytes, container: str, folder: Path) -> bytes:
    """The file with position, time and camera, written by exiftool, where its format can hold them; and with
    orientations where they do not count."""
    if container in ("GIF", "BMP"):
        return data
    file = folder / f"with.{container.lower()}"
    file.write_bytes(data)
    values = [f"-EXIF:{name}={value}" for name, value in METADATA.items()]
    values += ["-XMP-tiff:Orientation=3"] * (container != "TIFF")  # where ImageMagick would follow it
    values += ["-EXIF:Orientation=3"] * (container in ("AVIF", "HEIC"))
    subprocess.run(["exiftool", "-q", "-n", "-m", "-overwrite_original", *values, file], check=True)
    return file.read_bytes()


def wide_profile() -> bytes:
    """An ICC profile with the primaries of Display P3 and a gamma of 2.2."""
    return matrix_profile("Wide", _DISPLAY_P3, 2.2)


def matrix_profile(name: str, primaries: tuple[tuple[float, ...], ...], gamma: float) -> bytes:
    """An ICC profile (version 2) of primaries in XYZ relative to D50."""

    def xyz(values: tuple[float, ...]) -> bytes:
        return b"XYZ " + bytes(4) + b"".join(struct.pack(">i", round(value * 65536)) for value in values)

    red, green, blue = primaries
    curve = b"curv" + bytes(4) + struct.pack(">IHxx", 1, round(gamma * 256))
    described = b"desc" + bytes(4) + struct.pack(">I", len(name) + 1) + name.encode() + bytes(79)
    tags = {b"desc": described, b"wtpt": xyz(_D50), b"rXYZ": xyz(red), b"gXYZ": xyz(green), b"bXYZ": xyz(blue)}
    tags |= {b"rTRC": curve, b"gTRC": curve, b"bTRC": curve}
    table, body = b"", b""
    for tag, content in tags.items():
        table += struct.pack(">4sII", tag, 132 + 12 * len(tags) + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    header = bytearray(128)
    header[8:12], header[12:24], header[36:40] = b"\2\x20\0\0", b"mntrRGB XYZ ", b"acsp"
    header[68:80] = b"".join(struct.pack(">i", round(value * 65536)) for value in _D50)
    header[24:36] = struct.pack(">6H", 2026, 1, 1, 0, 0, 0)
    header[0:4] = struct.pack(">I", 132 + len(table) + len(body))
    return bytes(header) + struct.pack(">I", len(tags)) + table + body


def _by_pillow(container: str, image: Image.Image = PORTRAIT, **options: Any) -> Callable[[Path, int], bytes]:
    def make(_: Path, orientation: int) -> bytes:
        if orientation == 1 and (container, image.mode) != ("WEBP", "RGBA"):  # exiftool would forget its alpha
            return encoded(image, container, **options)
        return sideways(image, orientation, container, **options)

    return make


def _half_clear() -> Image.Image:
    image = PORTRAIT.copy()
    image.putalpha(Image.linear_gradient("L").resize(PORTRAIT.size))
    return image


def _deep_grey() -> Image.Image:
    return Image.fromarray(np.asarray(PORTRAIT.convert("L"), np.uint16) * 257)


def _png_with(kind: bytes, body: bytes) -> Callable[[Path, int], bytes]:
    def make(_: Path, orientation: int) -> bytes:
        plain = sideways(PORTRAIT, orientation, "PNG")
        return plain[:33] + _chunk(kind, body) + plain[33:]

    return make


def _png_of_16_bits(_: Path, orientation: int) -> bytes:
    stored = Image.open(io.BytesIO(sideways(PORTRAIT, orientation, "PNG")))
    return _of_16_bits(stored, (b"eXIf", stored.info["exif"].removeprefix(b"Exif\0\0")))


def _of_16_bits(stored: Image.Image, *chunks: tuple[bytes, bytes]) -> bytes:
    levels = np.asarray(stored, np.uint16) * 257
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in levels)
    header = struct.pack(">IIBBBBB", *stored.size, 16, 2, 0, 0, 0)
    parts = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in parts)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", len(body), kind) + body + struct.pack(">I", zlib.crc32(kind + body))


def bmp_of_version_5(plain: bytes, icc: bytes) -> bytes:
    """A file of Pillow's with a header that names a profile behind the pixels."""
    head, pixels = plain[14:54], plain[54:]
    place = struct.pack("<4I", 4, 124 + len(pixels), len(icc), 0)
    header = struct.pack("<I", 124) + head[4:] + bytes(16) + b"DEBM" + bytes(48) + place
    return b"BM" + struct.pack("<IHHI", 138 + len(pixels) + len(icc), 0, 0, 138) + header + pixels + icc


def _without_colr(make: Callable[[Path, int], bytes]) -> Callable[[Path, int], bytes]:
    return lambda folder, orientation: make(folder, orientation).replace(b"colrnclx", b"freenclx")


def _by_avifenc(*options: str, profile: bytes | None = None) -> Callable[[Path, int], bytes]:
    def make(folder: Path, orientation: int) -> bytes:
        turn = ("--irot", "3") if orientation == 6 else ()
        command = ("avifenc", "--speed", "8", "--min", "0", "--max", "8", *turn, *options, "in.png", "out")
        return _made(folder, orientation, *command, profile=profile)

    return make


def _by_heif_enc(
    *options: str, profile: bytes | None = None, code: tuple[int, int] | None = None, is_deep: bool = False
) -> Callable[[Path, int], bytes]:
    def make(folder: Path, orientation: int) -> bytes:
        command = ("heif-enc", "-q", "92", *options, "in.png", "-o", "out")
        data = _made(folder, orientation, *command, profile=profile, is_deep=is_deep)
        if code is not None:
            data = with_property(data, b"colr", b"nclx" + struct.pack(">HHHB", *code, 6, 0x80))
        return data if orientation == 1 else with_property(data, b"irot", b"\3")

    return make


def _made(folder: Path, orientation: int, *command: str, profile: bytes | None = None, is_deep: bool = False) -> bytes:
    stored = PORTRAIT if orientation == 1 else PORTRAIT.transpose(Image.Transpose.ROTATE_90)
    data = _of_16_bits(stored) if is_deep else encoded(stored, "PNG", icc_profile=profile)
    (folder / "in.png").write_bytes(data)
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return (folder / "out").read_bytes()
