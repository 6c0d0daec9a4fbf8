"""`blurline verify --reproduce`: the same original, record and key give the same bytes; what differs is named."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from blurline import Policy, open_photo
from blurline.access.noise_key import NOISE_KEY_FILE, load_noise_key, load_or_create_noise_key
from blurline.cli.command import app
from blurline.contract import Detection
from blurline.contract.audit import AuditedFile, Auditor, AuditRecord
from blurline.ids import new_id
from blurline.policy.profile import ProfileName
from blurline.settings import Settings, load_settings
from blurline.version import VERSION
from models import anonymize, int8, plan_for
from models.int8 import Trial
from models.reproduce import NotReproducible, Reproduction, reproduce
from tests.pictures import HOPPER

POLICY = Policy(profile=ProfileName.FAST)
ORIGINAL = HOPPER.read_bytes()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    load_or_create_noise_key(folder / NOISE_KEY_FILE)
    return folder


@pytest.fixture(scope="module")
def record(home: Path) -> AuditRecord:
    return record_of(POLICY, Settings().replace(home=home))


def record_of(policy: Policy, settings: Settings) -> AuditRecord:
    done = anonymize(open_photo(ORIGINAL), policy, settings)
    (choice,) = done.choices
    rows = zip(choice.rows.tolist(), choice.is_destroyed.tolist(), strict=True)
    boxes = [
        Detection(frame=0, x1=x1, y1=y1, x2=x2, y2=y2, score=score, destroyed=destroyed)
        for (x1, y1, x2, y2, score), destroyed in rows
    ]
    return AuditRecord(
        blurline_version=VERSION, made_by_version=VERSION, issued_at=datetime.now(UTC), image_id=new_id(),
        job_id=new_id(), owner="ann", name="a.jpg", state="published", error_code=None,
        original=AuditedFile(sha256=hashlib.sha256(ORIGINAL).hexdigest(), size_bytes=len(ORIGINAL)),
        result=AuditedFile(sha256=hashlib.sha256(done.data).hexdigest(), size_bytes=len(done.data)),
        width_px=512, height_px=512, frames=1, policy=policy.model_dump(mode="json"),
        model=plan_for(policy, settings).record | {"made_with": done.made_with}, detections=boxes, decisions=[],
        submitted_at=datetime.now(UTC), finished_at=datetime.now(UTC),
    )  # fmt: skip


def again(record: AuditRecord, home: Path) -> Reproduction:
    return reproduce(record, ORIGINAL, Settings().replace(home=home), load_noise_key(home))


def with_made_with(record: AuditRecord, **changes: Any) -> AuditRecord:
    assert record.model is not None
    return record.model_copy(update={"model": record.model | {"made_with": record.model["made_with"] | changes}})


def test_the_same_key_gives_the_same_bytes(record: AuditRecord, home: Path) -> None:
    assert again(record, home) == Reproduction(True, True, ())


def test_a_stronger_style_is_taken_from_the_record(record: AuditRecord, home: Path) -> None:
    stronger = {"style": "solid", "cells_per_face": 1, "padding": 0.6}
    assert not again(with_made_with(record, stronger=stronger), home).has_same_bytes


def test_what_differs_is_named(record: AuditRecord, home: Path, tmp_path: Path) -> None:
    load_or_create_noise_key(tmp_path / NOISE_KEY_FILE)
    outcome = again(record, tmp_path)
    assert (outcome.has_same_bytes, outcome.has_same_boxes) == (False, True)
    assert [each for each in outcome.differences if "noise key" in each]
    for change, word in (({"cpu": "other"}, "CPU"), ({"packages": {"numpy": "0.1"}}, "numpy")):
        assert any(word in each for each in again(with_made_with(record, **change), home).differences)
    assert record.model is not None
    older = record.model_copy(update={"made_by_version": "0.1.0", "model": record.model | {"plan_version": 0}})
    assert {"Blurline", "The model's"} <= {" ".join(each.split()[:1]) for each in again(older, home).differences} | {
        " ".join(each.split()[:2]) for each in again(older, home).differences
    }
    moved = record.detections[0].model_copy(update={"x1": 1.0})
    changed = again(record.model_copy(update={"detections": [moved, *record.detections[1:]]}), home)
    assert (changed.has_same_bytes, changed.has_same_boxes) == (False, False)


@pytest.mark.parametrize("was_int8", [True, False])
def test_the_model_of_regions_is_taken_from_the_record(
    home: Path, monkeypatch: pytest.MonkeyPatch, was_int8: bool
) -> None:
    monkeypatch.setattr(int8, "trial", lambda: Trial(0.5, is_right=True))
    settings = Settings().replace(home=home)
    made = record_of(Policy(), settings.replace(int8_regions=was_int8))
    verifier = settings.replace(int8_regions=not was_int8)
    assert reproduce(made, ORIGINAL, verifier, load_noise_key(home)) == Reproduction(True, True, ())


def test_a_cpu_on_which_int8_fails_its_trial_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(int8, "trial", lambda: Trial(0.5, is_right=True))
    made = record_of(Policy(), Settings().replace(home=home))
    monkeypatch.setattr(int8, "trial", lambda: Trial(1.0, is_right=True))
    (said,) = again(made, home).differences
    assert "Regions were shown to centerface_int8" in said
    assert "here they are shown to centerface (" in said


def test_another_original_or_no_result_cannot_be_reproduced(record: AuditRecord, home: Path) -> None:
    with pytest.raises(NotReproducible, match="not the original"):
        reproduce(record, ORIGINAL + b"x", Settings(), load_noise_key(home))
    with pytest.raises(NotReproducible, match="no result"):
        again(record.model_copy(update={"result": None}), home)


def test_the_command_says_what_it_found(
    record: AuditRecord, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "record.json"
    file.write_text(Auditor(home).sign(record).model_dump_json())
    monkeypatch.setenv("BLURLINE_HOME", str(home))
    load_settings.cache_clear()
    arguments = ["verify", str(file), "--original", str(HOPPER), "--reproduce"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0 and "has the recorded bytes" in done.output
    load_or_create_noise_key(tmp_path / "other.pem")
    done = CliRunner().invoke(app, [*arguments, "--noise-key", str(tmp_path / "other.pem")])
    assert done.exit_code == 1 and "the given one is" in done.output
