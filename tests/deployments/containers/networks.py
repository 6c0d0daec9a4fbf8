"""Networks as a container engine creates them: a bridge each, and a namespace with interfaces for every container."""

from __future__ import annotations

import contextlib
import itertools
import os
import secrets
import signal
import subprocess
import time
from collections.abc import Collection

_POLL_S = 0.05


class Networks:
    """The networks of one composition, by name. The machine itself has the first address of each."""

    def __init__(self, names: Collection[str]) -> None:
        self._tag = secrets.token_hex(2)
        self._numbers = {name: number for number, name in enumerate(sorted(names))}
        self._hosts = itertools.count(2)
        self._namespaces: list[str] = []
        for number in self._numbers.values():
            _ip("link", "add", self._bridge(number), "type", "bridge")
            _ip("address", "add", f"{self._prefix(number)}.1/24", "dev", self._bridge(number))
            _ip("link", "set", self._bridge(number), "up")

    def attach(self, names: Collection[str]) -> tuple[str, dict[str, str]]:
        """A namespace for a container on these networks, and its address on each."""
        host = next(self._hosts)
        namespace = f"bl{self._tag}-{host}"
        _ip("netns", "add", namespace)
        self._namespaces.append(namespace)
        _ip("-n", namespace, "link", "set", "lo", "up")
        # As engines have it: ports below 1024 need no privilege in a container.
        _ip("netns", "exec", namespace, "sysctl", "-qw", "net.ipv4.ip_unprivileged_port_start=0")
        addresses = {}
        for name, number in self._numbers.items():
            if name in names:
                outer, inner = f"bl{self._tag}v{host}-{number}", f"eth{number}"
                address = addresses[name] = f"{self._prefix(number)}.{host}"
                _ip("link", "add", outer, "type", "veth", "peer", "name", inner, "netns", namespace)
                _ip("link", "set", outer, "master", self._bridge(number), "up")
                _ip("-n", namespace, "address", "add", f"{address}/24", "dev", inner)
                _ip("-n", namespace, "link", "set", inner, "up")
        return namespace, addresses

    def remove(self) -> None:
        """Remove the networks, and end the processes that still run in them."""
        for namespace in self._namespaces:
            while pids := _pids(namespace):
                for pid in pids:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                time.sleep(_POLL_S)
            _ip("netns", "delete", namespace)
        for number in self._numbers.values():
            _ip("link", "delete", self._bridge(number))

    def _bridge(self, number: int) -> str:
        return f"bl{self._tag}n{number}"

    def _prefix(self, number: int) -> str:
        """The first three bytes of addresses that few networks use (the range for benchmarks, RFC 2544)."""
        return f"198.{18 + number % 2}.{(int(self._tag, 16) + number) % 256}"


def is_reached(address: str, port: int, namespace: str) -> bool:
    """Whether a process answers at a port, asked from within a network namespace."""
    code = f"import socket; socket.create_connection(({address!r}, {port}), 2)"
    asking = ["ip", "netns", "exec", namespace, "python3", "-c", code]
    return subprocess.run(asking, capture_output=True, check=False).returncode == 0


def _pids(namespace: str) -> list[int]:
    asking = ["ip", "netns", "pids", namespace]
    return list(map(int, subprocess.run(asking, capture_output=True, text=True, check=True).stdout.split()))


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)
