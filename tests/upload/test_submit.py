"""`blurline submit` as a user runs it, against the real API, database and store."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from PIL import Image

from api.app import create_app
from blurline.cli.upload.results import ALTERED
from blurline.storage.store import Store
from sql.engine.database import Database
from tests.api_server import serving
from tests.broken_connections import breaking
from tests.simulated_worker import SENTENCE, running_worker
from tests.upload.submitter import PIXEL, Submitter
from tests.waiting import TIMEOUT_S, wait_for


def test_500_pictures_survive_three_interruptions(submitter: Submitter, database: Database, store: Store) -> None:
    for at in range(500):
        submitter.photograph(f"day {at // 100}/{at:03}.jpg")

    process = submitter.start()
    wait_for("some are uploaded", lambda: len(submitter.uploads()) >= 40, every_s=0.02)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 130
    assert "Interrupted. Run the same command again to resume." in said
    assert "Traceback" not in said
    assert submitter.images() == []

    process = submitter.start()
    wait_for("some are submitted", submitter.images, every_s=0.02)
    process.kill()
    process.communicate()
    assert len(submitter.images()) < 500

    with running_worker(submitter.settings, database, store):
        process = submitter.start()
        wait_for("some are fetched", lambda: len(submitter.fetched()) >= 50, every_s=0.02)
        process.kill()
        process.communicate()
        assert len(submitter.fetched()) < 500
        code, said = submitter.run()
    assert code == 0, said
    assert "Results: 500 of 500 here." in said
    assert submitter.images() == sorted(submitter.expected())
    assert len(submitter.images()) == 500
    assert submitter.fetched() == submitter.expected()


def test_a_second_run_submits_only_changed_pictures(submitter: Submitter, worker: None) -> None:
    for name in ("kept.jpg", "touched.jpg", "edited.jpg", "inner/deep.png.jpg"):
        submitter.photograph(name)
    assert submitter.run()[0] == 0
    before = submitter.fetched()
    assert before == submitter.expected()
    assert submitter.run()[0] == 0
    assert len(submitter.images()) == 4
    os.utime(submitter.photos / "touched.jpg", (1, 1))
    submitter.photograph("edited.jpg", b"quite another picture")
    submitter.photograph("new.jpg")
    assert submitter.run()[0] == 0
    assert len(submitter.images()) == 6
    assert submitter.fetched() == submitter.expected()
    assert submitter.fetched()["edited.jpg"] != before["edited.jpg"]


def test_unpublished_pictures_are_listed_with_their_reason(submitter: Submitter, worker: None) -> None:
    submitter.photograph("good.jpg")
    broken = submitter.photograph("broken.jpg")
    code, said = submitter.run()
    assert code == 1
    assert list(submitter.fetched()) == ["good.jpg"]
    (line,) = [line for line in said.splitlines() if "broken.jpg" in line]
    assert "failed" in line
    assert SENTENCE in line
    assert submitter.run()[0] == 1
    assert len(submitter.images()) == 2
    broken.unlink()
    assert submitter.run()[0] == 0


def test_a_file_that_cannot_be_sent_does_not_stop_the_others(submitter: Submitter, worker: None) -> None:
    submitter.photograph("good.jpg")
    large = submitter.photograph("large.jpg", bytes(20_000))
    with serving(create_app(submitter.settings.replace(max_file_mb=0.01))) as url:
        code, said = submitter.run(api=url)
    assert code == 1
    assert "large.jpg: not uploaded. The file has 0.02 MB; the limit is 0.01 MB." in said
    assert "Uploaded 1 of 1 files" in said
    assert "Results: 1 of 2 here, 1 not uploaded." in said
    assert list(submitter.fetched()) == ["good.jpg"]
    large.write_bytes(PIXEL)
    assert submitter.run()[0] == 0
    assert len(submitter.images()) == 2


def test_files_that_would_be_refused_are_named_before_anything_is_uploaded(submitter: Submitter, worker: None) -> None:
    submitter.photograph("good.jpg")
    (submitter.photos / "text.jpg").write_bytes(b"This is no picture.")
    Image.new("L", (2000, 1000)).save(submitter.photos / "wide.png")
    pages = [Image.new("L", (8, 8), level) for level in (0, 100, 200)]
    pages[0].save(submitter.photos / "many.gif", save_all=True, append_images=pages[1:])
    with serving(create_app(submitter.settings.replace(max_megapixels=1, max_frames=2))) as url:
        code, said = submitter.run(api=url)
    assert code == 1
    assert said.index("Not uploaded, because they would be refused: 3 files.") < said.index("Uploaded 1 of 1 files")
    for name, why in (("text.jpg", "not a picture"), ("wide.png", "limit"), ("many.gif", "more than 2 frames")):
        lines = [line for line in said.splitlines() if line.strip().startswith(f"{name}: ")]
        assert len(lines) == 2 and all(why in line for line in lines), said
    assert submitter.images() == ["good.jpg"]
    assert len(submitter.uploads()) == 1


def test_watching_submits_new_pictures_until_it_is_stopped(submitter: Submitter, worker: None) -> None:
    submitter.photograph("first.jpg")
    process = submitter.start(submitter.photos, "--watch")
    wait_for("the first result", lambda: "first.jpg" in submitter.fetched())
    submitter.photograph("second.jpg")
    wait_for("the second result", lambda: "second.jpg" in submitter.fetched())
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 0, said
    assert "Traceback" not in said
    assert submitter.fetched() == submitter.expected()
    assert len(submitter.images()) == 2


def test_a_lost_answer_creates_no_second_job(submitter: Submitter, worker: None) -> None:
    submitter.photograph("a.jpg")
    with breaking(submitter.url) as breaks:
        breaks.plan("POST /v1/jobs")
        assert submitter.run(api=breaks.url)[0] == 0
        assert breaks.planned == []
    assert submitter.images() == ["a.jpg"]


def test_a_process_that_ends_before_the_answer_creates_no_second_job(submitter: Submitter, worker: None) -> None:
    submitter.photograph("a.jpg")
    with breaking(submitter.url) as breaks:
        for _ in range(100):
            breaks.plan("POST /v1/jobs")
        process = submitter.start(api=breaks.url)
        wait_for("the job is made", submitter.images)
        process.kill()
        process.communicate()
    assert submitter.run()[0] == 0
    assert submitter.images() == ["a.jpg"]
    assert submitter.fetched() == submitter.expected()


def test_a_job_with_a_lost_answer_and_an_expired_key_is_found_by_its_label(submitter: Submitter, worker: None) -> None:
    submitter.photograph("a.jpg")
    forgetful = submitter.settings.replace(idempotency_hours=1e-9)
    with serving(create_app(forgetful)) as url, breaking(url) as breaks:
        breaks.plan("POST /v1/jobs")
        assert submitter.run(api=breaks.url)[0] == 0
        assert breaks.planned == []
    assert submitter.images() == ["a.jpg"]
    assert submitter.fetched() == submitter.expected()


def test_uploads_that_the_store_lost_are_repeated(submitter: Submitter, worker: None) -> None:
    submitter.photograph("a.jpg")
    closed = submitter.settings.replace(quota_open_jobs=0)
    with serving(create_app(closed)) as url:
        code, said = submitter.run(api=url)
    assert code == 1
    assert "Results: 0 of 1 here, 1 not submitted." in said
    (key,) = submitter.uploads()
    submitter.store.remove_original(key)
    code, said = submitter.run()
    assert code == 0, said
    assert submitter.images() == ["a.jpg"]
    assert submitter.fetched() == submitter.expected()


def test_missing_and_altered_results_are_fetched_again(submitter: Submitter, worker: None) -> None:
    for name in ("gone.jpg", "altered.jpg", "whole.jpg"):
        submitter.photograph(name)
    assert submitter.run()[0] == 0
    (submitter.results / "gone.jpg").unlink()
    (submitter.results / "altered.jpg").write_bytes(b"something else")
    code, said = submitter.run()
    assert code == 0, said
    assert "2 results are missing or altered" in said
    assert submitter.fetched() == submitter.expected()
    assert len(submitter.images()) == 3
    assert [path.read_bytes() for path in (submitter.results / ALTERED).iterdir()] == [b"something else"]


def test_a_folder_without_pictures_is_reported(submitter: Submitter) -> None:
    submitter.photograph("notes.txt")
    submitter.photograph("inner/a.jpg")
    code, said = submitter.run(submitter.photos)
    assert code == 1
    assert said == (
        f"No pictures found in {submitter.photos}. "
        "Skipped: 1 file with other extensions, 1 folder (use --recursive to include them).\n"
    )


def test_a_run_reports_once_what_it_waits_for(submitter: Submitter, worker: None) -> None:
    submitter.photograph("a.jpg")
    with breaking(submitter.url) as breaks:
        for _ in range(5):
            breaks.plan("POST /v1/jobs")
        code, said = submitter.run(api=breaks.url)
    assert code == 0, said
    assert said.count(f"The API at {breaks.url} does not respond") == 1
    assert said.count("Trying again.") == 1


def test_a_picture_given_by_two_paths_is_submitted_once(submitter: Submitter, worker: None) -> None:
    path = submitter.photograph("inner/a.jpg")
    assert submitter.run(path, submitter.photos, path.parent, "--recursive")[0] == 0
    assert submitter.images() == ["inner/a.jpg"]
    assert submitter.fetched() == submitter.expected()


def test_a_later_run_fetches_the_results_of_a_run_without_waiting(
    submitter: Submitter, database: Database, store: Store
) -> None:
    submitter.photograph("a.jpg")
    assert submitter.run(submitter.photos, "--no-wait")[0] == 0
    assert (submitter.images(), submitter.fetched()) == (["a.jpg"], {})
    with running_worker(submitter.settings, database, store):
        assert submitter.run(submitter.photos)[0] == 0
    assert (submitter.images(), submitter.fetched()) == (["a.jpg"], submitter.expected())


def test_only_results_are_overwritten(submitter: Submitter, worker: None) -> None:
    submitter.photograph("a.jpg")
    submitter.results.mkdir()
    (submitter.results / "a.jpg").write_bytes(b"mine")
    assert submitter.run()[0] == 0
    assert submitter.fetched() == {"a.jpg": b"mine", "a (2).jpg": submitter.expected()["a.jpg"]}
    original = submitter.photograph("b.jpg")
    code, said = replace(submitter, results=submitter.photos).run(original)
    assert code == 1
    assert "The results would be among the originals" in said
    assert sorted(path.name for path in submitter.photos.iterdir()) == ["a.jpg", "b.jpg"]


def test_a_result_whose_folder_is_a_file_goes_beside_it(submitter: Submitter, worker: None) -> None:
    submitter.photograph("trip/a.jpg")
    submitter.results.mkdir(exist_ok=True)
    (submitter.results / "trip").write_bytes(b"mine")
    for _ in range(2):
        assert submitter.run()[0] == 0
        assert submitter.fetched() == {"trip": b"mine", "trip_/a.jpg": submitter.expected()["trip/a.jpg"]}


def test_two_pictures_of_one_name_are_refused(submitter: Submitter) -> None:
    one, other = submitter.photograph("one/a.jpg"), submitter.photograph("other/a.jpg")
    for paths in ([one, other], [one.parent, other.parent]):
        code, said = submitter.run(*paths)
        assert code == 1
        assert f"The results of {one} and {other} would have the same name." in said
    assert submitter.images() == []


def test_one_process_at_a_time_uses_a_folder(submitter: Submitter, worker: None) -> None:
    submitter.photograph("a.jpg")
    watching = submitter.start(submitter.photos, "--watch")
    wait_for("the result", submitter.fetched)
    code, said = submitter.run()
    assert code == 1
    assert "Another `blurline submit` is using" in said
    watching.kill()
    watching.communicate()
    assert submitter.run()[0] == 0


def test_undecodable_names_are_kept(submitter: Submitter, worker: None) -> None:
    path = Path(os.fsdecode(os.fsencode(submitter.photograph("a.jpg").parent) + b"/caf\xe9 [b] \n.jpg"))
    path.write_bytes(PIXEL + b"latin-1")
    assert submitter.run()[0] == 0
    assert submitter.fetched() == submitter.expected()
    assert "caf\N{REPLACEMENT CHARACTER} [b] \N{REPLACEMENT CHARACTER}.jpg" in submitter.images()


def test_options_reach_the_jobs_and_are_kept_for_the_folder(submitter: Submitter, worker: None) -> None:
    submitter.photograph("a.jpg")
    options = ("--preset", "careful", "--policy", "style=solid", "--policy", "padding=0.5", "--label", "trip=1")
    assert submitter.run(submitter.photos, *options)[0] == 0
    with psycopg.connect(submitter.settings.database.conninfo) as connection:
        ((policy, preset, labels),) = connection.execute("SELECT policy, preset, labels FROM jobs").fetchall()
    assert (policy["profile"], policy["style"], policy["padding"], preset) == ("thorough", "solid", 0.5, "careful")
    assert labels["trip"] == "1"
    code, said = submitter.run(submitter.photos, "--preset", "fast")
    assert code == 1
    assert "Choose another folder with -o" in said


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--preset", "none"], "No preset is named 'none'."),
        (["--policy", "sytle=solid"], "policy.sytle"),
        (["--label", "trip"], "does not have the form name=value"),
        (["absent"], "absent does not exist."),
    ],
)
def test_mistakes_are_reported_in_one_line(submitter: Submitter, arguments: list[str], says: str) -> None:
    submitter.photograph("a.jpg")
    code, said = submitter.run(submitter.photos, *arguments)
    assert code == 1
    assert says in said
    assert "Traceback" not in said
    assert submitter.images() == []
