"""Images with objects of other classes on their way through the tasks: what is published and recorded."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from blurline.contract.corrections import MarkedBox
from blurline.errors import DetectorMissing
from blurline.policy import Policy, Style
from blurline.settings import Settings
from blurline.settings.settings import load_settings
from blurline.storage.store import Store
from flows.anonymize import _give_back
from models.card import file_sha256
from sql.engine.database import Database
from sql.jobs.job_queries import list_detections
from sql.review.reviews import correct_image, list_decisions
from tasks.download import download
from tasks.notify import notify
from tasks.work import Work
from tests.factories import SIZE, dispatched
from tests.models.onnx_models import plate_model
from tests.models.street import detectors, street_picture
from tests.tasks.one_image import image_of, submit, uploaded

POLICY = Policy(other_classes={"plate": Style.SOLID, "sign": Style.BLUR})


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A worker with a detector of plates and signs."""
    path = plate_model(tmp_path / "plates.onnx")
    monkeypatch.setenv("BLURLINE_DETECTORS", detectors(path))
    load_settings.cache_clear()
    return path


def test_boxes_counts_and_detectors_are_recorded_by_class(database: Database, store: Store, model: Path) -> None:
    submit(database, store, POLICY, street_picture())
    work, item = uploaded(database)
    notify.fn(work)
    image = image_of(database, item)
    assert (image.state, image.faces, image.others_found) == ("published", 1, {"plate": 1, "sign": 1})
    assert image.model is not None
    assert [(saw["classes"], saw["sha256"]) for saw in image.model["detectors"]] == [
        (["plate", "sign"], file_sha256(model))
    ]
    boxes = list_detections(database, item.attempt.id)
    assert sorted(box.class_name for box in boxes if box.destroyed) == ["face", "plate", "sign"]


@pytest.mark.usefixtures("model")
def test_a_corrected_class_is_rendered_counted_and_judged_apart_from_faces(
    database: Database, store: Store, settings: Settings
) -> None:
    submit(database, store, POLICY, street_picture())
    work, item = uploaded(database)
    notify.fn(work)
    found = [box for box in list_detections(database, item.attempt.id) if box.destroyed]
    marks = [
        MarkedBox(x1=box.x1, y1=box.y1, x2=box.x2, y2=box.y2, class_name=box.class_name)
        for box in found
        if box.class_name != "sign"
    ]
    drawn = MarkedBox(x1=300.0, y1=300.0, x2=400.0, y2=340.0, class_name="plate")
    correct_image(database, "rita", item.attempt.image_id, [*marks, drawn], SIZE, note="", is_held=False)
    (decision,) = list_decisions(database, item.attempt.image_id)
    assert [box["class_name"] for box in (*decision.added, *decision.dropped)] == ["plate", "sign"]
    work, item = uploaded(database)
    notify.fn(work)
    image = image_of(database, item)
    assert (image.state, image.faces, image.others_found) == ("published", 1, {"plate": 2})
    with psycopg.connect(settings.database.conninfo) as connection:
        judged = connection.execute("SELECT faces_found, faces_missed, false_boxes FROM verdicts").fetchone()
    assert judged is not None
    assert [sum(counts or []) for counts in judged] == [1, 0, 0]


def test_a_worker_without_the_detector_publishes_nothing(database: Database, store: Store, settings: Settings) -> None:
    submit(database, store, POLICY, street_picture())
    work = Work(dispatched(database)[0])
    with pytest.raises(DetectorMissing) as missing:
        download.fn(work)
    _give_back(work, missing.value)
    (item,) = work.items or []
    image = image_of(database, item)
    assert (image.state, image.result_key) == ("queued", None)
    with psycopg.connect(settings.database.conninfo) as connection:
        row = connection.execute("SELECT outcome, error_code, error_message FROM attempts ORDER BY number").fetchone()
    assert row is not None
    assert row[:2] == ("retried", "detector_missing")
    assert "BLURLINE_DETECTORS" in row[2]
