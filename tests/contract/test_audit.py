"""Audit records: what was signed passes, anything else does not."""

from __future__ import annotations

import hashlib
import json
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from blurline.cli.command import app
from blurline.contract import Detection
from blurline.contract.audit import AuditedFile, AuditKeys, Auditor, AuditRecord, RecordRefused, public_keys, verify
from blurline.ids import new_id

PICTURE = b"a published picture"


def record() -> AuditRecord:
    return AuditRecord(
        blurline_version="0.1.0",
        issued_at=datetime.now(UTC),
        image_id=new_id(),
        job_id=new_id(),
        owner="ann",
        name="märkt/å.jpg",
        state="published",
        error_code=None,
        original=AuditedFile(sha256="0" * 64, size_bytes=3),
        result=AuditedFile(
            sha256=hashlib.sha256(PICTURE).hexdigest(), size_bytes=len(PICTURE), media_type="image/jpeg"
        ),
        width_px=100,
        height_px=50,
        frames=1,
        policy={"profile": "standard", "padding": 0.4},
        model={"name": "centerface", "sha256": "09"},
        detections=[Detection(frame=0, x1=1e-7, y1=2, x2=30.1, y2=40, score=0.9, destroyed=True)],
        decisions=[],
        submitted_at=datetime.now(UTC),
        finished_at=None,
    )


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def signed(home: Path) -> bytes:
    return Auditor(home).sign(record()).model_dump_json().encode()


def test_a_signed_record_passes_however_it_is_formatted(home: Path, signed: bytes) -> None:
    keys = Auditor(home).keys.keys
    found = verify(signed, keys)
    assert isinstance(found, AuditRecord)
    assert found.name == "märkt/å.jpg"
    assert verify(json.dumps(json.loads(signed), indent=2).encode(), keys) == verify(signed, keys)
    assert stat.S_IMODE((home / "audit_key.pem").stat().st_mode) == 0o600


def test_no_byte_can_be_changed(home: Path, signed: bytes) -> None:
    keys = Auditor(home).keys.keys
    for at in range(len(signed)):
        for changed in (bytes([signed[at] ^ 1]), b""):
            forged = signed[:at] + changed + signed[at + 1 :]
            with pytest.raises(RecordRefused):
                verify(forged, keys)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("record", "owner"), "eve"),
        (("record", "state"), "failed"),
        (("record", "result", "sha256"), "1" * 64),
        (("record", "detections", 0, "score"), 0.91),
        (("record", "detections"), []),
        (("record", "more"), 1),
        (("more",), 1),
    ],
)
def test_no_field_can_be_changed_or_added(home: Path, signed: bytes, path: tuple[Any, ...], value: Any) -> None:
    forged = json.loads(signed)
    place = forged
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(RecordRefused):
        verify(json.dumps(forged).encode(), Auditor(home).keys.keys)


def test_a_duplicate_field_is_refused(home: Path, signed: bytes) -> None:
    forged = signed.replace(b'"owner":"ann"', b'"owner":"eve","owner":"ann"')
    assert forged != signed
    with pytest.raises(RecordRefused):
        verify(forged, Auditor(home).keys.keys)


def test_another_key_is_refused_even_under_the_same_name(home: Path, tmp_path: Path, signed: bytes) -> None:
    (own,), (other,) = Auditor(home).keys.keys, Auditor(tmp_path / "other").keys.keys
    with pytest.raises(RecordRefused, match="not among the given keys"):
        verify(signed, [other])
    with pytest.raises(RecordRefused, match="was changed"):
        verify(signed, [other.model_copy(update={"kid": own.kid})])


def test_a_token_of_another_kind_is_not_a_record(home: Path) -> None:
    for text in (b"", b"{}", b"[1]", b'{"record": {}, "signature": "x"}', b'{"record": {}, "signature": 3}', b"\xff"):
        with pytest.raises(RecordRefused):
            verify(text, Auditor(home).keys.keys)


def test_reading_public_keys_creates_no_key(home: Path) -> None:
    assert public_keys(home) is None
    assert not home.exists()


class TestCommand:
    """`blurline verify`."""

    @pytest.fixture
    def file(self, signed: bytes, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setenv("BLURLINE_HOME", str(home))
        (tmp_path / "record.json").write_bytes(signed)
        (tmp_path / "right.jpg").write_bytes(PICTURE)
        (tmp_path / "wrong.jpg").write_bytes(PICTURE + b"!")
        return tmp_path / "record.json"

    def test_a_valid_record_and_picture_pass(self, file: Path, tmp_path: Path) -> None:
        done = CliRunner().invoke(app, ["verify", str(file), "--result", str(tmp_path / "right.jpg")])
        assert done.exit_code == 0, done.output
        assert "has a valid signature" in done.output
        assert "is the result of the record" in done.output
        assert "1 destroyed" in done.output

    def test_a_picture_with_a_changed_byte_fails(self, file: Path, tmp_path: Path) -> None:
        done = CliRunner().invoke(app, ["verify", str(file), "--result", str(tmp_path / "wrong.jpg")])
        assert done.exit_code == 1
        assert "is not the result of the record" in done.output

    def test_keys_are_read_from_a_file(
        self, file: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        right, wrong = tmp_path / "right.json", tmp_path / "wrong.json"
        right.write_text(Auditor(home).keys.model_dump_json())
        wrong.write_text(AuditKeys(keys=[]).model_dump_json())
        monkeypatch.setenv("BLURLINE_HOME", str(tmp_path / "elsewhere"))
        assert CliRunner().invoke(app, ["verify", str(file), "--keys", str(right)]).exit_code == 0
        assert isinstance(CliRunner().invoke(app, ["verify", str(file), "--keys", str(wrong)]).exception, RecordRefused)
