from __future__ import annotations

from pathlib import Path

import pytest

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
