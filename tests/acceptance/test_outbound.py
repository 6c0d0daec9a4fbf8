"""Nothing phones home: the whole stack and all its pages ask for no host that the operator did not configure."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.unconnected_visit import CONTROL_ADDRESS, CONTROL_NAME, NAMESERVER
from tests.dashboard.board_page import HAS_CHROMIUM
from tests.waiting import TIMEOUT_S

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(3 * TIMEOUT_S),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may make network namespaces"),
    pytest.mark.skipif(not (shutil.which("bwrap") and HAS_CHROMIUM), reason=".ci/run installs bwrap and chromium"),
]


def test_the_stack_and_its_pages_ask_for_no_foreign_host_and_leave_no_file_at_home(tmp_path: Path) -> None:
    resolver = tmp_path / "resolv.conf"
    resolver.write_text(f"nameserver {NAMESERVER}\n")
    done = subprocess.run(
        [
            *("bwrap", "--dev-bind", "/", "/", "--ro-bind", str(resolver), "/etc/resolv.conf"),
            *("--unshare-net", "--die-with-parent", "--cap-add", "ALL"),
            *(sys.executable, "-m", "tests.acceptance.unconnected_visit", str(tmp_path)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    assert found["states"] == ["needs_review"]
    assert found["pages"] > 30
    assert found["names"] == [CONTROL_NAME]
    assert found["addresses"] == [CONTROL_ADDRESS]
    assert found["left"] == []
