"""The output of `docker compose config` for our files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any


def compose_config(folder: Path, *files: str) -> dict[str, Any]:
    """The output of `docker compose config` for the files in a copy of their folder."""
    options = [word for file in files or ("compose.yaml",) for word in ("--file", str(folder / file))]
    command = [str(Path(sys.executable).with_name("docker-compose")), *options, "--profile", "setup", "config"]
    done = subprocess.run([*command, "--format", "json"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    config: dict[str, Any] = json.loads(done.stdout)
    return config
