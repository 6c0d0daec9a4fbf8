"""Names that every operating system can write, and cells that no spreadsheet runs."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from api.jobs.file_names import file_path
from blurline.file_names import Names, result_path, safe_cell, safe_name, same_name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("CON.jpg", "_CON.jpg"),
        ("con", "_con"),
        ("lpt1 .tar.gz", "_lpt1 .tar.gz"),
        ("COM¹.png", "_COM¹.png"),
        ("CONSOLE.jpg", "CONSOLE.jpg"),
        ('a|b<c>d:e"f?g*h.jpg', "a_b_c_d_e_f_g_h.jpg"),
        ("gpj.\u202eexe.jpg", "gpj.exe.jpg"),
        ("a\u200b\u2066b\x07\x7f\u2028.jpg", "ab.jpg"),
        ("folder. . ", "folder"),
        ("...", ""),
        (" a.jpg", "a.jpg"),
        ("e\u0301.jpg", "\u00e9.jpg"),
        ("日本.jpg", "日本.jpg"),
        (".hidden", ".hidden"),
    ],
)
def test_a_name_can_be_written_on_windows_and_shows_what_it_is(name: str, expected: str) -> None:
    assert safe_name(name) == expected


@pytest.mark.parametrize("letter", ["a", "日", "👩‍👩‍👧"])
def test_a_long_name_keeps_its_extension(letter: str) -> None:
    short = safe_name(letter * 300 + ".jpeg")
    assert len(short.encode()) <= 200 and short.endswith(".jpeg")


def test_a_long_path_loses_its_first_folders() -> None:
    found = file_path("/".join(["folder"] * 36) + "/a.jpg", 0, "id/attempt.jpg")
    assert len(str(found)) <= 180 and found.name == "a.jpg"


@pytest.mark.parametrize(
    "names",
    [
        ["a.jpg", "A.JPG", "a.jpg"],
        ["\u00e9.jpg", "e\u0301.jpg", "\u00c9.jpg"],
        ["a.jpg", "A.jpg/b.jpg", "a.jpg/B.jpg"],
        ["a.jpg/b.jpg", "a.jpg"],
        ["a|.jpg", "a?.jpg"],
        ["CON.jpg", "_con.jpg"],
    ],
)
def test_files_of_an_archive_can_be_unpacked_side_by_side(names: list[str]) -> None:
    taken = Names()
    given = [PurePosixPath(taken.unused(file_path(name, at, "id/attempt.jpg"))) for at, name in enumerate(names)]
    files = {str(path).casefold() for path in given}
    folders = {str(folder).casefold() for path in given for folder in path.parents}
    assert len(files) == len(names)
    assert not files & folders


@pytest.mark.parametrize(
    ("name", "extension", "expected"),
    [
        ("a.heic", ".jpg", "a.heic.jpg"),
        ("a.JPEG", ".jpg", "a.JPEG"),
        ("a.tiff", ".tif", "a.tiff"),
        ("a", ".png", "a.png"),
        ("a.jpg", ".png", "a.jpg.png"),
        ("b/a.heic", ".jpg", "b/a.heic.jpg"),
    ],
)
def test_a_result_keeps_the_whole_name_of_its_picture(name: str, extension: str, expected: str) -> None:
    assert str(result_path(PurePosixPath(name), extension)) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [("a.jpg", "A.JPG"), ("\u00e9.jpg", "E\u0301.jpg"), ("\u1e9e.jpg", "ss.jpg"), ("\u1f80.jpg", "\u1f88.jpg")],
)
def test_names_that_some_file_system_takes_for_one_are_the_same(one: str, other: str) -> None:
    assert same_name(one) == same_name(other)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\uff1d"])
def test_a_cell_is_no_formula(start: str) -> None:
    assert safe_cell(f"{start}1+1") == f"'{start}1+1"


@pytest.mark.parametrize("text", ["", "a.jpg", "2026-11-28", "a=b", "'quoted"])
def test_other_cells_stay(text: str) -> None:
    assert safe_cell(text) == text
