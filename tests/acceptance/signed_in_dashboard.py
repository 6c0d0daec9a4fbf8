"""A dashboard at which people sign in at an OpenID Connect issuer, as an operator starts it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.running_process import running_process


@contextmanager
def running_dashboard(home: Path, port: int, **variables: str) -> Iterator[str]:
    """The URL of the dashboard at this port, whose settings are only these variables."""
    url = f"http://127.0.0.1:{port}"
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("BLURLINE_", "PREFECT_"))} | {
        "BLURLINE_HOME": str(home),
        "BLURLINE_DASHBOARD_URL": url,
        "BLURLINE_DASHBOARD_COOKIE_SECRET": "c" * 32,
        **variables,
    }
    command = [sys.executable, "-m", "blurline", "dashboard", "--port", str(port)]
    health = f"{url}/_stcore/health"
    with running_process("the dashboard", health, command, env=environment, stderr=subprocess.DEVNULL):
        yield url
