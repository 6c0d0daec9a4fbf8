from __future__ import annotations

from pathlib import Path

import pytest

from blurline.errors import ConfigurationError
from blurline.settings import SETTINGS, STACK_FILE, Settings, check_variables, load_settings


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BLURLINE_HOME", str(tmp_path))
    load_settings.cache_clear()


def test_an_unknown_variable_is_an_error_that_names_the_nearest() -> None:
    with pytest.raises(ConfigurationError, match="Did you mean BLURLINE_DATABASE_URL"):
        check_variables({"BLURLINE_DATABSE_URL": "x"})


def test_a_wrong_value_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLURLINE_MAX_FILE_MB", "huge")
    with pytest.raises(ConfigurationError, match="BLURLINE_MAX_FILE_MB"):
        load_settings()


def test_retention_of_rows_shorter_than_of_their_objects_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLURLINE_KEEP_ROWS_DAYS", "10")
    assert load_settings().retention.rows_days == 10
    load_settings.cache_clear()
    monkeypatch.setenv("BLURLINE_KEEP_ORIGINALS_DAYS", "30")
    with pytest.raises(
        ConfigurationError, match=r"BLURLINE_KEEP_ROWS_DAYS \(10\) is less than BLURLINE_KEEP_ORIGINALS_DAYS"
    ):
        load_settings()


def test_a_missing_address_says_what_to_do() -> None:
    with pytest.raises(ConfigurationError, match=r"BLURLINE_DATABASE_URL is not set.*blurline up"):
        _ = load_settings().database.conninfo


def test_a_running_stack_is_found_and_the_environment_takes_precedence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / STACK_FILE).write_text("BLURLINE_S3_ENDPOINT=http://127.0.0.1:1\nBLURLINE_S3_REGION=here\n")
    monkeypatch.setenv("BLURLINE_S3_REGION", "there")
    settings = load_settings()
    assert settings.store.s3_endpoint == "http://127.0.0.1:1"
    assert settings.store.s3_region == "there"


def test_every_setting_is_described_and_secrets_are_masked() -> None:
    assert all(setting.field.description for setting in SETTINGS.values())
    assert "hush" not in str(Settings.of({"BLURLINE_S3_SECRET_KEY": "hush"}))


def test_people_see_the_public_address_of_the_api_if_it_is_set() -> None:
    assert Settings().replace(api_url="http://api:8000/").api.shown_url == "http://api:8000"
    assert (
        Settings().replace(api_url="http://api:8000", api_public_url="https://a.test/").api.shown_url
        == "https://a.test"
    )


def test_every_wrong_value_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLURLINE_MAX_FILE_MB", "huge")
    monkeypatch.setenv("BLURLINE_OUTBOUND_NETWORKS", "10.0.0.0/8, nowhere")
    with pytest.raises(ConfigurationError, match=r"BLURLINE_MAX_FILE_MB: .*; BLURLINE_OUTBOUND_NETWORKS: "):
        load_settings()


def test_settings_are_replaced_by_the_names_of_their_variables() -> None:
    before = Settings()
    after = before.replace(
        s3_region="here", s3_endpoint="http://a.test", prefect_api_url="http://p.test", log_level="ERROR"
    )
    assert (after.store.s3_region, after.store.s3_endpoint) == ("here", "http://a.test")
    assert (after.prefect.api_url, after.log_level) == ("http://p.test", "ERROR")
    assert (before, after.pictures) == (Settings(), before.pictures)
    with pytest.raises(KeyError):
        before.replace(s3_regoin="here")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("{oops", "BLURLINE_DETECTORS: not valid JSON"),
        ("{}", "BLURLINE_DETECTORS: not a list of detectors"),
        ('[{"name": "plates", "file": "a"}]', r"BLURLINE_DETECTORS\.0\.classes: Field required"),
        ('[{"name": "plates", "file": "a", "classes": {"0": "face"}}]', "BLURLINE_MODEL_FILE to replace"),
        ('[{"name": "plates", "file": "a", "classes": {"0": "Number plate"}}]', "should match pattern"),
        (
            '[{"name": "a", "file": "a", "classes": {"0": "x"}}, {"name": "b", "file": "b", "classes": {"1": "x"}}]',
            "both",
        ),
        (
            '[{"name": "a", "file": "a", "classes": {"0": "x"}}, {"name": "a", "file": "b", "classes": {"1": "y"}}]',
            "two",
        ),
    ],
)
def test_detectors_that_are_described_wrongly_are_refused(
    monkeypatch: pytest.MonkeyPatch, given: str, message: str
) -> None:
    monkeypatch.setenv("BLURLINE_DETECTORS", given)
    with pytest.raises(ConfigurationError, match=message):
        load_settings()
