"""The data folder of the embedded stack: its lock, secrets, ports, and the record of running processes."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import socket
from pathlib import Path
from typing import Any

import psutil

from blurline.errors import ConfigurationError

_SECRETS = (
    "database_password",
    "s3_access_key",
    "s3_secret_key",
    "prefect_password",
    "metrics_token",
    "store_jwt_write",
    "store_jwt_read",
    "store_jwt_filer_write",
    "store_jwt_filer_read",
)


class Home:
    """A data folder, locked for one stack. Raises ConfigurationError when another stack uses it."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = (self.path / "lock").open("a+")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._lock.seek(0)
            raise ConfigurationError(
                f"A Blurline stack (process {self._lock.read().strip() or 'unknown'}) already runs on {self.path}. "
                "Stop it first, or set BLURLINE_HOME to another folder."
            ) from error
        self._lock.truncate(0)
        self._lock.write(f"{os.getpid()}\n")
        self._lock.flush()

    def release(self) -> None:
        """Release the lock."""
        self._lock.close()

    def folder(self, name: str) -> Path:
        """A subfolder, created if it is missing, for its owner only."""
        folder = self.path / name
        folder.mkdir(exist_ok=True, mode=0o700)
        return folder

    def write_private(self, name: str, text: str) -> Path:
        """Write a file atomically, readable only by its owner (0600)."""
        path, draft = self.path / name, self.path / f"{name}.new"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
        draft.replace(path)
        return path

    def secrets(self) -> dict[str, str]:
        """The secrets of this folder, generated at the first start."""
        known = _read(self.path / "secrets.json")
        missing = {name: secrets.token_hex(24) for name in _SECRETS if name not in known}
        if missing:
            self.write_private("secrets.json", json.dumps(known | missing, indent=1))
        return known | missing

    def ports(self, wanted: dict[str, int]) -> dict[str, int]:
        """A free port of 127.0.0.1 for each name: that of the last start, the wanted one, or any."""
        last = recorded_ports(self.path)
        chosen: dict[str, int] = {}
        for name, default in wanted.items():
            chosen[name] = _free_port([*filter(None, (last.get(name), default))], set(chosen.values()))
        self.write_private("ports.json", json.dumps(chosen, indent=1))
        return chosen

    def record(self, processes: dict[str, int]) -> None:
        """Record the running processes (name -> process id), for `end_leftovers` after a crash."""
        kept = {}
        for name, pid in processes.items():
            try:
                kept[name] = {"pid": pid, "created": psutil.Process(pid).create_time()}
            except psutil.NoSuchProcess:
                continue
        self.write_private("processes.json", json.dumps(kept, indent=1))

    def end_leftovers(self, timeout_s: float = 10) -> None:
        """End processes that an earlier supervisor of this folder left running, and their children."""
        found = [process for processes in recorded_processes(self.path).values() for process in processes]
        for process in found:
            _signal(process.terminate)
        _, alive = psutil.wait_procs(found, timeout=timeout_s)
        for process in alive:
            _signal(process.kill)
        psutil.wait_procs(alive, timeout=timeout_s)


def recorded_processes(home: Path) -> dict[str, list[psutil.Process]]:
    """The running parts of a data folder by name, each with its process and all descendants."""
    found: dict[str, list[psutil.Process]] = {}
    for name, entry in _read(home / "processes.json").items():
        try:
            process = psutil.Process(entry["pid"])
            if process.create_time() == entry["created"]:
                found[name] = [process, *process.children(recursive=True)]
        except psutil.NoSuchProcess:
            continue
    return found


def recorded_ports(home: Path) -> dict[str, int]:
    """The ports of a data folder's last start."""
    return _read(home / "ports.json")


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return content


def _signal(send: Any) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        send()


def _free_port(candidates: list[int], taken: set[int]) -> int:
    for port in (*candidates, 0):
        if port in taken:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            found: int = probe.getsockname()[1]
            if found not in taken:
                return found
    return _free_port([0], taken)
