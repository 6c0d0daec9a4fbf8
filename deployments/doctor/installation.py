"""This machine: free disk space, permissions of the secrets in the data folder, and ports."""

from __future__ import annotations

import shutil
import socket
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil

from blurline.settings import Settings
from deployments.doctor.result import Finding, error, ok, warning
from deployments.embedded.home import recorded_ports, recorded_processes

_LITTLE_BYTES = 1_000_000_000
_SCANT_BYTES = 5_000_000_000
_SECRETS = ("*.pem", "secrets.json", "store.json", "stack.env", "dashboard_secrets.toml", "processes.json")
_PORT_OF_PART = {
    "postgres": "postgres",
    "store": "s3",
    "prefect": "prefect",
    "api": "api",
    "dashboard": "dashboard",
    "worker": "worker_metrics",
}
_TIMEOUT_S = 5
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def machine(settings: Settings) -> Iterator[Finding]:
    """Check the machine."""
    yield _room("machine.home", settings.home, _SCANT_BYTES, "Free some space, or move BLURLINE_HOME to a larger disk.")
    yield _room(
        "machine.temporary",
        Path(tempfile.gettempdir()),
        settings.requests.max_request_mb * 1e6,
        "Free some space, point TMPDIR to a larger disk, or lower BLURLINE_MAX_REQUEST_MB.",
    )
    yield from _secrets(settings.home)
    yield from _ports(settings)
    yield from _metrics_port(settings)


def _room(name: str, folder: Path, wanted_bytes: float, remedy: str) -> Finding:
    """Check the free space of a folder, which may not exist yet."""
    there = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(there).free
    says = f"{free / 1e9:.1f} GB are free for {folder}"
    if free < _LITTLE_BYTES:
        return error(name, f"{says}.", remedy)
    if free < wanted_bytes:
        return warning(name, f"{says}; at least {wanted_bytes / 1e9:.1f} GB are recommended.", remedy)
    return ok(name, f"{says}.")


def _secrets(home: Path) -> Iterator[Finding]:
    files = sorted(path for pattern in _SECRETS for path in home.glob(pattern))
    open_ = [path.name for path in files if path.stat().st_mode & _OTHERS]
    if open_:
        yield error(
            "machine.secrets",
            f"Other users of this machine can access {', '.join(open_)} in {home}.",
            f"Run `chmod 600 {' '.join(str(home / name) for name in open_)}`. If others had access, replace the keys.",
        )
    elif files:
        yield ok("machine.secrets", f"Only their owner can access the {len(files)} files with secrets in {home}.")


def _ports(settings: Settings) -> Iterator[Finding]:
    """Check the ports of the embedded stack, if there is one: used by it while it runs, otherwise free."""
    ports, parts = recorded_ports(settings.home), recorded_processes(settings.home)
    if not ports:
        return
    if parts:
        listening = {part: _listening(processes) for part, processes in parts.items()}
        silent = [part for part in parts if ports[_PORT_OF_PART[part]] not in listening[part]]
        for part in silent:
            says = f"The {part} does not listen on its port {ports[_PORT_OF_PART[part]]}."
            yield error("machine.ports", says, f"Look at {settings.home / 'logs' / part}.log.")
        if not silent:
            yield ok("machine.ports", f"{', '.join(parts)} listen on their ports.")
        return
    taken = sorted(f"{name} {port}" for name, port in ports.items() if _is_taken(port))
    if taken:
        yield warning(
            "machine.ports",
            f"The stack is stopped, and other programs use its ports: {', '.join(taken)}.",
            "Stop them. Otherwise `blurline up` chooses other ports, and clients that use the old ones do not find it.",
        )
    else:
        yield ok("machine.ports", "The stack is stopped; its ports are free.")


def _metrics_port(settings: Settings) -> Iterator[Finding]:
    if settings.worker.metrics_port is None:
        return
    address = f"{settings.worker.metrics_host}:{settings.worker.metrics_port}"
    try:
        served = httpx.get(f"http://{address}/metrics", timeout=_TIMEOUT_S).text
    except httpx.ConnectError:
        yield ok("machine.metrics_port", f"{address} is free for a worker's metrics.")
        return
    except httpx.HTTPError as problem:
        served = repr(problem)
    if "blurline_" in served:
        yield ok("machine.metrics_port", f"A worker serves its metrics at {address}.")
    else:
        yield error(
            "machine.metrics_port",
            f"Another program listens on {address}, so a worker cannot start.",
            "Set BLURLINE_WORKER_METRICS_PORT to a free port.",
        )


def _listening(processes: list[psutil.Process]) -> set[int]:
    ports = set()
    for process in processes:
        try:
            connections = process.net_connections("tcp")
        except psutil.Error:
            continue
        ports |= {each.laddr.port for each in connections if each.status == psutil.CONN_LISTEN}
    return ports


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
