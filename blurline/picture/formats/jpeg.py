"""JPEG (ITU-T T.81, JFIF, Exif 3.0): marker segments, with entropy-coded data after each start of scan."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
_APP0, _APP1, _APP2, _APP14 = 0xE0, 0xE1, 0xE2, 0xEE
_DHT, _DQT, RESTARTS = 0xC4, 0xDB, 0xDD
PROGRESSIVE_FRAME = 0xC2
HUFFMAN_FRAMES = {0xC0, 0xC1, PROGRESSIVE_FRAME}
_ARITHMETIC_FRAMES = {0xC9, 0xCA}
_NO_FRAMES = {_DHT, 0xC8, 0xCC}
_LEAST_FRAME = 11
_COEFFICIENTS = 64
_TABLES_AND_FRAMES = HUFFMAN_FRAMES | {_DHT, _DQT, RESTARTS, _SOS}
_RESTART = re.compile(rb"\xff[\xd0-\xd7]")
_JFIF, EXIF, XMP, _ICC, _ADOBE = (
    b"JFIF\0",
    b"Exif\0\0",
    b"http://ns.adobe.com/xap/1.0/\0",
    b"ICC_PROFILE\0",
    b"Adobe",
)
_MOST_PAYLOAD = 65533
_ICC_PART = _MOST_PAYLOAD - len(_ICC) - 2
_JFIF_BYTES, _ADOBE_BYTES = 14, 12
_NO_DENSITY = struct.pack(">BHH", 0, 1, 1)
_NEXT_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")  # in a scan, 0xFF00 is data and 0xFFD0 to D7 are restarts


@dataclass(frozen=True, slots=True)
class Segment:
    """A marker with its payload and, after a start of scan, the entropy-coded data."""

    marker: int
    payload: bytes = b""
    scan: bytes = b""

    @property
    def written(self) -> bytes:
        """The bytes of the segment."""
        return struct.pack(">BBH", 0xFF, self.marker, len(self.payload) + 2) + self.payload + self.scan


def segments(data: bytes) -> tuple[list[Segment], bytes]:
    """The segments from the start to the end of the image, and the bytes after it. Raises ValueError if damaged."""
    if data[:2] != b"\xff\xd8":
        raise ValueError("no start of image")
    found: list[Segment] = []
    at = 2
    while True:
        while data[at : at + 2] == b"\xff\xff":
            at += 1
        if len(data) < at + 4 and data[at : at + 2] != b"\xff\xd9":
            raise ValueError("truncated")
        if data[at] != 0xFF:
            raise ValueError(f"no marker at {at}")
        marker = data[at + 1]
        if marker == _EOI:
            return found, data[at + 2 :]
        (length,) = struct.unpack_from(">H", data, at + 2)
        end = at + 2 + length
        payload = data[at + 4 : end]
        if marker == _SOS:
            following = _NEXT_MARKER.search(data, end)
            if following is None:
                raise ValueError("a scan without an end")
            found.append(Segment(marker, payload, data[end : following.start()]))
            at = following.start()
        else:
            found.append(Segment(marker, payload))
            at = end


def first_frame(data: bytes) -> tuple[int, bytes] | None:
    """The marker and payload of the first start of frame, whichever the coding; None before any, or if damaged."""
    at = 2
    while at + 10 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in _NO_FRAMES:
            return (marker, data[at + 4 : at + 2 + length]) if length >= _LEAST_FRAME else None
        at += 2 + length
    return None


def header(data: bytes) -> bytes:
    """The segments before the first scan; where they are damaged, what comes before that."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != _SOS:
        at += 1 if data[at + 1] == 0xFF else 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return data[:at]


def lacks_end(data: bytes) -> bool:
    """Whether the file is whole but for the marker of its end."""
    if data.endswith(b"\xff\xd9"):
        return False
    try:
        segments(data)
    except (ValueError, struct.error, IndexError):
        try:
            found, _ = segments(data + b"\xff\xd9")
        except (ValueError, struct.error, IndexError):
            return False
        return bool(found) and found[-1].marker == _SOS
    return False


def has_every_scan(data: bytes) -> bool:
    """Whether the scans of a whole file contain every bit of every coefficient of every component."""
    try:
        found, _ = segments(data)
        (frame,) = [each for each in found if each.marker in HUFFMAN_FRAMES | _ARITHMETIC_FRAMES]
        components = {frame.payload[6 + 3 * number] for number in range(frame.payload[5])}
        missing = {(component, coefficient) for component in components for coefficient in range(_COEFFICIENTS)}
        for each in found:
            if each.marker == _SOS:
                count = each.payload[0]
                first, last, bits = each.payload[1 + 2 * count : 4 + 2 * count]
                scanned = {each.payload[1 + 2 * number] for number in range(count)}
                if bits & 15 == 0:  # no lower bit is left for a later scan
                    missing -= {(component, place) for component in scanned for place in range(first, last + 1)}
    except (ValueError, struct.error, IndexError):
        return False
    return not missing


def repackage(
    data: bytes, exif: bytes | None, xmp: bytes | None, icc: bytes | None, dpi: tuple[float, float] | None = None
) -> bytes | None:
    """Return a new file with the same compressed data; None if it has an unknown part. ``dpi``: of the picture."""
    try:
        found, _ = segments(data)
    except (ValueError, struct.error, IndexError):
        return None
    body = [each for each in found if each.marker in _TABLES_AND_FRAMES]
    rest = [each for each in found if each.marker not in _TABLES_AND_FRAMES and not 0xE0 <= each.marker <= 0xFE]
    if rest or not _is_exact(body):
        return None
    return _assembled([*_jfif(found, dpi), *_head(found, exif, xmp, icc), *body])


def _is_exact(body: list[Segment]) -> bool:
    """Whether the file contains only what decoding needs: one frame, each quantisation table once and used, each
    Huffman table used before its next definition, and no restarts, before which bytes could hide."""
    try:
        (frame,) = [each.payload for each in body if each.marker in HUFFMAN_FRAMES]
        first_scan = next(at for at, each in enumerate(body) if each.marker == _SOS)
        wanted = {frame[8 + 3 * component] for component in range(frame[5])}
        defined: list[int] = []
        unused: set[int] = set()
        for at, each in enumerate(body):
            payload = each.payload
            if each.marker == _DQT:
                if at > first_scan:
                    return False
                defined += _quantisation_ids(payload)
            elif each.marker == _DHT:
                for table in _huffman_ids(payload):
                    if table in unused:
                        return False
                    unused.add(table)
            elif each.marker == RESTARTS:
                return False
            elif each.marker == _SOS:
                if len(payload) != 4 + 2 * payload[0] or _RESTART.search(each.scan):
                    return False
                for component in range(payload[0]):
                    tables = payload[2 + 2 * component]
                    unused -= {tables >> 4, 0x10 | tables & 15}
        return sorted(defined) == sorted(wanted) and not unused and len(frame) == 6 + 3 * frame[5]
    except (ValueError, IndexError, StopIteration):
        return False


def _quantisation_ids(payload: bytes) -> Iterator[int]:
    at = 0
    while at < len(payload):
        yield payload[at] & 15
        at += 129 if payload[at] >> 4 else 65
    if at != len(payload):
        raise ValueError("a quantisation table of wrong length")


def _huffman_ids(payload: bytes) -> Iterator[int]:
    at = 0
    while at < len(payload):
        yield payload[at]
        at += 17 + sum(payload[at + 1 : at + 17])
    if at != len(payload):
        raise ValueError("a Huffman table of wrong length")


def truncations(data: bytes, count: int) -> Iterator[bytes]:
    """For each scan, a file that lacks the scan's last ``count`` bytes."""
    found, _ = segments(data)
    for at, each in enumerate(found):
        if len(each.scan) > 2 * count:
            cut = Segment(each.marker, each.payload, each.scan[:-count])
            yield _assembled([*found[:at], cut, *found[at + 1 :]])


def foreign_parts(data: bytes) -> list[str]:
    """Parts of the file other than the picture, its colour profile, and one EXIF and one XMP block."""
    found, trailing = segments(data)
    names = ["bytes after the end"] if trailing else []
    for each in found:
        if each.marker in _TABLES_AND_FRAMES or _is_ours(each):
            continue
        names.append(f"segment {each.marker:02X} {each.payload[:12]!r}")
    return names


def is_rgb(found: list[Segment]) -> bool:
    """Whether the components are red, green and blue instead of luma and chroma."""
    adobe = next((each.payload for each in found if each.marker == _APP14), b"")
    frame = next((each.payload for each in found if each.marker in HUFFMAN_FRAMES), b"")
    ids = bytes(frame[6 + 3 * component] for component in range(frame[5])) if len(frame) >= 6 else b""
    return ids == b"RGB" or (len(ids) == 3 and len(adobe) >= _ADOBE_BYTES and adobe[11] == 0)


def colour_profile(found: list[Segment]) -> bytes | None:
    """The ICC profile, joined from the segments."""
    parts = [each.payload for each in found if each.marker == _APP2 and each.payload.startswith(_ICC)]
    return b"".join(part[len(_ICC) + 2 :] for part in sorted(parts)) or None


def _is_ours(segment: Segment) -> bool:
    payload = segment.payload
    return (
        (segment.marker == _APP0 and payload.startswith(_JFIF) and len(payload) == _JFIF_BYTES)
        or (segment.marker == _APP1 and payload.startswith((EXIF, XMP)))
        or (segment.marker == _APP2 and payload.startswith(_ICC))
        or (segment.marker == _APP14 and payload.startswith(_ADOBE) and len(payload) == _ADOBE_BYTES)
    )


def _jfif(found: list[Segment], dpi: tuple[float, float] | None) -> Iterator[Segment]:
    """The source's first segment without its thumbnail, with the resolution that may be only in the source's EXIF. A
    file without it gets one for a resolution, unless readers would then take its RGB or CMYK for luma and chroma."""
    payload = next((each.payload for each in found if each.marker == _APP0 and each.payload.startswith(_JFIF)), b"")
    if len(payload) < _JFIF_BYTES:
        has_luma = not is_rgb(found) and _components(found) in (1, 3)
        payload = _JFIF + b"\1\1" + _NO_DENSITY + b"\0\0" if dpi is not None and has_luma else b""
    if payload and payload[7] == 0 and dpi is not None:
        payload = payload[:7] + struct.pack(">BHH", 1, *(min(max(round(side), 1), 65535) for side in dpi)) + b"\0\0"
    if payload:
        yield Segment(_APP0, payload[: _JFIF_BYTES - 2] + b"\0\0")


def _components(found: list[Segment]) -> int:
    return next((each.payload[5] for each in found if each.marker in HUFFMAN_FRAMES and len(each.payload) > 5), 0)


def _head(found: list[Segment], exif: bytes | None, xmp: bytes | None, icc: bytes | None) -> Iterator[Segment]:
    if exif is not None:
        yield Segment(_APP1, exif if exif.startswith(EXIF) else EXIF + exif)
    if xmp is not None:
        yield Segment(_APP1, XMP + xmp)
    parts = [icc[at : at + _ICC_PART] for at in range(0, len(icc), _ICC_PART)] if icc else []
    for number, part in enumerate(parts, 1):
        yield Segment(_APP2, _ICC + bytes([number, len(parts)]) + part)
    for each in found:
        if each.marker == _APP14 and each.payload.startswith(_ADOBE) and len(each.payload) >= _ADOBE_BYTES:
            yield Segment(_APP14, each.payload[:_ADOBE_BYTES])
            break


def _assembled(found: list[Segment]) -> bytes:
    return b"\xff\xd8" + b"".join(each.written for each in found) + b"\xff\xd9"
