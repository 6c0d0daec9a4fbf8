"""The supervisor: starts parts, each once those that it needs are ready, restarts those that die, and stops them."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from blurline.errors import ConfigurationError
from deployments.embedded.home import Home
from deployments.embedded.part_log import PartLog

log = structlog.get_logger()

_LEASH = Path(__file__).with_name("leash.py")
_POLL_S = 0.1
_MAX_BACKOFF_S = 10.0


@dataclass(frozen=True, slots=True)
class Part:
    """A process of the stack.

    ``is_ready`` checks its health and must not block for long. ``once_ready`` is called when the part is first ready;
    then the parts that name it in ``needs`` start. It runs in ``folder``, by default the current one.
    ``stop_signal`` ends it cleanly; after ``stop_timeout_s`` it is killed. One that ``ends_by_kill`` always is, and at
    once when the supervisor dies.
    """

    name: str
    command: Sequence[str]
    is_ready: Callable[[], bool]
    environment: Mapping[str, str]
    once_ready: Callable[[], None] = lambda: None
    stop_signal: str = "SIGTERM"
    stop_timeout_s: float = 15
    ends_by_kill: bool = False
    ready_timeout_s: float = 300
    not_as_root: bool = False
    folder: Path | None = None
    needs: frozenset[str] = frozenset()


def names_of(parts: Iterable[Part]) -> frozenset[str]:
    """The names of parts, for what needs them."""
    return frozenset(part.name for part in parts)


@dataclass(slots=True)
class _Running:
    part: Part
    process: subprocess.Popen[bytes]
    started: float = field(default_factory=time.monotonic)
    first_started: float = field(default_factory=time.monotonic)
    first_asked: float | None = None
    restart_at: float | None = None
    failures: int = 0


class Supervisor:
    """Runs parts on a data folder."""

    def __init__(self, home: Home, parts: Sequence[Part]) -> None:
        unknown = frozenset[str]().union(*(part.needs for part in parts)) - names_of(parts)
        if unknown:
            raise ValueError(f"No part is called {', '.join(sorted(unknown))}.")
        self._home, self._parts = home, parts
        self._running: dict[str, _Running] = {}
        self._logs: dict[str, PartLog] = {}

    def start(self, on_ready: Callable[[str, float], None] = lambda _name, _after_s: None) -> None:
        """Start every part, and report each that is ready and set up, with the seconds since its start.

        Raises ConfigurationError when a part does not become ready.
        """
        ready: set[str] = set()
        while len(ready) < len(self._parts):
            for part in self._parts:
                if part.name not in self._running and part.needs <= ready:
                    self._running[part.name] = _Running(part, self._spawn(part))
                    self._record()
            for running in [each for each in self._running.values() if each.part.name not in ready]:
                if self._is_ready(running):
                    running.part.once_ready()
                    ready.add(running.part.name)
                    on_ready(running.part.name, time.monotonic() - running.first_started)
                    break  # what needs it starts before the next is asked
            else:
                time.sleep(_POLL_S)
            self.watch()

    def watch(self) -> None:
        """Restart parts that have died. Call it repeatedly."""
        now = time.monotonic()
        for running in self._running.values():
            if running.restart_at is None and running.process.poll() is not None:
                running.failures = 0 if now - running.started > 60 else running.failures + 1
                delay_s = min(0.2 * 2**running.failures, _MAX_BACKOFF_S)
                running.restart_at = now + delay_s
                log.warning("part_died", part=running.part.name, exit=running.process.returncode, restart_in_s=delay_s)
            elif running.restart_at is not None and now >= running.restart_at:
                running.process, running.started, running.restart_at = self._spawn(running.part), now, None
                self._record()

    def stop(self) -> None:
        """Stop every part and wait for it, in reverse order, so that each can still use the parts it needs."""
        for running in reversed(self._running.values()):
            if running.process.poll() is None:
                running.process.send_signal(signal.Signals[running.part.stop_signal])
            try:
                running.process.wait(running.part.stop_timeout_s)
            except subprocess.TimeoutExpired:
                if not running.part.ends_by_kill:
                    log.warning("part_killed", part=running.part.name)
                running.process.kill()
                running.process.wait()
        for part_log in self._logs.values():
            part_log.close()
        self._home.record({})

    def _spawn(self, part: Part) -> subprocess.Popen[bytes]:
        user = "not-root" if part.not_as_root else "same"
        death_signal = "SIGKILL" if part.ends_by_kill else part.stop_signal
        leash = [sys.executable, "-I", "-S", str(_LEASH), death_signal, user]
        process = subprocess.Popen(
            [*leash, *part.command],
            env=dict(part.environment),
            cwd=part.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        assert process.stdout is not None
        self._log(part).follow(process.stdout)
        return process

    def _log(self, part: Part) -> PartLog:
        return self._logs.setdefault(part.name, PartLog(self._log_path(part)))

    def _log_path(self, part: Part) -> Path:
        return self._home.folder("logs") / f"{part.name}.log"

    def _is_ready(self, running: _Running) -> bool:
        part = running.part
        if running.first_asked is None:  # others may have been set up since its start
            running.first_asked = time.monotonic()
        if part.is_ready():
            return True
        if time.monotonic() > running.first_asked + part.ready_timeout_s or running.failures > 5:
            path = self._log_path(part)
            tail = path.read_text(errors="replace")[-2000:] if path.exists() else "(it wrote nothing)"
            raise ConfigurationError(f"The {part.name} did not become ready. The end of its log:\n{tail}")
        return False

    def _record(self) -> None:
        self._home.record({name: running.process.pid for name, running in self._running.items()})
