"""No secret in a file reaches the result, by a scan of the bytes and by an independent reader."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from blurline import Box, Face, Policy, open_photo, redact
from blurline.policy.metadata_policy import MetadataPolicy
from tests.picture.hidden_pictures import SECRET, HiddenPicture, everywhere

FACE = Face(Box(180, 120, 330, 330), 0.9)
HIDDEN_PICTURES = list(everywhere())
_PIECE, _PLAIN = 24, 6  # a piece of few values, as of a flat quantisation table, occurs in pixels by chance
_SUSPICIOUS = re.compile("thumbnail|preview|makernote|comment|mpimage|photoshop|trailer|warning|gimg")
_READER = shutil.which("exiftool")


def shows(data: bytes) -> bool:
    """Whether any part of the secret is in the bytes, raw or in base64."""
    text = base64.b64encode(SECRET)
    pieces = [SECRET[at : at + _PIECE] for at in range(40, min(len(SECRET), 240) - _PIECE, _PIECE)]
    pieces += [text[at : at + _PIECE] for at in range(0, min(len(text), 400) - _PIECE, _PIECE)]
    return any(piece in data for piece in pieces if len(set(piece)) > _PLAIN)


@pytest.mark.parametrize("hidden", HIDDEN_PICTURES, ids=lambda hidden: hidden.place)
def test_every_file_contains_the_secret(hidden: HiddenPicture) -> None:
    assert shows(hidden.data)
    open_photo(hidden.data)


@cache
def results_of(hidden: HiddenPicture) -> list[bytes]:
    """The results under each policy, with a detected face and without."""
    photo = open_photo(hidden.data)
    return [redact(photo, faces, Policy(metadata=policy)) for faces in (((FACE,),), ((),)) for policy in MetadataPolicy]


@pytest.mark.parametrize("hidden", HIDDEN_PICTURES, ids=lambda hidden: hidden.place)
def test_no_result_contains_the_secret(hidden: HiddenPicture) -> None:
    for result in results_of(hidden):
        assert not shows(result)
        assert result.count(b"\xff\xd8\xff\xe0\x00\x10JFIF") <= 1


@pytest.mark.skipif(_READER is None, reason="exiftool is not installed")
def test_an_independent_reader_finds_no_secret(tmp_path: Path) -> None:
    for number, hidden in enumerate(HIDDEN_PICTURES):
        for which, result in enumerate(results_of(hidden)):
            (tmp_path / f"{number}-{which}").write_bytes(result)
        (tmp_path / f"{number}-source").write_bytes(hidden.data)
    command = [str(_READER), "-j", "-a", "-u", "-G1", "-ee", "-q", *map(str, tmp_path.iterdir())]
    files = json.loads(subprocess.run(command, check=False, capture_output=True).stdout)
    assert len(files) == 7 * len(HIDDEN_PICTURES)
    suspicious = {file["SourceFile"]: [name for name in file if _SUSPICIOUS.search(name.lower())] for file in files}
    assert sum(bool(names) for path, names in suspicious.items() if path.endswith("source")) > len(HIDDEN_PICTURES) / 3
    assert [names for path, names in suspicious.items() if names and not path.endswith("source")] == []
