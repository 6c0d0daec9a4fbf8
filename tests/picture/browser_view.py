"""What Chromium shows of pictures, and how far two views are apart."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

CHROMIUM = shutil.which("chromium")
_SWITCHES = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--force-color-profile=srgb")


def views(files: Mapping[str, bytes], size: tuple[int, int], folder: Path) -> dict[str, NDArray[np.uint8]]:
    """(H, W, 3) sRGB of each file (by a name with its extension), all of one ``size``, in one run of the browser."""
    width, height = size
    per_row = 10
    tags = []
    for at, (name, data) in enumerate(files.items()):
        (folder / f"{at}{Path(name).suffix}").write_bytes(data)
        place = f"left:{at % per_row * width}px;top:{at // per_row * height}px"
        tags.append(f'<img src="{at}{Path(name).suffix}" style="position:absolute;{place}">')
    (folder / "page.html").write_text(f'<body style="margin:0;background:#fff">{"".join(tags)}')
    window = f"--window-size={per_row * width},{-(-len(files) // per_row) * height + 200}"
    command = [CHROMIUM or "chromium", *_SWITCHES, window, f"--screenshot={folder / 'view.png'}"]
    page = (folder / "page.html").as_uri()
    subprocess.run([*command, page], cwd=folder, check=True, capture_output=True, timeout=300)
    shown = np.asarray(Image.open(folder / "view.png").convert("RGB"))
    return {
        name: shown[at // per_row * height :, at % per_row * width :][:height, :width] for at, name in enumerate(files)
    }


def mean_delta_e(one: NDArray[Any], other: NDArray[Any], where: NDArray[np.bool_]) -> float:
    """The mean CIEDE2000 difference of two views in sRGB at the pixels of a mask."""
    return float(_delta_e(_lab(one)[where], _lab(other)[where]).mean())


def _lab(pixels: NDArray[Any]) -> NDArray[np.float64]:
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    shown = ImageCms.profileToProfile(Image.fromarray(np.ascontiguousarray(pixels)), srgb, lab, outputMode="LAB")
    assert shown is not None
    stored = np.frombuffer(shown.tobytes(), np.uint8).reshape(*pixels.shape).astype(np.float64)
    signed = np.where(stored[..., 1:] > 127, stored[..., 1:] - 256, stored[..., 1:])
    return np.concatenate([stored[..., :1] * 100 / 255, signed], axis=-1)


def _delta_e(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sharma, Wu and Dalal (2005), equations 1 to 22."""
    (l1, a1, b1), (l2, a2, b2) = one.T, other.T
    power = ((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2) ** 7
    g = 0.5 * (1 - np.sqrt(power / (power + 25.0**7)))
    a1, a2 = a1 * (1 + g), a2 * (1 + g)
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = np.degrees(np.arctan2(b1, a1)) % 360, np.degrees(np.arctan2(b2, a2)) % 360
    turn = np.where(c1 * c2 == 0, 0, (h2 - h1 + 180) % 360 - 180)
    hue = (h1 + turn / 2) % 360
    lightness, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    waves = ((1, -30, -0.17), (2, 0, 0.24), (3, 6, 0.32), (4, -63, -0.20))
    t = 1 + sum(share * np.cos(np.radians(times * hue + shift)) for times, shift, share in waves)
    s_l = 1 + 0.015 * (lightness - 50) ** 2 / np.sqrt(20 + (lightness - 50) ** 2)
    s_c, s_h = 1 + 0.045 * chroma, 1 + 0.015 * chroma * t
    power = chroma**7
    r_t = -2 * np.sqrt(power / (power + 25.0**7)) * np.sin(np.radians(60 * np.exp(-(((hue - 275) / 25) ** 2))))
    d_l, d_c = (l2 - l1) / s_l, (c2 - c1) / s_c
    d_h = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2)) / s_h
    return np.asarray(np.sqrt(np.maximum(d_l**2 + d_c**2 + d_h**2 + r_t * d_c * d_h, 0)))
