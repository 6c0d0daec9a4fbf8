"""`blurline submit` with quotas that do not allow all pictures."""

from __future__ import annotations

import re
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from api.app import create_app
from blurline.access.tokens import LocalIssuer, Scope
from blurline.cli.upload.display import WaitNotices
from blurline.cli.upload.jobs import JobSubmitter
from blurline.cli.upload.journal import Journal
from blurline.cli.upload.picture import State, Uploaded
from blurline.cli.upload.scan import LocalPicture
from blurline.cli.upload.uploads import upload
from blurline.client import Client
from blurline.contract import JobOptions
from blurline.storage.store import Store
from sql.engine.database import Database
from tests.api_requests import underway
from tests.api_server import serving
from tests.simulated_worker import running_worker, settle
from tests.upload.submitter import Submitter
from tests.waiting import TIMEOUT_S, wait_for


@pytest.mark.parametrize("is_waiting", [True, False])
def test_pictures_are_submitted_up_to_a_quota_of_pictures(submitter: Submitter, worker: None, is_waiting: bool) -> None:
    for at in range(60):
        submitter.photograph(f"{at:02}.jpg")
    small = submitter.settings.replace(quota_images_per_day=33)
    with serving(create_app(small)) as url:
        code, said = submitter.run(submitter.photos, *([] if is_waiting else ["--no-wait"]), api=url)
    assert code == 1
    assert len(submitter.images()) == 33
    assert len(submitter.fetched()) == (33 if is_waiting else 0)
    assert "Your quota is 33 images a day (UTC): 33 are used and this request has 1." in said
    (again,) = re.findall(r"Run the same command again after (\d{4}-\d\d-\d\d \d\d:\d\d) ", said)
    midnight = (datetime.now(UTC) + timedelta(days=1)).replace(hour=0, minute=0).astimezone()
    assert again == f"{midnight:%Y-%m-%d %H:%M}"
    assert ", 27 not submitted." in said
    code, said = submitter.run()
    assert code == 0, said
    assert submitter.images() == sorted(submitter.expected())
    assert submitter.fetched() == submitter.expected()
    code, said = submitter.run()
    assert "Everything was already uploaded. Results: 60 of 60 here." in said


def test_the_smallest_pictures_are_submitted_within_a_quota_of_bytes(submitter: Submitter, worker: None) -> None:
    sizes = {"a": 300, "b": 3000, "c": 100, "d": 5000, "e": 200}
    for name, size in sizes.items():
        submitter.photograph(f"{name}.jpg", name.encode() * size)
    small = submitter.settings.replace(quota_mb_per_day=0.001)
    with serving(create_app(small)) as url:
        code, said = submitter.run(api=url)
    assert code == 1
    assert submitter.images() == ["a.jpg", "c.jpg", "e.jpg"]
    assert sorted(submitter.fetched()) == ["a.jpg", "c.jpg", "e.jpg"]
    assert "bytes a day" in said


def test_results_are_fetched_while_waiting_for_a_quota_of_unfinished_jobs(
    submitter: Submitter, database: Database, store: Store
) -> None:
    for at in range(210):
        submitter.photograph(f"{at:03}.jpg")
    small = submitter.settings.replace(quota_open_jobs=1)
    with serving(create_app(small)) as url:
        process = submitter.start(api=url)
        wait_for("the first job is made", submitter.images)
        first, *others = underway(database, submitter.settings)
        settle(first, database, store)
        wait_for("its first result is fetched", submitter.fetched)
        assert len(submitter.images()) == 200
        for attempt in others:
            settle(attempt, database, store)
        with running_worker(submitter.settings, database, store):
            said, _ = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 0, said
    assert said.count("Your quota is 1 unfinished jobs, and you have 1.") == 1
    assert submitter.fetched() == submitter.expected()


@pytest.mark.parametrize(
    ("quota", "is_lasting", "has_open_jobs", "is_refused"),
    [
        ("quota_open_jobs", False, False, True),
        ("quota_open_jobs", False, True, False),
        ("quota_open_jobs", True, False, False),
        ("quota_images_per_day", False, True, True),
        ("quota_images_per_day", True, False, False),
    ],
)
def test_the_command_waits_for_a_quota_only_where_that_may_help(
    submitter: Submitter, tmp_path: Path, quota: str, is_lasting: bool, has_open_jobs: bool, is_refused: bool
) -> None:
    token = LocalIssuer(submitter.settings.home).issue(submitter.user, [Scope.SUBMIT], 60)
    picture = submitter.photograph("a.jpg")
    said: list[str] = []
    with (
        serving(create_app(submitter.settings.replace(**{quota: 0}))) as url,
        Client(url, token) as client,
        closing(Journal(tmp_path, "terms")) as journal,
    ):
        patience_s = 60 if has_open_jobs else 0
        jobs = JobSubmitter(
            client, journal, JobOptions(), WaitNotices(said.append), is_lasting=is_lasting, patience_s=patience_s
        )
        with serving(create_app(submitter.settings)) as free, Client(free, token) as unlimited:
            uploaded = upload(unlimited, LocalPicture("a.jpg", picture, 1, 1), None)
        assert isinstance(uploaded, Uploaded)
        journal.note_uploaded(uploaded)
        for _ in range(2):
            assert jobs.submit(is_all_uploaded=True, has_open_jobs=has_open_jobs) == {}
        assert jobs.is_over is is_refused
        assert (jobs.refusal is not None) is is_refused
        assert len(said) == (0 if is_refused else 1)
        assert [each.name for each in journal.pictures(State.UPLOADED)] == ["a.jpg"]
