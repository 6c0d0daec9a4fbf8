"""The parts of `blurline submit` that need no server."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from blurline.errors import ConfigurationError
from blurline.submitting.journal import Journal
from blurline.submitting.looking import Looking
from blurline.submitting.picture import Picture, Sent, State
from blurline.submitting.scan import Found, scan
from blurline.submitting.start import options_of
from blurline.submitting.transfer import place, result_name


def _tree(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def _names(folder: Path, output: Path, *, is_recursive: bool = True) -> list[str]:
    return sorted(found.name for found in scan([folder], output, is_recursive=is_recursive))


def test_pictures_are_found_by_extension_and_hidden_ones_are_not(tmp_path: Path) -> None:
    _tree(tmp_path, "a.jpg", "b.JPEG", "c.HeIc", "d.txt", ".e.jpg", "in/f.png", ".hidden/g.jpg", "out/a.jpg")
    assert _names(tmp_path, tmp_path / "out") == ["a.jpg", "b.JPEG", "c.HeIc", "in/f.png"]
    assert _names(tmp_path, tmp_path / "out", is_recursive=False) == ["a.jpg", "b.JPEG", "c.HeIc"]
    (named,) = scan([tmp_path / "d.txt"], tmp_path / "out", is_recursive=False)
    assert (named.name, named.size_bytes) == ("d.txt", 5)


def test_links_in_circles_and_to_nothing_do_no_harm(tmp_path: Path) -> None:
    photos, elsewhere = tmp_path / "photos", tmp_path / "elsewhere"
    _tree(photos, "in/a.jpg")
    _tree(elsewhere, "b.jpg")
    (photos / "in" / "up").symlink_to(photos)
    (photos / "linked").symlink_to(elsewhere)
    (photos / "itself.jpg").symlink_to(photos / "itself.jpg")
    (photos / "nothing.jpg").symlink_to(photos / "absent.jpg")
    assert _names(photos, tmp_path) == ["in/a.jpg", "linked/b.jpg"]


def test_a_watched_picture_counts_when_two_looks_find_it_alike(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    _tree(photos, "a.jpg")
    looking = Looking([photos], tmp_path, is_recursive=False, is_watching=True)
    assert looking.look(set()) == []
    (photos / "a.jpg").write_text("it grows")
    assert looking.look(set()) == []
    assert looking.look({"a.jpg"}) == []
    assert [found.size_bytes for found in looking.look(set())] == [8]
    assert looking.look(set()) == []
    looking.forget(["a.jpg"])
    assert [found.name for found in looking.look(set())] == ["a.jpg"]


@pytest.mark.parametrize(
    ("name", "extension", "expected"),
    [
        ("in/a.jpg", "jpg", "in/a.jpg"),
        ("a.JPEG", "jpg", "a.JPEG"),
        ("a.tiff", "tif", "a.tiff"),
        ("a.heic", "jpg", "a.heic.jpg"),
        ("a.jpg", "webp", "a.jpg.webp"),
        ("photo", "png", "photo.png"),
        ("a.jpg", None, "a.jpg"),
    ],
)
def test_a_result_is_called_as_its_picture(name: str, extension: str | None, expected: str) -> None:
    assert result_name(name, extension) == expected


def _sent(journal: Journal, name: str) -> Picture:
    journal.note_sent(Sent(Found(name, Path(name), 1, 1), "hash", "key"))
    picture = journal.find(name)
    assert picture is not None
    return picture


def test_a_changed_pictures_result_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "terms")
    for content, extension, expected in (
        ("first", "jpg", {"a.jpg": "first"}),
        ("second", "jpg", {"a.jpg": "second"}),
        ("third", "png", {"a.jpg.png": "third"}),
    ):
        part = tmp_path / ".part"
        part.write_text(content)
        picture = _sent(journal, "a.jpg")
        place(journal, tmp_path, _with_extension(picture, extension), part)
        assert {path.name: path.read_text() for path in tmp_path.glob("a*")} == expected
        assert journal.count()[State.HERE] == 1
    journal.close()


def _with_extension(picture: Picture, extension: str) -> Picture:
    return replace(picture, extension=extension)


def test_results_never_share_a_name(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "terms")
    for name in ("a.heic", "a.heic.jpg"):
        part = tmp_path / ".part"
        part.write_text(name)
        place(journal, tmp_path, _with_extension(_sent(journal, name), "jpg"), part)
    journal.close()
    found = {path.name: path.read_text() for path in tmp_path.glob("a*")}
    assert found == {"a.heic.jpg": "a.heic", "a.heic (2).jpg": "a.heic.jpg"}


def test_a_folder_goes_on_with_the_terms_it_was_begun_with(tmp_path: Path) -> None:
    Journal(tmp_path, "one").close()
    Journal(tmp_path, "one").close()
    with pytest.raises(ConfigurationError, match="was begun with one and cannot go on with other"):
        Journal(tmp_path, "other")
    Journal(tmp_path, "one").close()


def test_options_are_read_from_pairs() -> None:
    options = options_of("fast", ["style=solid", "padding=0.5", 'size_limits={"min_side": 0.1}'], ["trip=a=b"])
    assert options.model_dump(mode="json", exclude_unset=True) == {
        "preset": "fast",
        "policy": {"style": "solid", "padding": 0.5, "size_limits": {"min_side": 0.1}},
        "labels": {"trip": "a=b"},
    }
    with pytest.raises(ConfigurationError, match="labels"):
        options_of(None, [], [f"label{at}=x" for at in range(20)])
