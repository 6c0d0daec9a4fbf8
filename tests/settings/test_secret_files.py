from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from blurline.errors import ConfigurationError
from blurline.settings import STACK_FILE, export_prefect, load_settings


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of secrets of this process, empty."""
    folder = tmp_path / "secrets"
    folder.mkdir()
    monkeypatch.setenv("BLURLINE_HOME", str(tmp_path))
    monkeypatch.setenv("BLURLINE_SECRETS_DIR", str(folder))
    return folder


def test_a_setting_is_read_from_the_file_named_like_its_variable(folder: Path) -> None:
    (folder / "BLURLINE_DATABASE_URL").write_text("postgresql://ann:hush @db/blurline\n")
    (folder / "BLURLINE_S3_ACCESS_KEY").write_text("key")
    (folder / "BLURLINE_S3_SECRET_KEY").write_text(" with spaces \r\n")
    (folder / "BLURLINE_ALLOWED_ORIGINS").write_text("https://a, https://b\n")
    settings = load_settings()
    assert settings.database.conninfo == "postgresql://ann:hush @db/blurline"
    assert settings.store.keys == ("key", " with spaces ")
    assert settings.access.allowed_origins == ("https://a", "https://b")


def test_the_environment_takes_precedence_over_files_and_files_over_a_running_stack(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / STACK_FILE).write_text("BLURLINE_S3_REGION=stack\nBLURLINE_LOG_LEVEL=DEBUG\nBLURLINE_WORK_POOL=own\n")
    (folder / "BLURLINE_S3_REGION").write_text("file\n")
    (folder / "BLURLINE_LOG_LEVEL").write_text("ERROR\n")
    monkeypatch.setenv("BLURLINE_S3_REGION", "environment")
    settings = load_settings()
    assert (settings.store.s3_region, settings.log_level, settings.prefect.work_pool) == ("environment", "ERROR", "own")


def test_prefect_gets_the_settings_in_its_files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PREFECT_API_URL", "PREFECT_API_AUTH_STRING", "PREFECT_API_KEY"):
        monkeypatch.setenv(name, "")  # so that it is put back
        monkeypatch.delenv(name)
    (folder / "PREFECT_API_AUTH_STRING").write_text("admin:hush\n")
    settings = load_settings()
    assert settings.prefect.auth == ("admin", "hush")
    export_prefect(settings)
    assert os.environ["PREFECT_API_AUTH_STRING"] == "admin:hush"


def test_the_links_of_kubernetes_beside_the_files_are_ignored(folder: Path) -> None:
    current = folder / "..2026_11_25"
    current.mkdir()
    (current / "BLURLINE_S3_REGION").write_text("here")
    (folder / "..data").symlink_to(current.name)
    (folder / "BLURLINE_S3_REGION").symlink_to("..data/BLURLINE_S3_REGION")
    assert load_settings().store.s3_region == "here"


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("BLURLINE_DATABSE_URL", b"x", "is not a Blurline setting.*Did you mean BLURLINE_DATABASE_URL?"),
        ("blurline_database_url", b"x", "Did you mean BLURLINE_DATABASE_URL?"),
        ("postgres_password", b"x", "is not a Blurline setting.*`blurline settings` lists"),
        ("BLURLINE_METRICS_TOKEN", b"\n", "BLURLINE_METRICS_TOKEN is empty"),
        ("BLURLINE_METRICS_TOKEN", b"\xff\xfe", "BLURLINE_METRICS_TOKEN is not UTF-8 text"),
        ("BLURLINE_MAX_FILE_MB", b"huge", "BLURLINE_MAX_FILE_MB: .*valid number"),
    ],
)
def test_an_unknown_or_invalid_secret_file_is_refused(folder: Path, name: str, content: bytes, sentence: str) -> None:
    (folder / name).write_bytes(content)
    with pytest.raises(ConfigurationError, match=sentence):
        load_settings()


def test_a_file_or_folder_that_cannot_be_read_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "BLURLINE_S3_SECRET_KEY").mkdir()
    with pytest.raises(ConfigurationError, match=r"BLURLINE_S3_SECRET_KEY cannot be read .*Make it readable"):
        load_settings()
    monkeypatch.setenv("BLURLINE_SECRETS_DIR", str(folder / "absent"))
    with pytest.raises(ConfigurationError, match=r"absent cannot be read .*Mount it there"):
        load_settings()


def test_the_settings_command_shows_settings_and_no_secret(folder: Path) -> None:
    (folder / "BLURLINE_S3_SECRET_KEY").write_text("hush\n")
    (folder / "BLURLINE_S3_REGION").write_text("there\n")
    done = subprocess.run(
        [sys.executable, "-m", "blurline", "settings"], capture_output=True, text=True, check=True, env=os.environ
    )
    assert "BLURLINE_S3_REGION=there" in done.stdout
    assert "hush" not in done.stdout
