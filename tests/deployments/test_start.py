from __future__ import annotations

import socket
import threading
from pathlib import Path

import psycopg
import pytest
from structlog.testing import capture_logs

from blurline.errors import ConfigurationError
from blurline.policy import Policy
from blurline.policy.profile import ProfileName
from blurline.settings import Settings
from deployments.worker.start import record_present_models, start_worker
from models import current_models, plan_for
from models.card import WEIGHTS, file_sha256, vendored_card
from tests.models.onnx_models import plate_model
from tests.models.street import with_detector
from tests.waiting import TIMEOUT_S, wait_for


def test_a_worker_reports_an_occupied_metrics_port(settings: Settings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"127.0.0.1:{port}.*BLURLINE_WORKER_METRICS_PORT"):
            start_worker(settings.replace(worker_metrics_port=port), pool=None, slots=1)


def test_a_worker_records_the_model_of_each_profile(settings: Settings) -> None:
    with psycopg.connect(settings.database.conninfo, autocommit=True) as connection:
        connection.execute("INSERT INTO profile_models (profile, sha256) VALUES ('standard', 'old'), ('gone', 'kept')")
        record_present_models(settings)
        recorded: dict[str, str] = dict(connection.execute("SELECT profile, sha256 FROM profile_models").fetchall())
    present = {profile.value: plan_for(Policy(profile=profile), settings).record["sha256"] for profile in ProfileName}
    assert recorded == {**present, "regions": vendored_card("centerface_int8").sha256, "gone": "kept"}


def test_a_worker_records_its_models_once_the_database_is_migrated(settings: Settings) -> None:
    with psycopg.connect(settings.database.conninfo, autocommit=True) as connection:
        connection.execute("ALTER TABLE profile_models RENAME TO not_migrated_yet")
        try:
            recording = threading.Thread(target=record_present_models, args=(settings, 0.01))
            with capture_logs() as logs:
                recording.start()
                wait_for("it tries", lambda: logs)
        finally:
            connection.execute("ALTER TABLE not_migrated_yet RENAME TO profile_models")
        recording.join(TIMEOUT_S)
        assert connection.execute("SELECT count(*) FROM profile_models").fetchone() == (len(ProfileName) + 1,)
    assert logs[0]["event"] == "models_not_recorded"


def test_a_models_own_file_is_every_profiles_model(settings: Settings) -> None:
    card = WEIGHTS / vendored_card("yunet").file
    own = settings.replace(model_file=card, model_family="yunet")
    assert {each.sha256 for each in current_models(own).values()} == {file_sha256(card)}


def test_a_worker_records_the_file_of_each_further_detector(settings: Settings, tmp_path: Path) -> None:
    file = plate_model(tmp_path / "plates.onnx")
    record_present_models(settings.replace(detectors=with_detector(file).detector.detectors))
    with psycopg.connect(settings.database.conninfo) as connection:
        recorded: dict[str, str] = dict(connection.execute("SELECT profile, sha256 FROM profile_models").fetchall())
    assert recorded["detector:plates"] == file_sha256(file)
    assert len(recorded) == len(ProfileName) + 2
