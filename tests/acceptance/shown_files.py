"""Files whose look in Chromium is compared with that of their results: those of the corpus, and kinds that it lacks."""

from __future__ import annotations

import shutil
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageCms

from blurline.picture.formats import png
from tests.picture.colour_files import (
    ADOBE_CHRM,
    adobe_rgb_by_bmp_header,
    adobe_rgb_by_exif,
    cmyk_profile,
    swapped_profile,
)
from tests.picture.corpus import PORTRAIT, bmp_of_version_5, kinds, matrix_profile, orientations, wide_profile
from tests.picture.corpus_judge import original_file, png_of_heic, shown_by_tool
from tests.picture.gain_map_files import APPLE, APPLE_HEADROOM, map_file, packet, ultra_hdr, with_pictures
from tests.picture.heif_files import as_grid, clean_aperture, with_property
from tests.picture.tiff_files import RGB, WHITE_IS_ZERO, tiff
from tests.pictures import encoded, sideways

_FRAME_MS = 60_000  # an animation shows its first frame for as long as anyone looks
_AVIF_QUALITY = ("--speed", "8", "--min", "0", "--max", "8")
_HEIF_ENC = ("heif-enc", "-q", "92")
_ADOBE_RGB = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
_PATCHES = ("red", "lime", "blue", "gold", "teal", "purple", "white", "gray", "black", "peru", "navy", "pink")


def scene() -> Image.Image:
    """The corpus's portrait beside patches of colours."""
    whole = Image.new("RGB", (320, 224), "white")
    whole.paste(PORTRAIT)
    for at, colour in enumerate(_PATCHES):
        whole.paste(colour, (208 + at % 3 * 36, 8 + at // 3 * 54, 240 + at % 3 * 36, 52 + at // 3 * 54))
    return whole


SCENE = scene()
MOVED = Image.fromarray(np.roll(np.asarray(SCENE), 40, axis=0))


@dataclass(frozen=True, slots=True)
class ShownFile:
    """``name``: with its extension. ``meant``: by other programs than Chromium, a picture of each page for Chromium,
    which shows what the file should show; empty where Chromium shows the file itself."""

    name: str
    data: bytes
    frames: int = 1
    meant: tuple[bytes, ...] = ()


def shown_files(folder: Path) -> Iterator[ShownFile]:
    """Every file. ``folder``: for the programs that make them."""
    for kind in kinds():
        orientation = orientations(kind)[-1]
        name = f"{kind.colour}-{kind.bits}-bit.{kind.container.lower()}".replace(", ", "-").replace(" ", "-")
        file = _shown(name, original_file(kind, orientation, folder), folder, kind.code_points)
        # Chromium turns no WebP, and ImageMagick neither.
        yield replace(file, meant=(original_file(kind, 1, folder),)) if kind.container == "WEBP" else file
    for make in (_jpegs, _pngs, _webps, _bmps, _gifs, _tiffs, _avifs, _heics):
        for name, data in make(folder):
            yield _shown(name, data, folder)


def _shown(name: str, data: bytes, folder: Path, code_points: tuple[int, int] | None = None) -> ShownFile:
    extension = name.rpartition(".")[2]
    frames = 2 if name.startswith(("moving", "pages")) else 1
    meant: tuple[bytes, ...] = ()
    if extension == "heic":
        meant = (png_of_heic(data, code_points, folder),)
    elif extension in ("tif", "tiff"):
        meant = tuple(shown_by_tool(data, "tiff", folder, page) for page in range(frames))
    elif name.startswith("clap") and extension == "avif":
        meant = (png_of_heic(data, code_points, folder),)  # Chromium applies no crop that starts inside
    elif name.startswith("no-end"):
        meant = (data + b"\xff\xd9",)  # Chromium leaves the last rows out
    elif name.startswith("arithmetic"):
        meant = (shown_by_tool(data, extension, folder),)  # Chromium has no such decoder
    elif name.startswith("adobe-rgb"):
        meant = (_with_profile(data, matrix_profile("Adobe", _ADOBE_RGB, 563 / 256), folder),)  # nor follows this EXIF
    return ShownFile(name, data, frames, meant)


def _jpegs(folder: Path) -> Iterator[tuple[str, bytes]]:
    for orientation in range(2, 9):
        yield f"orientation-{orientation}.jpg", sideways(SCENE, orientation, quality=95)
    options: dict[str, dict[str, Any]] = {
        "progressive": {"progressive": True},
        "restarts": {"restart_marker_rows": 1},
        "4-2-0": {"subsampling": "4:2:0"},
        "4-4-4": {"subsampling": "4:4:4"},
        "rgb": {"keep_rgb": True},
        "odd-profile": {"icc_profile": swapped_profile()},
    }
    for name, each in options.items():
        yield f"{name}.jpg", encoded(SCENE, "JPEG", **({"quality": 92} | each))
    yield "odd-size.jpg", encoded(SCENE.crop((0, 0, 317, 221)), "JPEG", quality=92, subsampling="4:2:0")
    yield "no-end.jpg", encoded(SCENE, "JPEG", quality=92)[:-2]
    inks = SCENE.convert("CMYK")
    yield "cmyk-profile.jpg", encoded(inks, "JPEG", quality=92, icc_profile=_press_profile())
    gain_map = SCENE.convert("L").resize((80, 56))
    yield "adobe-rgb.jpg", adobe_rgb_by_exif(SCENE)
    plain = encoded(SCENE, "JPEG", quality=92)
    yield "ultra-hdr.jpg", ultra_hdr(plain, gain_map)
    yield "apple-hdr.jpg", with_pictures(plain, map_file(gain_map, packet(APPLE + APPLE_HEADROOM)))
    if shutil.which("cjpeg"):
        SCENE.save(folder / "in.ppm")
        arithmetic = ("cjpeg", "-arithmetic", "-quality", "92", "-outfile", "out", "in.ppm")
        yield "arithmetic.jpg", _made(folder, *arithmetic)


def _pngs(folder: Path) -> Iterator[tuple[str, bytes]]:
    plain = encoded(SCENE, "PNG")
    gamma = (b"gAMA", struct.pack(">I", 45_455))
    for name, *chunks in (
        ("srgb", (b"sRGB", b"\0")),
        ("gama-chrm", gamma, (b"cHRM", ADOBE_CHRM)),
        ("cicp-hlg", (b"cICP", bytes([9, 18, 0, 1]))),
        ("cicp-bt709", (b"cICP", bytes([1, 1, 0, 1]))),
        ("cicp-limited", (b"cICP", bytes([1, 13, 0, 0]))),
    ):
        yield f"{name}.png", png.with_chunks(plain, chunks)
    clear = _half_clear()
    yield "alpha.png", encoded(clear, "PNG")
    yield "grey-alpha.png", encoded(clear.convert("LA"), "PNG")
    yield "palette.png", encoded(SCENE.quantize(64), "PNG")
    yield "palette-clear.png", encoded(SCENE.quantize(64), "PNG", transparency=0)
    yield "bilevel.png", encoded(SCENE.convert("1"), "PNG")
    yield "colour-key.png", encoded(SCENE, "PNG", transparency=(255, 0, 0))
    yield "moving.png", _moving("PNG")
    for name, *options in (
        ("interlaced", "-interlace", "PNG", "PNG:out"),
        ("16-bit-alpha", "-channel", "A", "-evaluate", "set", "60%", "PNG64:out"),
        ("grey-2-bit", "-colorspace", "Gray", "-depth", "2", "PNG:out"),
    ):
        yield f"{name}.png", _made(folder, "convert", "in.png", *options)


def _webps(folder: Path) -> Iterator[tuple[str, bytes]]:
    yield "lossy-profile.webp", encoded(SCENE, "WEBP", quality=92, icc_profile=swapped_profile())
    yield "lossy-alpha.webp", encoded(_half_clear(), "WEBP", quality=92)
    yield "lossless-alpha.webp", encoded(_half_clear(), "WEBP", lossless=True)
    yield "moving.webp", _moving("WEBP", quality=92)
    yield "moving-lossless.webp", _moving("WEBP", lossless=True, icc_profile=wide_profile())


def _bmps(folder: Path) -> Iterator[tuple[str, bytes]]:
    yield "version-4.bmp", adobe_rgb_by_bmp_header(SCENE)
    yield "version-5.bmp", bmp_of_version_5(encoded(SCENE, "BMP"), swapped_profile())
    yield "palette.bmp", encoded(SCENE.quantize(64), "BMP")
    yield "bilevel.bmp", encoded(SCENE.convert("1"), "BMP")
    yield "runs.bmp", _made(folder, "convert", "in.png", "-colors", "60", "-compress", "RLE", "BMP3:out")
    for subtype in ("RGB555", "RGB565", "ARGB4444"):
        yield f"{subtype}.bmp", _made(folder, "convert", "in.png", "-define", f"bmp:subtype={subtype}", "BMP:out")


def _gifs(folder: Path) -> Iterator[tuple[str, bytes]]:
    yield "moving.gif", _moving("GIF", disposal=2)
    yield "clear.gif", encoded(SCENE.quantize(64), "GIF", transparency=0)
    yield "interlaced.gif", encoded(SCENE.quantize(200), "GIF", interlace=1)


def _tiffs(folder: Path) -> Iterator[tuple[str, bytes]]:
    other: Any = MOVED.resize((160, 112))
    pages = encoded(SCENE, "TIFF", save_all=True, append_images=[other], icc_profile=wide_profile())
    yield "pages.tif", pages
    yield "cmyk-profile.tif", encoded(SCENE.convert("CMYK"), "TIFF", icc_profile=_press_profile())
    yield "fax.tif", encoded(SCENE.convert("1"), "TIFF", compression="group4")
    samples = np.asarray(SCENE)
    yield "planes.tif", tiff(samples, RGB, 8, is_planar=True, order=">")
    yield "negative.tif", tiff(255 - np.asarray(SCENE.convert("L"))[..., None], WHITE_IS_ZERO, 8)
    for name, *options in (
        ("lab", "-colorspace", "Lab", "-depth", "8", "TIFF:out"),
        ("jpeg", "-compress", "JPEG", "-quality", "92", "TIFF:out"),
        ("alpha", "-channel", "A", "-evaluate", "set", "60%", "-compress", "LZW", "TIFF:out"),
    ):
        yield f"{name}.tif", _made(folder, "convert", "in.png", *options)
    yield "tiles.tif", _made(folder, "vips", "tiffsave", "in.png", "out", "--tile", "--compression", "deflate")


def _avifs(folder: Path) -> Iterator[tuple[str, bytes]]:
    for name, *options in (
        ("irot-imir", "--irot", "1", "--imir", "1"),
        ("clap", "--crop", "10,20,280,200"),
        ("clap-irot", "--crop", "10,20,280,200", "--irot", "1"),
        ("grid", "--grid", "2x1"),
        ("grey", "--yuv", "400"),
        ("4-2-0-limited", "--yuv", "420", "--range", "limited"),
        ("bt2020", "--cicp", "9/1/9"),
        ("pq-12-bit", "-d", "12", "--cicp", "9/16/9"),
    ):
        yield f"{name}.avif", _made(folder, "avifenc", *_AVIF_QUALITY, *options, "in.png", "out")
    _half_clear().save(folder / "clear.png")
    yield "alpha-10-bit.avif", _made(folder, "avifenc", *_AVIF_QUALITY, "-d", "10", "clear.png", "out")
    yield "premultiplied.avif", _made(folder, "avifenc", *_AVIF_QUALITY, "--premultiply", "clear.png", "out")
    yield "moving.avif", _moving("AVIF", quality=90)


def _heics(folder: Path) -> Iterator[tuple[str, bytes]]:
    plain = _made(folder, *_HEIF_ENC, "in.png", "-o", "out")
    crop = (b"clap", clean_aperture(280, 200, -10, 4))
    for name, *properties in (
        ("irot", (b"irot", b"\3")),
        ("imir", (b"imir", b"\1")),
        ("irot-imir", (b"irot", b"\1"), (b"imir", b"\0")),
        ("clap-irot", crop, (b"irot", b"\1")),
    ):
        data = plain
        for kind, body in properties:
            data = with_property(data, kind, body)
        yield f"{name}.heic", data
    half = SCENE.crop((0, 0, 160, 224)), SCENE.crop((160, 0, 320, 224))
    for at, each in enumerate(half):
        each.save(folder / f"{at}.png")
    yield "grid.heic", as_grid(_made(folder, *_HEIF_ENC, "0.png", "1.png", "-o", "out"), SCENE.size)
    _half_clear().save(folder / "clear.png")
    yield "alpha.heic", _made(folder, *_HEIF_ENC, "clear.png", "-o", "out")
    SCENE.convert("L").save(folder / "grey.png")
    yield "grey.heic", _made(folder, *_HEIF_ENC, "grey.png", "-o", "out")
    yield "limited.heic", _made(folder, *_HEIF_ENC, "--full_range_flag", "0", "in.png", "-o", "out")


def _with_profile(jpeg: bytes, profile: bytes, folder: Path) -> bytes:
    (folder / "in.jpg").write_bytes(jpeg)
    (folder / "in.icc").write_bytes(profile)
    subprocess.run(["exiftool", "-q", "-overwrite_original", "-ICC_Profile<=in.icc", "in.jpg"], cwd=folder, check=True)
    return (folder / "in.jpg").read_bytes()


def _press_profile() -> bytes:
    """A press: each ink lets a share of red, green and blue pass; a table of two steps for each, to Lab of 8 bits."""
    inks = np.array([[0.1, 0.6, 0.9], [0.9, 0.1, 0.5], [1.0, 0.9, 0.1], [0.05, 0.05, 0.05]])
    steps = np.array(list(product((0, 1), repeat=4)))
    passed = np.where(steps[:, :, None] == 1, inks, 1).prod(axis=1)
    shown = Image.fromarray(np.rint(passed[None] * 255).astype(np.uint8))
    lab = ImageCms.profileToProfile(
        shown, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )
    assert lab is not None
    signed = np.frombuffer(lab.tobytes(), np.uint8).reshape(16, 3)
    return cmyk_profile(bytes(value for light, a, b in signed for value in (light, a ^ 0x80, b ^ 0x80)))


def _half_clear() -> Image.Image:
    image = SCENE.copy()
    image.putalpha(Image.linear_gradient("L").resize(SCENE.size).point(lambda level: 95 + level * 5 // 8))
    return image


def _moving(format_: str, **options: Any) -> bytes:
    return encoded(
        SCENE, format_, save_all=True, append_images=[MOVED], duration=[_FRAME_MS, _FRAME_MS], loop=0, **options
    )


def _made(folder: Path, *command: str) -> bytes:
    """What a program makes of the scene (`in.png`) as the file `out`."""
    SCENE.save(folder / "in.png")
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return (folder / "out").read_bytes()
