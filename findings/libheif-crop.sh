#!/usr/bin/env bash
# pillow-heif 1.4.0 with libheif 1.23.0: a HEIC with a clean aperture (`clap`, ISO/IEC 14496-12) that shows less than the
# coded picture opens with the size of the crop, and then cannot be decoded: "Security limit exceeded". The limit is
# derived from the cropped size plus 64 pixels a side, and the coded picture is compared with it before it is cropped.
#
# Expected: the file is valid, and the coded picture is as small as one without the crop, which decodes.
# Seen (coded 320 x 240): crop 300 x 220: decoded; crop 200 x 100: Security limit exceeded; no crop: decoded
# Consequence: a reader that calls every failure to decode "damaged" tells the owner something untrue.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check pillow-heif==1.4.0 pillow==13.0.0

"$folder/venv/bin/python" - <<'PY'
import io
import struct

import pillow_heif
from PIL import Image

pillow_heif.register_heif_opener()


def box(kind, body):
    return struct.pack(">I4s", len(body) + 8, kind) + body


def boxes(data):
    at = 0
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        yield kind, data[at + 8 : at + size]
        at += size


def joined(parts):
    return b"".join(box(kind, body) for kind, body in parts.items())


def cropped(data, width, height):
    """The file with an essential clean aperture in the middle of its one picture; its new meta box comes last."""
    meta = dict(boxes(data))[b"meta"]
    inside = dict(boxes(meta[4:]))
    parts = dict(boxes(inside[b"iprp"]))
    index = len(list(boxes(parts[b"ipco"]))) + 1
    parts[b"ipco"] += box(b"clap", struct.pack(">8i", width, 1, height, 1, 0, 1, 0, 1))
    old = parts[b"ipma"]  # version 0: the count of items, then the item, the count of properties, their numbers
    parts[b"ipma"] = old[:10] + bytes([old[10] + 1]) + old[11:] + bytes([0x80 | index])
    inside[b"iprp"] = joined(parts)
    at = data.index(b"meta")
    return data[:at] + b"free" + data[at + 4 :] + box(b"meta", meta[:4] + joined(inside))


def said(data):
    with Image.open(io.BytesIO(data)) as image:
        try:
            image.load()
        except RuntimeError as error:
            return "Security limit exceeded" if "Security limit exceeded" in str(error) else str(error)
    return f"decoded, {image.width} x {image.height}"


file = io.BytesIO()
Image.new("RGB", (320, 240), "blue").save(file, "HEIF")
whole = file.getvalue()
found = [said(whole), said(cropped(whole, 300, 220)), said(cropped(whole, 200, 100))]
print(f"libheif {pillow_heif.libheif_version()}: no crop: {found[0]}; crop 300 x 220: {found[1]}; 200 x 100: {found[2]}")
assert found == ["decoded, 320 x 240", "decoded, 300 x 220", "Security limit exceeded"], "the behaviour has changed"
PY
