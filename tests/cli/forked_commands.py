"""Runs many `blurline` commands for the price of one start: every module is imported once, each command is a fork.

As a program, it reads a JSON list of commands from standard input and writes their outcomes to standard output.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

_AT_ONCE = 6
_LIMIT_S = 120
_IMPORTED = (
    "api.app",
    "blurline.cli.command",
    "blurline.client",
    "dashboard.serve",
    "deployments.backup.restoring",
    "deployments.backup.taking",
    "deployments.containers.first_secrets",
    "deployments.create_buckets",
    "deployments.deploy",
    "deployments.doctor",
    "deployments.embedded.demo",
    "deployments.embedded.storage",
    "deployments.prefect_server",
    "deployments.worker.start",
    "flows.cancel_rerun",
    "flows.rerun_backlog",
    "models",
    "sql.access.sign_in_links",
    "sql.upkeep.consistency",
    "uvicorn",
)
"""What the commands import when they run."""


@dataclass(frozen=True, slots=True)
class Command:
    """The arguments of a command, and the variables of its environment that are not those of the tests."""

    arguments: Sequence[str]
    variables: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command has ended; the exit code is negative for a signal."""

    exit_code: int
    said: str

    @property
    def is_one_line(self) -> bool:
        """Whether it has failed with one line of our own, which is the last; progress and retries may precede it."""
        lines = self.said.strip().splitlines()
        ours = [line for line in lines if line.startswith("blurline: ")]
        return self.exit_code == 1 and len(ours) == 1 and lines[-1] == ours[0]


def run_all(commands: Sequence[Command]) -> list[Outcome]:
    """Run the commands, several at a time, and return their outcomes in order."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.cli.forked_commands"],
        input=json.dumps([asdict(each) for each in commands]),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return [Outcome(**each) for each in json.loads(done.stdout)]


def _serve() -> None:
    for name in _IMPORTED:
        importlib.import_module(name)
    given = json.load(sys.stdin)
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("BLURLINE_", "PREFECT_"))}
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / str(number) for number in range(len(given))]
        running: dict[int, int] = {}
        codes: dict[int, int] = {}
        for number, each in enumerate(given):
            if len(running) == _AT_ONCE:
                _reap(running, codes)
            child = os.fork()
            if child == 0:
                _become(each, clean, paths[number])
            running[child] = number
        while running:
            _reap(running, codes)
        outcomes = [asdict(Outcome(codes[number], path.read_text())) for number, path in enumerate(paths)]
    json.dump(outcomes, sys.stdout)


def _reap(running: dict[int, int], codes: dict[int, int]) -> None:
    child, status = os.wait()
    codes[running.pop(child)] = os.waitstatus_to_exitcode(status)


def _become(given: dict[str, object], clean: dict[str, str], path: Path) -> None:
    """Run one command in this process, and end it."""
    from blurline.cli.command import main

    code = 0
    with path.open("w") as file:
        for number in (1, 2):
            os.dup2(file.fileno(), number)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        signal.alarm(_LIMIT_S)
        os.environ.clear()
        os.environ.update(clean | dict(given["variables"]))  # type: ignore[call-overload]
        sys.argv = ["blurline", *given["arguments"]]  # type: ignore[misc]
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        except BaseException:
            import traceback

            traceback.print_exc()
            code = 70
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    _serve()
