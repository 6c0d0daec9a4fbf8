from __future__ import annotations

from pathlib import Path

import pytest

from blurline.access.noise_key import NOISE_KEY_FILE, load_noise_key, load_or_create_noise_key
from blurline.errors import ConfigurationError


def test_a_kept_key_stays_the_same_and_is_private(tmp_path: Path) -> None:
    path = tmp_path / "home" / NOISE_KEY_FILE
    key = load_or_create_noise_key(path)
    assert key.is_kept
    assert load_noise_key(tmp_path / "home") == key
    assert path.stat().st_mode & 0o777 == 0o600
    assert key.secret.hex() not in repr(key) and key.id not in key.secret.hex()


def test_installations_have_different_keys(tmp_path: Path) -> None:
    one, other = (load_or_create_noise_key(tmp_path / name / NOISE_KEY_FILE) for name in ("one", "other"))
    assert one.secret != other.secret and one.id != other.id


def test_without_a_file_a_process_has_one_key_and_writes_nothing(tmp_path: Path) -> None:
    key = load_noise_key(tmp_path)
    assert not key.is_kept and load_noise_key(tmp_path / "other") == key
    assert not list(tmp_path.iterdir())


def test_a_damaged_key_is_no_reason_to_use_another(tmp_path: Path) -> None:
    (tmp_path / NOISE_KEY_FILE).write_text("not a key")
    with pytest.raises(ConfigurationError):
        load_noise_key(tmp_path)
