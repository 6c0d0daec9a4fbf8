from __future__ import annotations

from pathlib import Path

import pytest

from blurline.access.signing_key import load_or_create_key
from blurline.errors import ConfigurationError


def test_a_key_is_created_once(tmp_path: Path) -> None:
    path = tmp_path / "home" / "key.pem"
    first = load_or_create_key(path)
    assert load_or_create_key(path).private_bytes_raw() == first.private_bytes_raw()
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_key_that_cannot_be_read_or_created_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "home").touch()
    with pytest.raises(ConfigurationError, match=r"cannot be read or created .*Set BLURLINE_HOME"):
        load_or_create_key(tmp_path / "home" / "key.pem")
