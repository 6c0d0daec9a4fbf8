from __future__ import annotations

import time
from pathlib import Path

import psutil
import pytest

from blurline.errors import ConfigurationError
from deployments.embedded.stack import EmbeddedStack
from tests.servers import running_servers
from tests.waiting import wait_for


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


def test_an_idle_store_rests_also_after_a_restart(tmp_path: Path) -> None:
    """By default it would wake thousands of times a second: findings/seaweedfs-raft-never-rests.sh."""
    with running_servers(tmp_path):
        pass
    with running_servers(tmp_path):
        store = next(each for each in psutil.Process().children() if f"-dir={tmp_path / 'store'}" in each.cmdline())
        wait_for("the store rests", lambda: _wakes(store, measured_s=2) < 500)


def _wakes(process: psutil.Process, measured_s: float) -> float:
    """How often a second the threads of a process go to sleep."""
    before, started = _switches(process.pid), time.monotonic()
    time.sleep(measured_s)
    return (_switches(process.pid) - before) / (time.monotonic() - started)


def _switches(pid: int) -> int:
    """The voluntary context switches of all threads; psutil counts those of one."""
    lines = [line for path in Path(f"/proc/{pid}/task").glob("*/status") for line in path.read_text().splitlines()]
    return sum(int(line.split()[1]) for line in lines if line.startswith("voluntary_ctxt_switches"))
