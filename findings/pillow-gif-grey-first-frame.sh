#!/usr/bin/env bash
# Pillow 13.0.0 shows every frame of a GIF in wrong greys if the palette of the first frame is the 256 greys in order.
#
# Expected: each frame has the colours of its own palette, as ImageMagick and browsers show it. Pillow opens a first frame
# with such a palette in mode L, keeps that mode for the file, and takes the palette indices of later frames for grey levels.
# `GifImagePlugin.LOADING_STRATEGY = RGB_ALWAYS` does not change it. With another first palette the frames are right.
# Consequence: a program that inspects a GIF with Pillow inspects another picture than people see.
#
# Needs Python 3.11 or newer and ImageMagick. Output seen (2026-11-29, Pillow 13.0.0, ImageMagick 6.9.11):
#   grey first frame, default strategy: Pillow shows frame 1 as (5, 5, 5), ImageMagick as (200, 30, 60)
#   grey first frame, RGB_ALWAYS: Pillow shows frame 1 as (5, 5, 5), ImageMagick as (200, 30, 60)
#   reversed greys, default strategy: Pillow shows frame 1 as (200, 30, 60), ImageMagick as (200, 30, 60)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -qq --disable-pip-version-check pillow==13.0.0
FOLDER=$folder "$folder/venv/bin/python" - <<'PYTHON'
import os
import subprocess
from pathlib import Path

from PIL import GifImagePlugin, Image

RED = (200, 30, 60)
strategies = GifImagePlugin.LoadingStrategy
default = GifImagePlugin.LOADING_STRATEGY


def shown(greys: range, strategy: strategies) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Frame 1 of a GIF whose first palette has ``greys``, as Pillow and as ImageMagick show it."""
    first = Image.new("P", (64, 64), 5)
    first.putdata([at % 256 for at in range(64 * 64)])
    first.putpalette([level for grey in greys for level in (grey, grey, grey)])
    second = Image.new("P", (64, 64), 5)
    second.putpalette([0, 0, 0] * 5 + [*RED] + [9, 9, 9])
    path = Path(os.environ["FOLDER"]) / "moving.gif"
    first.save(path, save_all=True, append_images=[second], duration=100, optimize=False)
    GifImagePlugin.LOADING_STRATEGY = strategy
    with Image.open(path) as image:
        image.seek(1)
        by_pillow = image.convert("RGB").getpixel((32, 32))
    subprocess.run(["convert", f"{path}[1]", f"{path}.png"], check=True)
    with Image.open(f"{path}.png") as image:
        return by_pillow, image.convert("RGB").getpixel((32, 32))


cases = {
    "grey first frame, default strategy": shown(range(256), default),
    "grey first frame, RGB_ALWAYS": shown(range(256), strategies.RGB_ALWAYS),
    "reversed greys, default strategy": shown(range(255, -1, -1), default),
}
for name, (by_pillow, by_magick) in cases.items():
    print(f"{name}: Pillow shows frame 1 as {by_pillow}, ImageMagick as {by_magick}")
assert all(by_magick == RED for _, by_magick in cases.values()), "the control has changed"
assert [by_pillow == RED for by_pillow, _ in cases.values()] == [False, False, True], "the behaviour has changed"
PYTHON
