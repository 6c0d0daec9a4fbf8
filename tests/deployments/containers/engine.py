"""A small substitute for a container engine: the services of a compose file as processes in separate namespaces.

Each container has the mounts, the user, the variables, the command, the networks and the health check that the file
says, a root that is read-only and no capabilities. Limits of memory are not enforced, and images are not layers but
folders. Needs root, bubblewrap and iproute2.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from tests.deployments.containers.networks import Networks
from tests.waiting import wait_for

_HEALTHY_S = 300
_STOP_S = 60
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


@dataclass(frozen=True, slots=True)
class Image:
    """What a container gets: folders of this machine by mount point, and the configuration of the image.

    ``owners`` names the owner (and mode) of the folders that volumes are laid over.
    """

    mounts: Mapping[str, str]
    entrypoint: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    place: str = "/"
    owners: Mapping[str, tuple[int, int]] = field(default_factory=dict)


@dataclass(slots=True)
class Container:
    """One container: its network namespace, its addresses by network, and its process once it runs."""

    service: str
    namespace: str
    addresses: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Its first address."""
        return next(iter(self.addresses.values()))

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal to the process in it; the exit code."""
        assert self.process is not None
        pid = self.inner_pid()
        assert pid is not None
        os.kill(pid, number)
        return self.process.wait(_STOP_S)

    def inner_pid(self) -> int | None:
        """The process of the command: the child of bubblewrap, which waits for it. None before it starts."""
        assert self.process is not None
        return next((child.pid for child in psutil.Process(self.process.pid).children()), None)


class Engine:
    """Runs the output of `docker compose config`. All its files lie in ``folder``."""

    def __init__(self, config: Mapping[str, Any], images: Mapping[str, Image], folder: Path) -> None:
        self.services: Mapping[str, Any] = config["services"]
        self._config, self._images, self._folder = config, images, folder
        self.containers: dict[str, list[Container]] = {}

    @contextlib.contextmanager
    def networks(self) -> Iterator[None]:
        """Create networks and addresses for every container, and remove them with all their processes at the end."""
        networks = Networks(self._config["networks"])
        try:
            for name, service in self.services.items():
                replicas = range(service.get("deploy", {}).get("replicas", 1))
                attached = [networks.attach(service["networks"]) for _ in replicas]
                self.containers[name] = [Container(name, *place, self._log(place[0])) for place in attached]
            yield
        finally:
            networks.remove()
            for container in itertools.chain(*self.containers.values()):
                if container.process:
                    container.process.wait()

    def up(self, name: str) -> None:
        """Start a service, after those that it depends on, and wait until it is healthy or has done its work."""
        started = [container.process for container in self.containers[name]]
        if any(started):
            return
        service = self.services[name]
        for other in service.get("depends_on", {}):
            self.up(other)
        for container in self.containers[name]:
            self._start(container, service["command"])
        for container in self.containers[name]:
            self._wait(container, service)

    def execute(self, name: str, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the first container of a service that runs, as `docker compose exec` does."""
        return self._execute(self.containers[name][0], command)

    def volume(self, name: str) -> Path:
        """The folder of a named volume."""
        return self._folder / "volumes" / name

    def _log(self, namespace: str) -> Path:
        path = self._folder / "logs" / namespace
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def _start(self, container: Container, command: Sequence[str]) -> None:
        service = self.services[container.service]
        image = self._images[service["image"]]
        user, _, group = service["user"].partition(":")
        as_user = [f"--reuid={user}", f"--regid={group or user}", "--clear-groups", "--no-new-privs"]
        words = [*image.entrypoint, *command]
        with container.log.open("ab") as log:
            container.process = subprocess.Popen(
                [
                    *("ip", "netns", "exec", container.namespace, "bwrap", "--die-with-parent"),
                    *self._mounts(container, service, image),
                    *("--chdir", image.place, "--clearenv"),
                    *_settings({"HOME": "/", **image.environment, **(service.get("environment") or {})}),
                    *("setpriv", *as_user, "--inh-caps=-all", "--bounding-set=-all", "--", *words),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _mounts(self, container: Container, service: Mapping[str, Any], image: Image) -> Iterator[str]:
        assert service["read_only"]
        system = {"/usr": "/usr", "/etc/passwd": "/etc/passwd", "/etc/ssl": "/etc/ssl"}
        files = {
            given["target"]: str(self._file(kind, given["source"]))
            for kind in ("secrets", "configs")
            for given in service.get(kind, ())
        }
        read_only = {**system, **image.mounts, "/etc/hosts": str(self._hosts(container)), **files}
        volumes = {volume["target"]: str(self._source(volume, image)) for volume in service.get("volumes", ())}
        tmpfs = dict(each.split(":") for each in service.get("tmpfs", ()))
        above = {str(folder) for target in (*read_only, *volumes, *tmpfs) for folder in Path(target).parents}
        for folder in sorted({*above, image.place}):
            yield from ("--perms", "0755", "--dir", folder)
        for name in ("bin", "lib", "lib64", "sbin"):
            yield from ("--symlink", f"usr/{name}", f"/{name}")
        yield from ("--proc", "/proc", "--dev", "/dev")
        for target, options in tmpfs.items():
            given = dict(option.split("=") for option in options.split(","))
            yield from ("--perms", given["mode"], "--size", str(_bytes(given["size"])), "--tmpfs", target)
        for option, sources in (("--ro-bind", read_only), ("--bind", volumes)):
            for target, source in sources.items():
                yield from (option, source, target)
        yield from ("--remount-ro", "/")

    def _source(self, volume: Mapping[str, Any], image: Image) -> Path:
        return Path(volume["source"]) if volume["type"] == "bind" else self._made(volume, image)

    def _made(self, volume: Mapping[str, Any], image: Image) -> Path:
        folder = self.volume(volume["source"])
        if not folder.exists():
            folder.mkdir(parents=True)
            owner, mode = image.owners[volume["target"]]
            os.chown(folder, owner, owner)
            folder.chmod(mode)
        return folder

    def _file(self, kind: str, name: str) -> Path:
        given = self._config[kind][name]
        if "file" in given:
            return Path(given["file"])
        path = self._folder / f"{kind}-{name}"
        path.write_text(given["content"])
        return path

    def _hosts(self, container: Container) -> Path:
        """The names that a container knows: those of the containers with which it shares a network."""
        lines = ["127.0.0.1 localhost"]
        for other in itertools.chain(*self.containers.values()):
            shared = [network for network in container.addresses if network in other.addresses]
            lines += [f"{other.addresses[network]} {other.service}" for network in shared[:1]]
        path = self._folder / f"hosts-{container.namespace}"
        path.write_text("\n".join([*lines, ""]))
        return path

    def _wait(self, container: Container, service: Mapping[str, Any]) -> None:
        process = container.process
        assert process is not None
        if service["restart"] == "no":
            assert process.wait(_HEALTHY_S) == 0, f"{container.service}:\n{container.log.read_text()}"
            return
        [how, *test] = service["healthcheck"]["test"]
        assert how == "CMD"

        def is_healthy() -> bool:
            assert process.poll() is None, f"{container.service} has ended:\n{container.log.read_text()[-3000:]}"
            return container.inner_pid() is not None and self._execute(container, test).returncode == 0

        try:
            wait_for(f"{container.service} is healthy", is_healthy, _HEALTHY_S, every_s=0.5)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{container.log.read_text()[-3000:]}") from error

    def _execute(self, container: Container, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        pid = container.inner_pid()
        assert pid is not None
        user, _, group = self.services[container.service]["user"].partition(":")
        into = ["nsenter", f"--target={pid}", "--mount", "--net", f"--setuid={user}", f"--setgid={group or user}"]
        found = shutil.which("env")
        assert found is not None
        return subprocess.run(
            [*into, "--", found, *command],
            env=psutil.Process(pid).environ(),
            capture_output=True,
            text=True,
            check=False,
        )


def _settings(variables: Mapping[str, str]) -> Iterator[str]:
    for name, value in variables.items():
        yield from ("--setenv", name, value)


def _bytes(size: str) -> int:
    match = re.fullmatch(r"(\d+)([kmg]?)", size)
    assert match is not None
    return int(match[1]) * _UNITS[match[2]]
