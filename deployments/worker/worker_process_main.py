"""The main function of a worker process, which runs flow runs one after another in its main thread.

Flow and models are loaded before it reports ready, unless it runs flows that process no pictures. Between runs it keeps
the memory of the last pictures for the next ones; when it is idle, it returns that memory to the system. A cancellation
arrives as SIGUSR1 and ends the current run, not the process. When the worker dies, the kernel (Linux) or the closed
pipe ends the process.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
import traceback
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing.connection import Connection
from types import FrameType
from typing import TYPE_CHECKING, Any, Literal

import structlog

from deployments.worker.priority import lower_priority
from deployments.worker.run_metrics import Totals, totals

if TYPE_CHECKING:
    from blurline.settings import Settings

CANCEL_SIGNAL = signal.SIGUSR1
_PR_SET_PDEATHSIG = 1
_IDLE_AFTER_S = 3.0

Outcome = Literal["ready", "completed", "failed", "cancelled", "broken"]


@dataclass(frozen=True, slots=True)
class RunOrder:
    """One flow run to run: Prefect's FlowRun as JSON, and the entrypoint and version of its flow."""

    flow_run_json: str
    entrypoint: str
    version: str


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of an order, or of the start."""

    outcome: Outcome
    peak_rss_mb: float
    totals: Totals
    error: str = ""


def main(pipe: Connection, parent_pid: int, loads_models: bool, niceness: int) -> None:
    """Report ready, then serve orders until the pipe closes or None arrives."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _die_with_parent(parent_pid)
    runner = _Runner(loads_models)
    if niceness:
        lower_priority(niceness)
    pipe.send(_report("ready"))
    while True:
        try:
            if not pipe.poll(_IDLE_AFTER_S):
                runner.rest()
            order: RunOrder | None = pipe.recv()
        except (EOFError, OSError):
            order = None
        if order is None:
            runner.end()
            return
        pipe.send(runner.run(order))


class _Runner:
    def __init__(self, loads_models: bool) -> None:
        from prefect.exceptions import Abort

        from blurline.observability.logs import configure_logs
        from blurline.observability.traces import configure_traces
        from blurline.settings import load_settings

        class Cancelled(Abort):
            """Raised in the run to cancel it."""

        self._cancelled = Cancelled
        self._flows: dict[tuple[str, str], Any] = {}
        self._client = ExitStack()
        self._is_armed = False
        self._settings = settings = load_settings()
        self._loads_models = loads_models
        configure_logs(settings.log_level)
        configure_traces("blurline-worker")
        if loads_models:
            _load(settings)
        signal.signal(CANCEL_SIGNAL, self._on_cancel)

    def run(self, order: RunOrder) -> Report:
        from prefect.client.schemas.objects import FlowRun
        from prefect.exceptions import Abort, Pause
        from prefect.flow_engine import run_flow
        from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

        try:
            self._keep_client()
            flow = self._flow(order)
            # Without a deployment, the run starts no observer for suspension (a thread and a WebSocket per run).
            flow_run = FlowRun.model_validate_json(order.flow_run_json).model_copy(update={"deployment_id": None})
            # Joining the heartbeat thread takes up to a second; the worker sends the heartbeats instead.
            with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
                structlog.contextvars.clear_contextvars()
                structlog.contextvars.bind_contextvars(flow_run_id=str(flow_run.id))
                self._is_armed = True
                state: Any = run_flow(flow, flow_run=flow_run, return_type="state")
        except self._cancelled:
            self._client.close()  # the signal may have interrupted a request
            return _report("cancelled")
        except (Abort, Pause) as signal_:
            return _report("failed", repr(signal_))
        except Exception:
            return _report("broken", traceback.format_exc())
        finally:
            self._is_armed = False
        if state.is_cancelling():  # Prefect does not let it end otherwise
            return _report("cancelled")
        return _report("completed" if state.is_completed() else "failed")

    def rest(self) -> None:
        """Return the memory of finished pictures to the system."""
        if self._loads_models:
            from models import release_memory

            release_memory(self._settings)

    def end(self) -> None:
        """Send the remaining traces."""
        from blurline.observability.traces import end_traces

        self._client.close()
        end_traces()

    def _keep_client(self) -> None:
        """Have all runs use one client of Prefect's: making one reads all certificates, which takes 15 ms."""
        from prefect.context import SyncClientContext

        if SyncClientContext.get() is None:
            self._client.enter_context(SyncClientContext())

    def _flow(self, order: RunOrder) -> Any:
        from prefect.flows import load_flow_from_entrypoint

        key = (order.entrypoint, order.version)
        if key not in self._flows:
            self._flows[key] = load_flow_from_entrypoint(order.entrypoint, use_placeholder_flow=False)
        return self._flows[key]

    def _on_cancel(self, _signal: int, _frame: FrameType | None) -> None:
        if self._is_armed:
            self._is_armed = False
            raise self._cancelled("Cancelled")


def _load(settings: Settings) -> None:
    """Import what processes pictures and load the models, before the first run."""
    import flows.anonymize  # noqa: F401
    from blurline.picture.malloc_tuning import tune_malloc
    from models import load_detectors

    tune_malloc()
    load_detectors(settings)


def _report(outcome: Outcome, error: str = "") -> Report:
    return Report(outcome, _peak_rss_mb(), totals(), error)


def _die_with_parent(parent_pid: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent_pid:
        sys.exit(1)


def _peak_rss_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20) if sys.platform == "darwin" else peak / 1024
