"""A worker process as the worker sees it: start it, send an order, await its report, cancel, end."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import time
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

from deployments.worker.worker_process_main import CANCEL_SIGNAL, Report, RunOrder, main

_SPAWN = multiprocessing.get_context("spawn")
_END_TIMEOUT_S = 5


class WorkerProcessDied(Exception):
    """The process ended without a report. ``exit_code`` is that of multiprocessing (-9 for SIGKILL)."""

    def __init__(self, exit_code: int) -> None:
        super().__init__(f"exit code {exit_code}")
        self.exit_code = exit_code


class WorkerProcess:
    """One long-lived process. Not running until `start` has been awaited; a run that exceeds the deadline is late.

    ``niceness``: how far its priority is below that of other processes.
    """

    def __init__(self, run_deadline_s: float, *, loads_models: bool = True, niceness: int = 0) -> None:
        self._process: SpawnProcess | None = None
        self._pipe: Connection | None = None
        self._run_deadline_s, self._loads_models, self._niceness = run_deadline_s, loads_models, niceness
        self._run_began_s = 0.0
        self.runs = 0
        self.is_spent = False

    @property
    def pid(self) -> int:
        """The process id; 0 before the start."""
        return (self._process.pid or 0) if self._process else 0

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.is_alive()

    @property
    def is_late(self) -> bool:
        """Whether its current run has exceeded its deadline."""
        return time.monotonic() - self._run_began_s > self._run_deadline_s

    async def start(self) -> Report:
        """Start the process and wait until it is ready. Raises WorkerProcessDied."""
        self._pipe, theirs = _SPAWN.Pipe()
        arguments = (theirs, os.getpid(), self._loads_models, self._niceness)
        self._process = _SPAWN.Process(target=main, args=arguments, daemon=True)
        self._process.start()
        theirs.close()
        self.runs, self.is_spent = 0, False
        return await self._report()

    async def run(self, order: RunOrder) -> Report:
        """Send an order and wait for its report. Raises WorkerProcessDied."""
        assert self._pipe is not None
        self.runs += 1
        self._run_began_s = time.monotonic()
        try:
            self._pipe.send(order)
        except OSError as error:
            raise WorkerProcessDied(await self._exit_code()) from error
        return await self._report()

    def cancel(self) -> None:
        """Cancel the current run, if any."""
        if self._process and self._process.is_alive():
            os.kill(self.pid, CANCEL_SIGNAL)

    def kill(self) -> None:
        """Kill the process."""
        if self._process and self._process.is_alive():
            self._process.kill()

    async def end(self) -> None:
        """End an idle process cleanly, and a busy one by force."""
        if self._pipe is not None and self._process is not None:
            with contextlib.suppress(OSError):
                self._pipe.send(None)
            await asyncio.to_thread(self._process.join, _END_TIMEOUT_S)
            self.kill()
            self._pipe.close()

    async def _report(self) -> Report:
        pipe = self._pipe
        assert pipe is not None
        loop = asyncio.get_running_loop()
        arrived: asyncio.Future[None] = loop.create_future()
        loop.add_reader(pipe.fileno(), _settle, arrived)
        try:
            await arrived
        finally:
            loop.remove_reader(pipe.fileno())
        try:
            report: Report = pipe.recv()
        except (EOFError, OSError) as error:
            raise WorkerProcessDied(await self._exit_code()) from error
        return report

    async def _exit_code(self) -> int:
        assert self._process is not None
        await asyncio.to_thread(self._process.join, _END_TIMEOUT_S)
        return self._process.exitcode if self._process.exitcode is not None else 1


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
