"""Run the embedded stack in the foreground: `blurline up`."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.table import Table

from blurline.observability.logs import configure_logs
from deployments.embedded.free_space import check_free_space
from deployments.embedded.stack import EmbeddedStack

console = Console(soft_wrap=True)

_WATCH_S = 0.2


class Stopped(Exception):
    """SIGINT or SIGTERM arrived."""


def run_until_signal(home: Path, workers: int | None) -> None:
    """Start the stack, print its addresses, restart parts that die, and stop it on SIGINT or SIGTERM."""
    with running_stack(home, workers) as stack:
        print_addresses(stack)
        watch(stack, until=lambda: False)


@contextmanager
def running_stack(home: Path, workers: int | None) -> Iterator[EmbeddedStack]:
    """Start the stack, and stop it at the end of the block. A signal ends the block without an error."""
    configure_logs("WARNING")
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    warning = check_free_space(home)
    stack = EmbeddedStack(home, workers)
    started = time.monotonic()
    try:
        console.print(f"Starting Blurline in {home.absolute()} …")
        if warning:
            console.print(f"[bold]Warning:[/bold] {warning}")
        stack.start(_print_ready)
        console.print(f"Ready after {time.monotonic() - started:.1f} s.")
        yield stack
    except Stopped:
        console.print("Stopping …")
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        stack.stop()


def watch(stack: EmbeddedStack, until: Callable[[], bool]) -> None:
    """Restart parts that die, until the condition holds or a signal arrives (Stopped)."""
    while not until():
        stack.watch()
        time.sleep(_WATCH_S)


def print_addresses(stack: EmbeddedStack) -> None:
    """Print the addresses and how to stop the stack."""
    addresses = stack.addresses
    table = Table(show_header=False, box=None, padding=(0, 2))
    table.add_row("API docs", f"{addresses.api}/docs")
    table.add_row("Dashboard", addresses.dashboard)
    table.add_row("Prefect UI", addresses.prefect_ui)
    if addresses.is_own_prefect:
        table.add_row("", "user and password: blurline prefect-password")
    table.add_row("Metrics", f"{addresses.api_metrics}  {addresses.worker_metrics}")
    console.print(table)
    _print_sign_in(stack)
    console.print("Press Ctrl-C to stop. The data are kept.")


def _print_sign_in(stack: EmbeddedStack) -> None:
    """Print how to sign in at the dashboard. A link is a secret for ten minutes, so it is not written to a log file."""
    if not stack.accepts_links:
        return
    if console.is_terminal:
        console.print("Sign in at the dashboard with this link, once and within ten minutes:")
        console.print(f"  {stack.dashboard_link()}", soft_wrap=True, highlight=False)
        console.print("For another link, run `blurline dashboard-link`.")
    else:
        console.print("To sign in at the dashboard, open the link that `blurline dashboard-link` prints.")


def _print_ready(part: str, after_s: float) -> None:
    console.print(f"  {part}: ready after {after_s:.1f} s", highlight=False)


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise Stopped
