from __future__ import annotations

import json
import stat
import tomllib
from pathlib import Path

import pytest

from blurline.access.tokens import LocalIssuer, Scope
from blurline.errors import ConfigurationError
from blurline.settings import SETTINGS
from blurline.settings.secret_files import read_secrets
from deployments.containers.first_secrets import make_secrets


def test_secrets_are_created_once_for_the_folders_owner_and_every_container(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    made = make_secrets(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in made} == {0o444}
    assert sorted(folder.iterdir()) == sorted(made)
    before = {path: path.read_bytes() for path in made}
    (folder / "BLURLINE_METRICS_TOKEN").unlink()
    assert make_secrets(folder) == [folder / "BLURLINE_METRICS_TOKEN"]
    changed = {path for path in made if path.read_bytes() != before[path]}
    assert changed == {folder / "BLURLINE_METRICS_TOKEN"}


def test_the_secrets_of_the_parts_fit_each_other(tmp_path: Path) -> None:
    text = {path.name: path.read_text() for path in make_secrets(tmp_path)}
    for name in ("BLURLINE_DATABASE_URL", "BLURLINE_PREFECT_DATABASE_URL"):
        assert f":{text['postgres_password']}@postgres:5432/" in text[name]
    assert text["BLURLINE_DATABASE_URL"] != text["BLURLINE_PREFECT_DATABASE_URL"]
    [identity] = json.loads(text["store_identities.json"])["identities"]
    [keys] = identity["credentials"]
    assert (keys["accessKey"], keys["secretKey"]) == (text["BLURLINE_S3_ACCESS_KEY"], text["BLURLINE_S3_SECRET_KEY"])
    security = tomllib.loads(text["store_security.toml"])
    tables = security["jwt"].values()
    assert len({table["key"] for table in tables} | {table["read"]["key"] for table in tables}) == 4
    assert {security["grpc"]["ca"], *security["grpc"]["s3"].values()} == {"/run/secrets/store_door.pem"}


def test_every_file_named_like_a_variable_is_a_setting_and_the_keys_sign(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    for path in make_secrets(tmp_path / "all"):
        if path.name.isupper() or path.name.startswith(("BLURLINE_", "PREFECT_")):
            path.rename(own / path.name)
    assert read_secrets(own, SETTINGS)
    issuer = LocalIssuer(tmp_path / "all")
    assert issuer.verify(issuer.issue("ann", [Scope.SUBMIT], 60)).owner == "ann"


def test_a_folder_that_cannot_be_created_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match=r"secrets cannot be written to .*Run this as the user who owns"):
        make_secrets(tmp_path / "file" / "secrets")
