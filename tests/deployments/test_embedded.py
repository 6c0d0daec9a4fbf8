from __future__ import annotations

from pathlib import Path

import pytest

from blurline.errors import ConfigurationError
from deployments.embedded.stack import EmbeddedStack


def test_a_part_whose_address_a_file_says_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setenv("BLURLINE_SECRETS_DIR", str(tmp_path / "secrets"))
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "PREFECT_API_URL").write_text("https://prefect.test/api\n")
    stack = EmbeddedStack(tmp_path / "home")
    addresses = stack.addresses
    stack.stop()
    assert addresses.prefect_ui == "https://prefect.test"
    assert addresses.prefect_password == ""


def test_prefect_is_never_put_among_the_tables_of_a_database_of_your_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BLURLINE_DATABASE_URL", "postgresql://ann@db.test/blurline")
    with pytest.raises(ConfigurationError, match="Set BLURLINE_PREFECT_DATABASE_URL"):
        EmbeddedStack(tmp_path)
