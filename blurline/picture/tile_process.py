"""Cuts the tiles of a file in a process of its own, which has a limit of memory and returns all of it at its end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from blurline.errors import PermanentError
from blurline.limits import Limits

REFUSED = 3
"""The exit code of the process when the file cannot be cut. Its output then says why."""
_CUTTER = "blurline.picture.tile_cutter"
_LONGEST_S = 120
_PASSED_ON = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "TMPDIR", "LANG")


class CannotBeCut(PermanentError):
    """A picture cannot be cut into tiles: it is damaged, or too large for the memory that cutting may take."""

    code = "tiles_missing"


def cut_file(source: Path, target: Path, limits: Limits, *, merges: bool) -> None:
    """Cut the picture at ``source`` into a file of tiles at ``target``. Raises CannotBeCut.

    With ``merges``, identical consecutive frames of an animation are one, as in the pipeline.
    """
    options = json.dumps({"limits": asdict(limits), "merges": merges})
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}  # without any secret
    command = [sys.executable, "-m", _CUTTER, str(source), str(target), options]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, timeout=_LONGEST_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise CannotBeCut(f"The picture takes longer than {_LONGEST_S} seconds to cut. Download the file.") from error
    if done.returncode == REFUSED:
        raise CannotBeCut(done.stdout.decode(errors="replace"))
    if done.returncode != 0:
        raise CannotBeCut("The picture cannot be cut into tiles. Download the file to see it at full size.")
