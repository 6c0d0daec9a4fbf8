"""Compacts the embedded store on request."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from deployments.store_security import COMPACTION
from tests.waiting import TIMEOUT_S


def compact(home: Path) -> None:
    """Have the store do at once what it does by itself four times an hour; here for volumes on a full disk too."""
    threshold = COMPACTION["master.garbageThreshold"]
    volumes = sorted({path.stem.rpartition("_")[2] for path in (home / "store").glob("*.dat")})
    commands = [f"volume.vacuum -garbageThreshold={threshold} -volumeId={volume}" for volume in volumes]
    ports = json.loads((home / "ports.json").read_text())
    weed = [str(Path(sys.executable).with_name("weed")), f"-config_dir={home / 'store_configuration'}", "shell"]
    subprocess.run(
        [*weed, f"-master=127.0.0.1:{ports['store_master']}.{ports['store_master_grpc']}"],
        input="\n".join(["lock", *commands, "unlock\n"]),
        capture_output=True,
        text=True,
        check=True,
        timeout=TIMEOUT_S,
    )
