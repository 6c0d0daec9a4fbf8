"""Faces in pictures whose numbers look unlike what they mean."""

from __future__ import annotations

import struct

import numpy as np
from PIL import Image, ImageCms

from blurline import Policy, anonymize, open_photo
from blurline.picture.colour_profile import assembled, tags_of
from tests.pictures import ASTRONAUT, encoded


def scrambling_profile() -> bytes:
    """LittleCMS's profile of sRGB for numbers whose upper and lower four bits are exchanged."""
    whole = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    meant = np.array([number >> 4 | (number & 15) << 4 for number in range(256)]) / 255
    linear = np.where(meant <= 0.04045, meant / 12.92, ((meant + 0.055) / 1.055) ** 2.4)
    curve = b"curv" + bytes(4) + struct.pack(">I256H", 256, *np.rint(linear * 65535).astype(int))
    tags = [(tag, curve if tag in (b"rTRC", b"gTRC", b"bTRC") else body) for tag, body in tags_of(whole) or ()]
    return assembled(whole[:128], tags)


def test_a_face_that_only_the_profile_shows_is_destroyed() -> None:
    levels = np.asarray(Image.open(ASTRONAUT).convert("RGB").resize((256, 256)))
    stored = Image.fromarray(levels >> 4 | (levels & 15) << 4)
    for profile, faces in ((None, 0), (scrambling_profile(), 1)):
        done = anonymize(open_photo(encoded(stored, "PNG", icc_profile=profile)), Policy())
        assert [int(choice.is_destroyed.sum()) for choice in done.choices] == [faces]
