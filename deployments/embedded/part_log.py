"""The log file of a part: what the part writes to its output, rotated by size while it runs."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import threading
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import IO

_LIMIT_BYTES = 20_000_000
_LONGEST_LINE_BYTES = 1 << 16
_PIPE_BYTES = 1 << 20


class PartLog:
    """A log file and the previous one, `NAME.log` and `NAME.log.1`. Lines that cannot be written are dropped."""

    def __init__(self, path: Path, limit_bytes: int = _LIMIT_BYTES) -> None:
        self._file = _Rotated(path, maxBytes=limit_bytes, backupCount=1, encoding="utf-8", delay=True)
        self._readers: list[threading.Thread] = []

    def follow(self, output: IO[bytes]) -> None:
        """Copy the output of a process in a thread, until the process and its children have closed it."""
        with contextlib.suppress(AttributeError, OSError):  # Linux only: a part can write on while this process waits
            fcntl.fcntl(output, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        reader = threading.Thread(target=self._copy, args=(output,), daemon=True)
        reader.start()
        self._readers = [each for each in self._readers if each.is_alive()] + [reader]

    def close(self, timeout_s: float = 2) -> None:
        """Wait until everything has been copied, and close the file."""
        for reader in self._readers:
            reader.join(timeout_s)
        self._file.close()

    def _copy(self, output: IO[bytes]) -> None:
        with output:
            for line in iter(lambda: output.readline(_LONGEST_LINE_BYTES), b""):
                text = line.decode(errors="replace").removesuffix("\n")
                self._file.handle(logging.makeLogRecord({"msg": text}))


class _Rotated(RotatingFileHandler):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Ignore it: on a full disk the parts run on."""
