from __future__ import annotations

from pathlib import Path

import pytest

from blurline.errors import ConfigurationError
from deployments.embedded.stack import EmbeddedStack


def test_a_part_with_its_address_in_a_secret_file_is_not_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setenv("BLURLINE_SECRETS_DIR", str(tmp_path / "secrets"))
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "PREFECT_API_URL").write_text("https://prefect.test/api\n")
    stack = EmbeddedStack(tmp_path / "home")
    addresses = stack.addresses
    stack.stop()
    assert addresses.prefect_ui == "https://prefect.test"
    assert not addresses.is_own_prefect


def test_prefect_never_shares_a_database_that_the_operator_provides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BLURLINE_DATABASE_URL", "postgresql://ann@db.test/blurline")
    with pytest.raises(ConfigurationError, match="Set BLURLINE_PREFECT_DATABASE_URL"):
        EmbeddedStack(tmp_path)
