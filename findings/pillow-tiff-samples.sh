#!/usr/bin/env bash
# Pillow 13.0.0: some valid TIFFs open without an error and show something else than their samples, which tifffile reads
# as they were written.
#
# Expected: each file shows the grey or colour levels that it was made of.
# Seen (mean difference in levels of 255; 0 is right):
#   16 bits, white is zero: 128 (the negative)     16 bits, black is zero: 0
#   deflate, big-endian float: 126                 deflate, little-endian float: 0
#   16-bit RGB in separate planes: 74              in one plane: 0
# Consequence: a program that trusts the decoder writes back a negative or noise.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check pillow==13.0.0 tifffile==2025.10.16 numpy==2.4.6

cd "$folder" && venv/bin/python - <<'PY'
import numpy as np
import tifffile
from PIL import Image

grey = np.linspace(0, 1, 64 * 48).reshape(48, 64)
colours = np.stack([grey, grey[::-1], grey[:, ::-1]], axis=2)


def sixteen(levels):
    return np.rint(levels * 65535).astype(np.uint16)


def difference(samples, levels, most, **options):
    """By how much Pillow's picture differs from the levels; tifffile must read the samples as they were written."""
    tifffile.imwrite("a.tif", samples, metadata=None, **options)
    assert np.array_equal(tifffile.imread("a.tif"), samples)
    with Image.open("a.tif") as image:
        shown = np.nan_to_num(np.asarray(image).astype(float), nan=0, posinf=0, neginf=0) / (most or 1)
    if shown.ndim == 3:
        shown = shown * 65535 / 255  # Pillow keeps the upper 8 of 16 bits
    return float(np.abs(shown.clip(0, 1) - levels).mean() * 255)


floats, deep = grey.astype(np.float32), sixteen(colours)
found = {
    "white is zero": difference(65535 - sixteen(grey), grey, 65535, photometric="miniswhite"),
    "black is zero": difference(sixteen(grey), grey, 65535, photometric="minisblack"),
    "deflate, big-endian float": difference(floats, grey, 1, byteorder=">", compression="zlib"),
    "deflate, little-endian float": difference(floats, grey, 1, byteorder="<", compression="zlib"),
    "separate planes": difference(deep.transpose(2, 0, 1), colours, 65535, photometric="rgb", planarconfig="separate"),
    "one plane": difference(deep, colours, 65535, photometric="rgb"),
}
print("; ".join(f"{name}: {levels:.0f}" for name, levels in found.items()))
wrong = [name for name, levels in found.items() if levels > 20]
assert wrong == ["white is zero", "deflate, big-endian float", "separate planes"], f"the behaviour has changed: {wrong}"
PY
