"""Cuts the tiles of a file in a process of its own, which has a limit of memory and returns all of it at its end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
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


class Cutter:
    """Cuts files into tiles, each in a process of its own. For one thread at a time.

    The process for the next file is started with that of this one and waits: loading its modules takes longer than
    cutting a small picture.
    """

    def __init__(self) -> None:
        self._next: subprocess.Popen[str] | None = None

    def cut(self, source: Path, target: Path, limits: Limits, *, merges: bool) -> None:
        """Cut the picture at ``source`` into a file of tiles at ``target``. Raises CannotBeCut.

        With ``merges``, identical consecutive frames of an animation are one, as in the pipeline.
        """
        request = {"source": str(source), "target": str(target), "limits": asdict(limits), "merges": merges}
        process = self._waiting()
        try:
            refusal, _ = process.communicate(json.dumps(request), timeout=_LONGEST_S)
        except subprocess.TimeoutExpired as error:
            _end(process)
            raise CannotBeCut(
                f"The picture takes longer than {_LONGEST_S} seconds to cut. Download the file."
            ) from error
        if process.returncode == REFUSED:
            raise CannotBeCut(refusal)
        if process.returncode != 0:
            raise CannotBeCut("The picture cannot be cut into tiles. Download the file to see it at full size.")

    def close(self) -> None:
        """End the process that waits."""
        waiting, self._next = self._next, None
        if waiting is not None:
            _end(waiting)

    def _waiting(self) -> subprocess.Popen[str]:
        if self._next is None or self._next.poll() is not None:
            self.close()
            self._next = _start()
        waiting, self._next = self._next, None
        with suppress(OSError):  # this file need not fail because the next one will have to wait
            self._next = _start()
        return waiting


def _start() -> subprocess.Popen[str]:
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}  # without any secret
    return subprocess.Popen(
        [sys.executable, "-m", _CUTTER],
        env=kept | {"PYTHONUTF8": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
        errors="replace",
    )


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()
