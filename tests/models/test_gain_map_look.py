"""A face that only the gain map shows, as behind a bright window."""

from __future__ import annotations

from PIL import Image

from blurline import anonymize, open_photo
from tests.picture.gain_map_files import ultra_hdr
from tests.pictures import HOPPER, encoded

WHITE = encoded(Image.new("RGB", (1024, 1216), "white"), "JPEG", quality=90)


def test_a_map_that_shows_a_face_is_removed_with_a_note() -> None:
    faint = Image.open(HOPPER).convert("L").resize((256, 304)).point(lambda level: 90 + level // 4)
    done = anonymize(open_photo(ultra_hdr(WHITE, faint)))
    assert [note.code for note in done.notes] == ["hdr_reduced"]
    assert done.data.count(b"\xff\xd8\xff") == 1


def test_a_map_without_a_face_is_kept() -> None:
    slope = Image.linear_gradient("L").resize((256, 304))
    done = anonymize(open_photo(ultra_hdr(WHITE, slope)))
    assert done.notes == () and done.is_copied
    assert open_photo(done.data).gain_map is not None
