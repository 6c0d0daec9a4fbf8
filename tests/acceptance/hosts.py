"""Simulated hosts: named network namespaces on lines that a test slows down and cuts.

A line is a pair of TUN devices and a thread that carries packets between them, so that delay, loss, bandwidth and a cut
in one direction alone need nothing of the kernel but /dev/net/tun.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import random
import select
import struct
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.acceptance.stack import LEASH
from tests.waiting import TIMEOUT_S

_TUNSETIFF = 0x400454CA
_IFF_TUN, _IFF_NO_PI = 0x0001, 0x1000
_PACKET_BYTES = 2048
_LONGEST_QUEUE_S = 1.0
_IDLE_S = 0.5


def missing_for_hosts() -> str | None:
    """Why this machine cannot simulate hosts, or None."""
    if os.geteuid() != 0:
        return "only root may make network namespaces"
    try:
        with _namespace(f"probe{os.getpid()}"):
            os.close(_tun(f"bp{os.getpid()}"))
    except (OSError, subprocess.CalledProcessError) as error:
        return f"network namespaces cannot be made here: {error}"
    return None


@dataclass(slots=True)
class Direction:
    """One direction of a line: what it does to packets now."""

    delay_s: float = 0
    loss: float = 0
    bits_per_s: float = 1e9
    is_cut: bool = False
    _free_at_s: float = 0
    _waiting: deque[tuple[float, bytes]] = field(default_factory=deque)

    def take(self, packet: bytes, chance: random.Random) -> None:
        """A packet enters."""
        now_s = time.monotonic()
        starts_s = max(now_s, self._free_at_s)
        if self.is_cut or chance.random() < self.loss or starts_s - now_s > _LONGEST_QUEUE_S:
            return
        self._free_at_s = starts_s + len(packet) * 8 / self.bits_per_s
        self._waiting.append((self._free_at_s + self.delay_s, packet))

    def due(self) -> Iterator[bytes]:
        """The packets that come out by now."""
        while self._waiting and self._waiting[0][0] <= time.monotonic():
            packet = self._waiting.popleft()[1]
            if not self.is_cut:
                yield packet

    def next_s(self) -> float:
        """The time until the next packet comes out."""
        return max(0.0, self._waiting[0][0] - time.monotonic()) if self._waiting else _IDLE_S


class Line:
    """The line between this machine and a host."""

    def __init__(self, here: str, there: str) -> None:
        self.inward, self.outward = Direction(), Direction()
        self._ends = {_tun(here): (self.outward, there), _tun(there): (self.inward, here)}
        self._is_ended = False
        self._thread = threading.Thread(target=self._carry, name=f"line-{there}", daemon=True)
        self._thread.start()

    def cut(self) -> None:
        """Drop every packet in both directions. Both ends stay up and get no signal."""
        self.inward.is_cut = self.outward.is_cut = True

    def deafen(self) -> None:
        """Drop every packet that the host sends; it still receives."""
        self.inward.is_cut = True

    def slow(self, delay_s: float, loss: float, bits_per_s: float) -> None:
        """Give both directions this delay, loss and bandwidth."""
        for direction in (self.inward, self.outward):
            direction.delay_s, direction.loss, direction.bits_per_s = delay_s, loss, bits_per_s

    def restore(self) -> None:
        """Let everything pass again."""
        self.slow(0, 0, 1e9)
        self.inward.is_cut = self.outward.is_cut = False

    def end(self) -> None:
        """Take the line down."""
        self._is_ended = True
        self._thread.join()
        for end in self._ends:
            os.close(end)

    def _carry(self) -> None:
        chance = random.Random(1)
        (here, (outward, _)), (there, (inward, _)) = self._ends.items()
        paths = {here: (outward, there), there: (inward, here)}
        while not self._is_ended:
            readable, _, _ = select.select([here, there], [], [], min(outward.next_s(), inward.next_s()))
            for end in readable:
                with contextlib.suppress(BlockingIOError):
                    paths[end][0].take(os.read(end, _PACKET_BYTES), chance)
            for direction, other in paths.values():
                for packet in direction.due():
                    with contextlib.suppress(OSError):  # the other end is being set up
                        os.write(other, packet)


@dataclass(slots=True)
class Host:
    """A host with a name, an address and a line to this machine, whose address it sees as ``uplink``."""

    name: str
    namespace: str
    line: Line
    folder: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, command: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        """Start a command that ends with this process; its output goes to ``log`` in the host's folder."""
        leashed = [sys.executable, "-I", "-S", str(LEASH), "SIGKILL", "same"]
        named = ["unshare", "--uts", "sh", "-c", f'hostname {self.name} && exec "$@"', "sh", *command]
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [*leashed, "ip", "netns", "exec", self.namespace, *named],
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def vanish(self) -> None:
        """Cut the line and then kill all processes, as a power failure does: no peer sees them end."""
        self.line.cut()
        for process in self.processes:
            found = psutil.Process(process.pid)
            for each in (found, *found.children(recursive=True)):
                with contextlib.suppress(psutil.NoSuchProcess):
                    each.kill()
            process.wait()
        self.processes.clear()

    def stop(self) -> None:
        """Stop every process of the host."""
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(TIMEOUT_S)


@contextmanager
def running_hosts(names: Sequence[str], folder: Path) -> Iterator[tuple[str, dict[str, Host]]]:
    """This machine's address as the hosts see it, and the hosts by name."""
    network = f"198.18.{os.getpid() % 256}"  # a network that is set aside for testing networks
    own = f"{network}.1"
    with contextlib.ExitStack() as ending:
        hosts = {}
        for at, name in enumerate(names, 2):
            namespace = f"blurline-{os.getpid()}-{name}"
            ending.enter_context(_namespace(namespace))
            here, there = f"bl{os.getpid()}h{at}", f"bl{os.getpid()}t{at}"
            line = Line(here, there)
            ending.callback(line.end)
            _ip("link", "set", there, "netns", namespace)
            _ip("address", "add", own, "peer", f"{network}.{at}", "dev", here)
            _ip("link", "set", here, "up")
            _ip("-netns", namespace, "address", "add", f"{network}.{at}", "peer", own, "dev", there)
            _ip("-netns", namespace, "link", "set", there, "up")
            (folder / name).mkdir()
            host = hosts[name] = Host(name, namespace, line, folder / name)
            ending.callback(host.stop)
        yield own, hosts


@contextmanager
def _namespace(name: str) -> Iterator[None]:
    _ip("netns", "add", name)
    try:
        _ip("-netns", name, "link", "set", "lo", "up")
        yield
    finally:
        _ip("netns", "delete", name)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


def _tun(name: str) -> int:
    """The descriptor of a new device, which disappears when it is closed."""
    end = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(end, _TUNSETIFF, struct.pack("16sH", name.encode(), _IFF_TUN | _IFF_NO_PI))
    return end
