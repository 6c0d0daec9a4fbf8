"""Pictures among files and in ZIPs, and limits against malicious ZIPs."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass

import pytest

from dashboard.jobs import chosen_files
from dashboard.jobs.chosen_files import ChosenFiles, NotUnpacked, find_pictures

_LIMIT = 1_000_000


@dataclass
class _File:
    name: str
    data: bytes

    def getvalue(self) -> bytes:
        return self.data


def _zip(*entries: tuple[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> _File:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return _File("desk.zip", file.getvalue())


def _names(chosen: ChosenFiles) -> list[str]:
    return [picture.name for picture in chosen.pictures]


def test_only_pictures_and_pictures_in_a_zip_are_taken() -> None:
    zipped = _zip(
        ("a.jpg", b"one"), ("market/b.PNG", b"two"), ("notes.txt", b"x"), ("__MACOSX/._a.jpg", b"x"), (".c.jpg", b"x")
    )
    chosen = find_pictures([_File("plain.webp", b"three"), zipped], _LIMIT)
    assert _names(chosen) == ["plain.webp", "a.jpg", "market/b.PNG"]
    assert [picture.open().read() for picture in chosen.pictures] == [b"three", b"one", b"two"]
    assert chosen.left_out == ["1 file is not a picture."]
    assert chosen.size_bytes == 11


def test_a_name_cannot_lead_out_of_its_folder() -> None:
    chosen = find_pictures([_zip(("../../etc/a.jpg", b"x"), ("C:\\b\\c.jpg", b"x"), ("/d\x07.jpg", b"x"))], _LIMIT)
    assert _names(chosen) == ["etc/a.jpg", "C:/b/c.jpg", "d.jpg"]


def test_pictures_that_are_too_large_are_left_out() -> None:
    chosen = find_pictures([_File("large.jpg", bytes(_LIMIT + 1)), _zip(("bomb.jpg", bytes(50_000_000)))], _LIMIT)
    assert chosen.pictures == []
    assert chosen.left_out == ["large.jpg is larger than 1 MB.", "bomb.jpg is larger than 1 MB."]


def test_an_entry_yields_no_more_bytes_than_it_declares() -> None:
    honest = _zip(("bomb.jpg", bytes(500_000))).data
    lying = honest.replace((500_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert lying != honest
    (picture,) = find_pictures([_File("desk.zip", lying)], _LIMIT).pictures
    assert picture.size_bytes == 10
    with pytest.raises(NotUnpacked, match=r"bomb\.jpg cannot be unpacked"):
        picture.open()


def test_the_total_size_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chosen_files, "MOST_BYTES", 25)
    monkeypatch.setattr(chosen_files, "MOST_PICTURES", 3)
    many = find_pictures([_zip(*((f"{at}.jpg", b"x") for at in range(5)))], _LIMIT)
    assert len(many.pictures) == 3 and "At most 3 pictures" in many.left_out[0]
    heavy = find_pictures([_zip(*((f"{at}.jpg", b"0123456789") for at in range(5)))], _LIMIT)
    assert len(heavy.pictures) == 2 and "can be submitted at once" in heavy.left_out[0]


def test_a_zip_of_very_many_files_is_not_even_listed() -> None:
    swarm = _zip(*((f"{at}", b"") for at in range(20_001)), compression=zipfile.ZIP_STORED)
    assert find_pictures([swarm], _LIMIT).left_out == ["desk.zip contains more than 20,000 files. Split it."]


@pytest.mark.parametrize("data", [b"PK\x03\x04 and then nothing", b"PK\x05\x06"])
def test_a_damaged_zip_is_reported(data: bytes) -> None:
    assert find_pictures([_File("desk.zip", data)], _LIMIT).left_out == [
        "desk.zip is not a readable ZIP file. Create it again."
    ]


def test_entries_with_another_compression_are_left_out() -> None:
    chosen = find_pictures([_zip(("a.jpg", b"x"), compression=zipfile.ZIP_LZMA)], _LIMIT)
    assert chosen.pictures == [] and "use an unsupported compression" in chosen.left_out[0]
