"""The settings that name buckets, and what the doctor says about them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from blurline.settings import Settings
from deployments.doctor.imports import imports
from deployments.doctor.result import Severity
from tests.imports.buckets import Bucket

ARCHIVE = {"name": "archive", "endpoint": "https://s3.example.org", "bucket": "photos"}


def named(**variables: object) -> Settings:
    return Settings.of({f"BLURLINE_{name.upper()}": json.dumps(value) for name, value in variables.items()})


def test_several_buckets_are_named_as_json(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("hush\n")
    files = {"access_key_file": str(key), "secret_key_file": str(key)}
    settings = named(sources=[ARCHIVE, {**ARCHIVE, "name": "scans", "prefix": "a/", **files}])
    assert settings.imports.source("archive").keys() is None
    assert settings.imports.source("scans").keys() == ("hush", "hush")
    assert "hush" not in str(settings)


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"sources": [{**ARCHIVE, "prefix": "no-slash"}]}, "prefix"),
        ({"sources": [{**ARCHIVE, "endpoint": "s3.example.org"}]}, "must be http"),
        ({"sources": [{**ARCHIVE, "access_key_file": "/a"}]}, "needs both access_key_file and secret_key_file"),
        ({"sources": [ARCHIVE, ARCHIVE]}, "two buckets have the name archive"),
        ({"sources": {}}, "not a list of buckets"),
        ({"sources": [ARCHIVE], "destinations": [{**ARCHIVE, "name": "b"}]}, "never writes to a source"),
        (
            {"sources": [ARCHIVE], "destinations": [{**ARCHIVE, "name": "b", "prefix": "b/"}]},
            "never writes to a source",
        ),
        ({"destinations": [{**ARCHIVE, "name": "b", "prefix": "b/"}, ARCHIVE]}, "b lies in the destination archive"),
        ({"destinations": [ARCHIVE, {**ARCHIVE, "name": "b"}]}, "could replace each other"),
    ],
)
def test_a_wrong_bucket_is_refused(variables: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        named(**variables)


def test_blurlines_own_buckets_are_neither_sources_nor_destinations() -> None:
    own = {**ARCHIVE, "bucket": "blurline-originals"}
    for variable in ("BLURLINE_SOURCES", "BLURLINE_DESTINATIONS"):
        with pytest.raises(ValueError, match="one of Blurline's own"):
            Settings.of({"BLURLINE_S3_ENDPOINT": "https://s3.example.org", variable: json.dumps([own])})


def test_the_doctor_says_whether_a_source_can_be_read(importing: Settings, source: Bucket) -> None:
    importing = importing.replace(sources=(source.setting,), destinations=())
    assert [each.severity for each in imports(importing)] == [Severity.WARNING], "it is empty"
    source.put("a.jpg")
    assert [(each.name, each.severity) for each in imports(importing)] == [("imports.source.archive", Severity.OK)]
    source.key_files[0].unlink()
    (finding,) = imports(importing)
    assert finding.severity is Severity.ERROR
    assert "The key file" in finding.says and finding.remedy is not None
