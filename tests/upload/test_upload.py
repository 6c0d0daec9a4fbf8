"""The parts of `blurline submit` that need no server."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from blurline.cli.upload.command import options_of
from blurline.cli.upload.display import Counts, Display, WaitNotices
from blurline.cli.upload.journal import Journal
from blurline.cli.upload.picture import Picture, State, Uploaded
from blurline.cli.upload.results import ALTERED, Fetched, check_results, place, result_name
from blurline.cli.upload.scan import LocalPicture, Scanner, scan
from blurline.cli.upload.scheduling import DaemonThreads
from blurline.cli.upload.uploads import UploadQueue
from blurline.client import Client
from blurline.errors import ConfigurationError, DatabaseUnavailable, StoreUnavailable
from blurline.limits import Limits


def _tree(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def _names(folder: Path, output: Path, *, is_recursive: bool = True) -> list[str]:
    return sorted(found.name for found in scan([folder], output, is_recursive=is_recursive).pictures)


def test_pictures_are_found_by_extension_except_hidden_ones(tmp_path: Path) -> None:
    _tree(tmp_path, "a.jpg", "b.JPEG", "c.HeIc", "d.txt", ".e.jpg", "in/f.png", ".hidden/g.jpg", "out/a.jpg")
    assert _names(tmp_path, tmp_path / "out") == ["a.jpg", "b.JPEG", "c.HeIc", "in/f.png"]
    assert _names(tmp_path, tmp_path / "out", is_recursive=False) == ["a.jpg", "b.JPEG", "c.HeIc"]
    (named,) = scan([tmp_path / "d.txt"], tmp_path / "out", is_recursive=False).pictures
    assert (named.name, named.size_bytes) == ("d.txt", 5)


def test_circular_and_broken_links_are_harmless(tmp_path: Path) -> None:
    photos, elsewhere = tmp_path / "photos", tmp_path / "elsewhere"
    _tree(photos, "in/a.jpg")
    _tree(elsewhere, "b.jpg")
    (photos / "in" / "up").symlink_to(photos)
    (photos / "linked").symlink_to(elsewhere)
    (photos / "itself.jpg").symlink_to(photos / "itself.jpg")
    (photos / "nothing.jpg").symlink_to(photos / "absent.jpg")
    assert _names(photos, tmp_path) == ["in/a.jpg", "linked/b.jpg"]


def test_a_watched_picture_counts_when_two_scans_find_it_unchanged(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    _tree(photos, "a.jpg")
    scanner = Scanner([photos], tmp_path, is_recursive=False, is_watching=True)
    assert scanner.scan(set()) == []
    (photos / "a.jpg").write_text("it grows")
    assert scanner.scan(set()) == []
    assert scanner.scan({"a.jpg"}) == []
    assert [found.size_bytes for found in scanner.scan(set())] == [8]
    assert scanner.scan(set()) == []
    scanner.reset(["a.jpg"])
    assert [found.name for found in scanner.scan(set())] == ["a.jpg"]


def test_a_picture_given_by_two_paths_is_found_once(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    _tree(photos, "a.jpg", "in/b.jpg", "in/c.txt")
    (tmp_path / "link").symlink_to(photos)
    for paths, expected in (
        ([photos, photos / "in"], ["a.jpg", "in/b.jpg"]),
        ([photos / "a.jpg", photos], ["a.jpg", "in/b.jpg"]),
        ([photos / "in" / "b.jpg", photos], ["a.jpg", "in/b.jpg"]),
        ([tmp_path / "link" / "in" / "b.jpg", photos], ["a.jpg", "in/b.jpg"]),
        ([photos, photos / "in" / "c.txt"], ["a.jpg", "c.txt", "in/b.jpg"]),
        ([photos / "a.jpg", photos / ".." / "photos" / "a.jpg"], ["a.jpg"]),
    ):
        for ordered in (paths, paths[::-1]):
            found = scan(ordered, tmp_path, is_recursive=True).pictures
            assert sorted(each.name for each in found) == expected
    (photos / "linked.jpg").symlink_to(photos / "a.jpg")
    assert _names(photos, tmp_path) == ["a.jpg", "in/b.jpg", "linked.jpg"]


def test_skipped_files_are_counted(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    _tree(photos, "a.txt", "b.pdf", ".c.txt", "one/a.jpg", "two/a.jpg", "two/a.txt", ".three/a.jpg", "out/a.jpg")
    for paths, is_recursive, expected in (
        ([photos], False, (0, 2, 2)),
        ([photos], True, (2, 3, 0)),
        ([photos, photos / "b.pdf", photos / "one"], False, (2, 1, 1)),
    ):
        found = scan(paths, photos / "out", is_recursive=is_recursive)
        assert (len(found.pictures), found.other_files, found.folders) == expected


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
def test_a_result_is_named_like_its_picture(name: str, extension: str | None, expected: str) -> None:
    assert result_name(name, extension) == expected


def _sent(journal: Journal, name: str) -> Picture:
    journal.note_uploaded(Uploaded(LocalPicture(name, Path(name), 1, 1), "hash", "key"))
    picture = journal.find(name)
    assert picture is not None
    return picture


def test_the_result_of_a_changed_picture_replaces_the_previous_one(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "terms")
    for content, extension, expected in (
        ("first", "jpg", {"a.jpg": "first"}),
        ("second", "jpg", {"a.jpg": "second"}),
        ("third", "png", {"a.jpg.png": "third"}),
    ):
        part = tmp_path / ".part"
        part.write_text(content)
        picture = _sent(journal, "a.jpg")
        place(journal, tmp_path, _with_extension(picture, extension), Fetched(part, "hash"))
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
        place(journal, tmp_path, _with_extension(_sent(journal, name), "jpg"), Fetched(part, "hash"))
    journal.close()
    found = {path.name: path.read_text() for path in tmp_path.glob("a*")}
    assert found == {"a.heic.jpg": "a.heic", "a.heic (2).jpg": "a.heic.jpg"}


@pytest.mark.parametrize(("one", "other"), [("A.jpg", "a.jpg"), ("\u00e9.jpg", "e\u0301.jpg")])
def test_results_never_share_a_name_on_any_file_system(tmp_path: Path, one: str, other: str) -> None:
    journal = Journal(tmp_path, "terms")
    _placed(journal, tmp_path, one, "one").unlink()
    journal.close()
    journal = Journal(tmp_path, "terms")
    _placed(journal, tmp_path, other, "other")
    _placed(journal, tmp_path, one, "one")
    found = {path.name: path.read_text() for path in tmp_path.glob("*.jpg")}
    assert found == {one: "one", f"{Path(other).stem} (2).jpg": "other"}
    journal.close()


def test_a_folder_refuses_other_options_than_those_of_its_first_run(tmp_path: Path) -> None:
    Journal(tmp_path, "one").close()
    Journal(tmp_path, "one").close()
    with pytest.raises(ConfigurationError, match="was started with one, which differs from other"):
        Journal(tmp_path, "other")
    Journal(tmp_path, "one").close()


def _placed(journal: Journal, output: Path, name: str, content: str) -> Path:
    part = output / ".part"
    part.write_text(content)
    place(journal, output, _sent(journal, name), Fetched(part, hashlib.sha256(content.encode()).hexdigest()))
    return output / name


def test_missing_and_altered_results_count_as_not_fetched(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "terms")
    names = ("whole.jpg", "touched.jpg", "removed.jpg", "longer.jpg", "other.jpg", "folder.jpg")
    paths = {name: _placed(journal, tmp_path, name, f"result {name}") for name in names}
    os.utime(paths["touched.jpg"], (1, 1))
    paths["removed.jpg"].unlink()
    paths["longer.jpg"].write_text("mine, and longer")
    stat = paths["other.jpg"].stat()
    paths["other.jpg"].write_text("mistr other.jpg")
    os.utime(paths["other.jpg"], ns=(stat.st_mtime_ns + 1, stat.st_mtime_ns + 1))
    paths["folder.jpg"].unlink()
    paths["folder.jpg"].mkdir()
    assert check_results(journal, tmp_path) == 4
    assert sorted(picture.name for picture in journal.pictures(State.HERE)) == ["touched.jpg", "whole.jpg"]
    assert sorted(path.name for path in tmp_path.glob("*.jpg")) == ["touched.jpg", "whole.jpg"]
    aside = [path for path in (tmp_path / ALTERED).iterdir() if path.is_file()]
    assert sorted(path.read_text() for path in aside) == ["mine, and longer", "mistr other.jpg"]
    assert check_results(journal, tmp_path) == 0
    journal.close()


def test_a_wait_is_reported_once() -> None:
    said: list[str] = []
    notices = WaitNotices(said.append)
    notices.wait(StoreUnavailable("The store is away."), 0.5)
    assert said == []
    for _ in range(3):
        notices.wait(StoreUnavailable("The store is away."), 5)
        notices.wait(DatabaseUnavailable("The database is away."), 5)
    assert said == ["The store is away. Trying again.", "The database is away. Trying again."]


def test_a_picture_that_was_given_up_is_not_sent(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "terms")
    _sent(journal, "known.jpg")
    with Client("http://127.0.0.1:9", "token") as client:
        uploads = UploadQueue(client, journal, DaemonThreads(1), Limits())
        uploads.add(LocalPicture(name, Path(name), 2, 2) for name in ("known.jpg", "new.jpg"))
        uploads.give_up()
    assert uploads.is_over
    assert (uploads.given_up, uploads.stale, uploads.unknown, uploads.faults) == (2, {"known.jpg"}, 1, {})
    journal.close()


def test_the_summary_lists_what_a_run_lacks(capsys: pytest.CaptureFixture[str]) -> None:
    display = Display(Console())
    for counts, expected in (
        (Counts(), ""),
        (Counts(results=2, results_here=2), "Everything was already uploaded. Results: 2 of 2 here.\n"),
        (
            Counts(2, 1, 2_000_000, 1_000_000, 9, 1, not_published=2, not_fetched=1, not_uploaded=3, not_submitted=2),
            "Uploaded 1 of 2 files, 1.0 of 2.0 MB. "
            "Results: 1 of 9 here, 2 not published, 1 not fetched, 3 not uploaded, 2 not submitted.\n",
        ),
    ):
        with display.running():
            display.show(counts)
        assert capsys.readouterr().out == expected


def test_options_are_read_from_pairs() -> None:
    options = options_of("fast", ["style=solid", "padding=0.5", 'size_limits={"min_side": 0.1}'], ["trip=a=b"])
    assert options.model_dump(mode="json", exclude_unset=True) == {
        "preset": "fast",
        "policy": {"style": "solid", "padding": 0.5, "size_limits": {"min_side": 0.1}},
        "labels": {"trip": "a=b"},
    }
    with pytest.raises(ConfigurationError, match="labels"):
        options_of(None, [], [f"label{at}=x" for at in range(20)])
