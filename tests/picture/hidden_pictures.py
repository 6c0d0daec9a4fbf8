"""Files with a secret picture in every place of a format that can hold one, made from the samples."""

from __future__ import annotations

import base64
import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image, PngImagePlugin, TiffImagePlugin

from blurline.picture.formats import jpeg, png, webp
from tests.pictures import HOPPER, encoded

PORTRAIT = Image.open(HOPPER).convert("RGB")
SECRET = encoded(PORTRAIT.resize((96, 112)), "JPEG", quality=60)
"""A thumbnail of the portrait, as a file that anybody could cut out."""


@dataclass(frozen=True, slots=True)
class HiddenPicture:
    """A file, and the place of the secret in it."""

    place: str
    data: bytes


def everywhere() -> Iterator[HiddenPicture]:
    """One file for each hiding place."""
    for container in (_in_jpeg, _in_png, _in_webp, _in_tiff, _in_others):
        yield from container()


def _exif_with_thumbnail() -> bytes:
    """A TIFF block with a second directory that points to the secret."""
    first = struct.pack("<HI", 0, 14)
    at = 14 + 2 + 2 * 12 + 4
    second = (
        struct.pack("<H", 2) + struct.pack("<HHII", 0x201, 4, 1, at) + struct.pack("<HHII", 0x202, 4, 1, len(SECRET))
    )
    return b"Exif\0\0" + b"II*\0\x08\0\0\0" + first + second + bytes(4) + SECRET


def _exif_with(tag: int, directory: int | None = None) -> Image.Exif:
    block = Image.Exif()
    (block if directory is None else block.get_ifd(directory))[tag] = SECRET
    return block


def _xmp() -> bytes:
    text = base64.b64encode(SECRET).decode()
    return f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><xmpGImg:image>{text}</xmpGImg:image></x:xmpmeta>'.encode()


def _profile(tag: bytes = b"face", kind: bytes = b"") -> bytes:
    """A well-formed colour profile with the secret as a tag."""
    header = bytearray(128)
    header[36:40] = b"acsp"
    table = (
        struct.pack(">I", 2) + struct.pack(">4sII", b"wtpt", 156, 20) + struct.pack(">4sII", b"face", 176, len(SECRET))
    )
    whole = bytes(header) + table + b"XYZ " + bytes(16) + kind + SECRET
    return struct.pack(">I", len(whole)) + whole[4:]


def _in_jpeg() -> Iterator[HiddenPicture]:
    def segment(marker: int, payload: bytes) -> bytes:
        return plain[:2] + jpeg.Segment(marker, payload).written + plain[2:]

    plain = encoded(PORTRAIT, "JPEG", quality=90)
    yield HiddenPicture("EXIF thumbnail", encoded(PORTRAIT, "JPEG", exif=_exif_with_thumbnail()))
    yield HiddenPicture("maker note", encoded(PORTRAIT, "JPEG", exif=_exif_with(0x927C, 0x8769)))
    yield HiddenPicture("unknown EXIF tag", encoded(PORTRAIT, "JPEG", exif=_exif_with(0xFDE8)))
    yield HiddenPicture("text of an allowed EXIF tag", encoded(PORTRAIT, "JPEG", exif=_exif_with(0x010F)))
    yield HiddenPicture(
        "MPF picture", encoded(PORTRAIT, "MPO", save_all=True, append_images=[Image.open(io.BytesIO(SECRET))])
    )
    yield HiddenPicture("gain map behind the end", segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + _xmp()) + SECRET)
    yield HiddenPicture("video behind the end", plain + b"\0\0\0\x18ftypmp42" + SECRET)
    yield HiddenPicture("comment", segment(0xFE, SECRET))
    yield HiddenPicture(
        "Photoshop thumbnail",
        segment(0xED, b"Photoshop 3.0\x008BIM\x04\x0c\0\0" + struct.pack(">I", len(SECRET)) + SECRET),
    )
    yield HiddenPicture("XMP thumbnail", segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + _xmp()))
    yield HiddenPicture("extended XMP", segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + SECRET))
    yield HiddenPicture("JFXX thumbnail", segment(0xE0, b"JFXX\0\x10" + SECRET))
    yield HiddenPicture("FlashPix", segment(0xE2, b"FPXR\0\0" + SECRET))
    yield HiddenPicture("unknown segment", segment(0xE7, SECRET))
    yield HiddenPicture("colour profile", encoded(PORTRAIT, "JPEG", icc_profile=_profile()))
    for tag in (b"targ", b"cprt", b"desc", b"wtpt"):
        profile = _profile(tag, b"text\0\0\0\0")
        yield HiddenPicture(f"text in the profile's {tag.decode()}", encoded(PORTRAIT, "JPEG", icc_profile=profile))
    found, _ = jpeg.segments(plain)
    tables = b"".join(
        jpeg.Segment(0xDB, b"\3" + SECRET[at : at + 64].ljust(64, b"\1")).written for at in range(0, len(SECRET), 64)
    )
    yield HiddenPicture("unused quantisation tables", plain[:2] + tables + plain[2:])
    restarts = encoded(PORTRAIT, "JPEG", restart_marker_rows=1)
    at = restarts.index(b"\xff\xd0", restarts.index(b"\xff\xda"))
    yield HiddenPicture("before a restart in the scan", restarts[:at] + base64.b64encode(SECRET) + restarts[at:])
    scan = next(each for each in found if each.scan)
    hidden = base64.b64encode(SECRET)  # without bytes that would be markers
    yield HiddenPicture("end of the scan", plain.replace(scan.scan, scan.scan + hidden))


def _in_png() -> Iterator[HiddenPicture]:
    plain = encoded(PORTRAIT, "PNG")
    chunks = list(png.chunks(plain))

    def with_chunk(kind: bytes, body: bytes) -> bytes:
        return plain[:8] + b"".join(png._chunk(*each) for each in [chunks[0], (kind, body), *chunks[1:]])

    text = PngImagePlugin.PngInfo()
    text.add_text("Thumb", base64.b64encode(SECRET).decode())
    yield HiddenPicture("text", encoded(PORTRAIT, "PNG", pnginfo=text))
    yield HiddenPicture("raw text", with_chunk(b"tEXt", b"Raw profile type APP1\0" + SECRET))
    yield HiddenPicture("compressed text", with_chunk(b"zTXt", b"Thumb\0\0" + zlib.compress(SECRET, 0)))
    yield HiddenPicture("XMP text", with_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + _xmp()))
    yield HiddenPicture("EXIF chunk", encoded(PORTRAIT, "PNG", exif=_exif_with_thumbnail()))
    yield HiddenPicture("unknown chunk", with_chunk(b"faCe", SECRET))
    for kind in (b"sBIT", b"gAMA", b"cHRM", b"pHYs", b"sRGB", b"cICP", b"PLTE", b"tRNS"):
        yield HiddenPicture(f"overlong {kind.decode()}", with_chunk(kind, SECRET))
    yield HiddenPicture("overlong IEND", plain[:-12] + png._chunk(b"IEND", SECRET))
    yield HiddenPicture("behind the end", plain + SECRET)
    yield HiddenPicture("colour profile", with_chunk(b"iCCP", b"p\0\0" + zlib.compress(_profile(), 0)))
    at = next(number for number, (kind, _) in enumerate(chunks) if kind == b"IDAT")
    last = max(number for number, (kind, _) in enumerate(chunks) if kind == b"IDAT")
    stream = b"".join(body for kind, body in chunks if kind == b"IDAT")
    for place, data in (
        ("behind the compressed rows", stream + SECRET),
        ("more rows", zlib.compress(zlib.decompress(stream) + SECRET, 0)),
    ):
        rows = [*chunks[:at], (b"IDAT", data), *chunks[last + 1 :]]
        yield HiddenPicture(place, plain[:8] + b"".join(png._chunk(*each) for each in rows))


def _in_webp() -> Iterator[HiddenPicture]:
    plain = encoded(PORTRAIT, "WEBP", quality=80)
    chunks = list(webp.chunks(plain))
    yield HiddenPicture("EXIF", encoded(PORTRAIT, "WEBP", exif=_exif_with_thumbnail()))
    yield HiddenPicture("XMP", encoded(PORTRAIT, "WEBP", xmp=_xmp()))
    yield HiddenPicture("unknown chunk", webp._assembled([*chunks, (b"FACE", SECRET)]))
    yield HiddenPicture("behind the end", plain + SECRET)
    ((kind, body),) = chunks
    tag = int.from_bytes(body[:3], "little")
    first = tag >> 5
    longer = ((tag & 31) | ((first + len(SECRET)) << 5)).to_bytes(3, "little")
    hidden = longer + body[3 : 10 + first] + SECRET + body[10 + first :]
    yield HiddenPicture("between the partitions", webp._assembled([(kind, hidden)]))
    yield HiddenPicture("end of the compressed data", webp._assembled([(kind, body + SECRET) for kind, body in chunks]))


def _in_tiff() -> Iterator[HiddenPicture]:
    for place, tag in (("unknown tag", 65000), ("Photoshop", 34377), ("XMP", 700), ("description", 270)):
        tags = TiffImagePlugin.ImageFileDirectory_v2()
        tags[tag] = SECRET
        tags.tagtype[tag] = 7
        yield HiddenPicture(place, encoded(PORTRAIT, "TIFF", tiffinfo=tags))
    yield HiddenPicture("behind the end", encoded(PORTRAIT, "TIFF") + SECRET)


def _in_others() -> Iterator[HiddenPicture]:
    yield HiddenPicture("GIF comment", encoded(PORTRAIT, "GIF", comment=SECRET[:250]))
    yield HiddenPicture("behind the end of a GIF", encoded(PORTRAIT, "GIF") + SECRET)
    yield HiddenPicture("behind the end of a BMP", encoded(PORTRAIT, "BMP") + SECRET)
    yield HiddenPicture("EXIF of an AVIF", encoded(PORTRAIT, "AVIF", exif=_exif_with_thumbnail()))
    yield HiddenPicture("XMP of an AVIF", encoded(PORTRAIT, "AVIF", xmp=_xmp()))
    yield HiddenPicture(
        "a box of an AVIF", encoded(PORTRAIT, "AVIF") + struct.pack(">I4s", len(SECRET) + 8, b"free") + SECRET
    )
