#!/usr/bin/env bash
# Chromium 156 reads the alpha of an AVIF as if black were 16 and white 235: what is nearly opaque becomes opaque, what is
# nearly clear becomes clear.
#
# Expected: an AVIF and a PNG of the same colour and alpha look the same over white, as Pillow (libavif) decodes them. Only
# Chromium's decoder of AVIF expands the values of alpha, although the alpha's stream states the full range (color_range is
# 1). Files of avifenc show the same; heif-convert and avifdec decode them as Pillow does.
# Consequence for a comparison of pictures in a browser: an AVIF with alpha and its conversion to PNG differ by up to 20
# levels though both are right, so that another decoder must judge them.
#
# Needs Python 3.11 or newer and chromium. Output seen (2026-11-29, Chromium 156 of Debian 12):
#   chromium 156: grey 12 with alpha 16 over white shows as 240 from PNG, 255 from AVIF
#   chromium 156: grey 12 with alpha 64 over white shows as 194 from PNG, 202 from AVIF
#   chromium 156: grey 12 with alpha 128 over white shows as 133 from PNG, 132 from AVIF
#   chromium 156: grey 12 with alpha 229 over white shows as 37 from PNG, 19 from AVIF
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -qq --disable-pip-version-check pillow==13.0.0 playwright==1.65.2
CHROMIUM=$(command -v chromium) FOLDER=$folder "$folder/venv/bin/python" - <<'PYTHON'
import io
import os
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

folder = Path(os.environ["FOLDER"])
seen = []
with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=os.environ["CHROMIUM"], args=["--no-sandbox"])
    page = browser.new_page()
    for alpha in (16, 64, 128, 229):
        shades = [alpha]
        for kind in ("PNG", "AVIF"):
            picture = folder / f"{alpha}.{kind.lower()}"
            Image.new("RGBA", (64, 64), (12, 12, 12, alpha)).save(picture)
            assert Image.open(picture).getpixel((32, 32)) == (12, 12, 12, alpha)
            (folder / "page.html").write_text(f'<body style="background: white; margin: 0"><img src="{picture.name}">')
            page.goto((folder / "page.html").as_uri())
            page.wait_for_function("document.images[0].complete && document.images[0].naturalWidth == 64")
            shades.append(Image.open(io.BytesIO(page.screenshot())).convert("RGB").getpixel((32, 32))[0])
        seen.append(tuple(shades))
    version = browser.version.split(".")[0]
    browser.close()
for alpha, png, avif in seen:
    print(f"chromium {version}: grey 12 with alpha {alpha} over white shows as {png} from PNG, {avif} from AVIF")
for alpha, png, avif in seen:
    expanded = min(max((alpha - 16) / 219, 0), 1)
    assert abs(png - (12 * alpha + 255 * (255 - alpha)) / 255) <= 1.5, "the control has changed"
    assert abs(avif - (12 * expanded + 255 * (1 - expanded))) <= 1.5, "the behaviour has changed"
PYTHON
