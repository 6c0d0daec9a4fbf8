"""A file that fails its check: kept for the reviewers with its boxes and findings, and never published."""

from __future__ import annotations

import numpy as np
import psycopg
import pytest

from blurline.contract import BacklogRerunRequest
from blurline.contract.corrections import MarkedBox
from blurline.ids import new_id
from blurline.picture.comparison import DifferingPlace, PlaceDiffers
from blurline.policy import Policy, Review, Style
from blurline.policy.profile import ProfileName
from blurline.settings import Settings
from blurline.storage.inventory import ImageBucket
from blurline.storage.store import Store
from models import FrameDetections, render_detections
from sql.engine.database import Database
from sql.jobs.job_queries import ImageRow, list_detections, list_findings
from sql.jobs.submissions import BatchSize
from sql.reruns.reruns import rerun
from sql.review.reviews import ResultRefused, approve_image, correct_image
from tasks.notify import notify
from tasks.work import Item
from tests.tasks.one_image import image_of, submit, uploaded

_SIZE = BatchSize(images=10, bytes=1_000_000)
_FAST = Policy(profile=ProfileName.FAST, review=Review.NEVER)
_NOTHING = np.zeros((0, 5), np.float32)
_CORNER = MarkedBox(x1=0, y1=0, x2=24, y2=24)


def _blind(monkeypatch: pytest.MonkeyPatch) -> None:
    """The detectors find nothing; the second look does."""
    nothing = FrameDetections(_NOTHING, _NOTHING[:, 4])
    monkeypatch.setattr(
        "tasks.blur.render_detections", lambda photo, found, *rest: render_detections(photo, [nothing], *rest)
    )


@pytest.fixture
def blind(monkeypatch: pytest.MonkeyPatch) -> None:
    _blind(monkeypatch)


def _notified(database: Database) -> Item:
    work, item = uploaded(database)
    notify.fn(work)
    assert item.is_won
    return item


def _correct(database: Database, image: ImageRow, *boxes: MarkedBox) -> Item:
    correct_image(database, "rita", image.id, boxes, _SIZE, note="", is_held=False)
    return _notified(database)


def _marks(database: Database, image: ImageRow) -> list[MarkedBox]:
    """The findings in the last refused file, as a reviewer marks them."""
    assert image.refused_attempt_id is not None
    findings = list_findings(database, image.refused_attempt_id)
    return [MarkedBox(**{name: found[name] for name in ("frame", "x1", "y1", "x2", "y2")}) for found in findings]


@pytest.mark.usefixtures("blind")
def test_the_file_and_its_findings_are_kept_until_a_correction_passes(database: Database, store: Store) -> None:
    submit(database, store, _FAST)
    refused = image_of(database, _notified(database))
    assert (refused.state, refused.error_code, refused.doubt) == ("needs_review", "output_check_failed", None)
    assert refused.result_key is not None and store.has(ImageBucket.RESULTS, refused.result_key)
    (mark,) = _marks(database, refused)
    assert f"at ({mark.x1:.0f}, {mark.y1:.0f})" in str(refused.error_message)

    again = image_of(database, _correct(database, refused, _CORNER))
    assert again.refused_attempt_id == again.result_attempt_id != refused.result_attempt_id
    assert not store.has(ImageBucket.RESULTS, refused.result_key)
    assert again.result_attempt_id is not None
    (drawn,) = [box for box in list_detections(database, again.result_attempt_id) if box.destroyed]
    assert (drawn.x1, drawn.x2) == (0, 24)

    done = image_of(database, _correct(database, again, _CORNER, *_marks(database, again)))
    assert (done.state, done.error_code) == ("published", None)


@pytest.mark.usefixtures("blind")
def test_nothing_publishes_a_refused_file(database: Database, store: Store, settings: Settings) -> None:
    submit(database, store, _FAST)
    image = image_of(database, _notified(database))
    with pytest.raises(ResultRefused):
        approve_image(database, "rita", image.id, image.result_sha256 or "")
    with psycopg.connect(settings.database.conninfo) as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute("UPDATE images SET state = 'published'")


def test_a_file_that_fails_its_check_for_another_reason_is_kept_too(
    database: Database, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def differs(*_: object, **__: object) -> None:
        place = DifferingPlace(0, 8, 16, 24, 32)
        raise PlaceDiffers(f"The written file differs from the picture, {place}.", place)

    with monkeypatch.context() as broken:
        broken.setattr("blurline.picture.redact.check_written", differs)
        submit(database, store, _FAST)
        refused = image_of(database, _notified(database))
    assert (refused.state, refused.error_code) == ("needs_review", "output_check_failed")
    assert "at (8, 16)" in str(refused.error_message)
    assert refused.result_key is not None and store.has(ImageBucket.RESULTS, refused.result_key)
    assert refused.refused_attempt_id == refused.result_attempt_id is not None
    (finding,) = list_findings(database, refused.result_attempt_id)
    assert finding == {"kind": "difference", "frame": 0, "x1": 8, "y1": 16, "x2": 24, "y2": 32}
    boxes = [MarkedBox(x1=each.x1, y1=each.y1, x2=each.x2, y2=each.y2)
             for each in list_detections(database, refused.result_attempt_id) if each.destroyed]  # fmt: skip
    assert boxes
    with pytest.raises(ResultRefused):
        approve_image(database, "rita", refused.id, refused.result_sha256 or "")
    done = image_of(database, _correct(database, refused, *boxes))
    assert (done.state, done.error_code) == ("published", None)


def test_a_refused_file_replaces_no_result_that_could_be_published(
    database: Database, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(database, store, _FAST)
    published = image_of(database, _notified(database))
    with database.transaction() as transaction:
        request = BacklogRerunRequest(states=["published"], policy=Policy(style=Style.SOLID), dry_run=False)
        rerun(transaction, request, new_id(), _SIZE, Settings())
    _blind(monkeypatch)
    item = _notified(database)
    kept = image_of(database, item)
    assert (kept.state, kept.error_code, kept.result_key) == ("published", None, published.result_key)
    assert item.output is not None and not store.has(ImageBucket.RESULTS, item.output.key)
    assert store.has(ImageBucket.RESULTS, str(published.result_key))
