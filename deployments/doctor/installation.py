"""This installation: versions of packages, model files, disk space, permissions of secrets, and ports."""

from __future__ import annotations

import platform
import shutil
import socket
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, metadata, requires, version
from pathlib import Path

import httpx
import psutil
from packaging.requirements import Requirement

from blurline.errors import ConfigurationError, ModelRejected
from blurline.policy import Policy
from blurline.policy.profile import SECOND_LOOK_MODEL, ProfileName
from blurline.settings import Settings
from blurline.settings.further_detectors import FurtherDetector
from blurline.version import VERSION
from deployments.doctor.result import Finding, error, ok, warning
from deployments.embedded.home import recorded_ports, recorded_processes
from models import plan_for
from models.detector import Detector
from models.int8 import CPU, trial
from models.loading import further_detector, vendored_detector

_NAMED_PACKAGES = ("onnxruntime", "prefect", "psycopg", "pillow")
_LITTLE_BYTES = 1_000_000_000
_SCANT_BYTES = 5_000_000_000
_SECRETS = ("*.pem", "secrets.json", "store.json", "stack.env", "dashboard_secrets.toml", "processes.json")
_PORT_OF_PART = {
    "postgres": "postgres",
    "volumes": "store_volume",
    "store": "s3",
    "prefect": "prefect",
    "api": "api",
    "dashboard": "dashboard",
    "worker": "worker_metrics",
}
_LEFT_OUT = Path(__file__).parents[1] / "containers" / "left-out.txt"
_TIMEOUT_S = 5
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def versions(settings: Settings) -> Iterator[Finding]:
    """Check the versions."""
    yield _python()
    needed = [Requirement(each) for each in requires("blurline") or []]
    yield _packages(needed, () if recorded_ports(settings.home) else _left_out())


def models(settings: Settings) -> Iterator[Finding]:
    """Check the models: hash, load and run every file once."""
    for profile in ProfileName:
        policy = Policy(profile=profile)
        yield _model(f"models.{profile}", lambda policy=policy: plan_for(policy, settings).detector)  # type: ignore[misc]
    yield from _regions(settings)
    provider = settings.detector.execution_provider
    yield _model("models.second_look", lambda: vendored_detector(SECOND_LOOK_MODEL, provider))
    for spec in settings.detector.detectors:
        yield _further_model(spec, provider)


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


def _python() -> Finding:
    found, wanted = platform.python_version(), metadata("blurline")["Requires-Python"]
    if not Requirement(f"python{wanted}").specifier.contains(found, prereleases=True):
        return error("versions.python", f"This is Python {found}.", f"Use Python {wanted}.")
    return ok("versions.python", f"Blurline {VERSION} on Python {found}, {platform.platform()}.")


def _left_out() -> tuple[str, ...]:
    """The packages that only `blurline up` needs, and which images therefore lack."""
    return tuple(line for line in _LEFT_OUT.read_text().split("\n") if line and not line.startswith("#"))


def _packages(wanted: list[Requirement], left_out: tuple[str, ...]) -> Finding:
    """Check the required packages, without Blurline's extras. Those in ``left_out`` may be missing."""
    wrong = []
    for each in wanted:
        if each.marker is not None and not each.marker.evaluate({"extra": ""}):
            continue
        try:
            found = version(each.name)
        except PackageNotFoundError:
            if each.name in left_out:
                continue
            wrong.append(f"{each.name} is missing")
            continue
        if not each.specifier.contains(found, prereleases=True):
            wrong.append(f"{each.name} is {found}, not {each.specifier}")
    if wrong:
        return error("versions.packages", "; ".join(wrong) + ".", "Install the packages from requirements.lock.")
    shown = ", ".join(f"{name} {version(name)}" for name in _NAMED_PACKAGES)
    return ok("versions.packages", f"{len(wanted)} requirements are met, including {shown}.")


def _model(name: str, load: Callable[[], Detector]) -> Finding:
    try:
        detector = load()
    except ModelRejected as problem:
        remedy = "Reinstall Blurline or, if BLURLINE_MODEL_FILE is set, correct it, its family or its file."
        return error(name, str(problem), remedy)
    except ConfigurationError as problem:
        remedy = "Correct BLURLINE_EXECUTION_PROVIDER or BLURLINE_MODEL_FAMILY, or install another onnxruntime."
        return error(name, str(problem), remedy)
    return ok(name, _runs(detector))


def _runs(detector: Detector) -> str:
    card = detector.card
    return f"{card.name} (sha256 {card.sha256[:12]}…) runs on {detector.provider}."


def _regions(settings: Settings) -> Iterator[Finding]:
    """Which detector looks at the regions of `standard`, and why; nothing if the profile cannot be used. A model of
    one's own always sees the whole picture."""
    if settings.detector.model_file is not None:
        return
    with suppress(ModelRejected, ConfigurationError):
        plan = plan_for(Policy(), settings)
        says = f"{plan.detector.card.name} looks at regions too: {_why_not_int8(settings)}."
        if plan.int8 is not None:
            says = f"{_runs(plan.int8)} It takes {trial().time_ratio:.2f} of the time of {plan.detector.card.name}."
        yield ok("models.regions", says)


def _why_not_int8(settings: Settings) -> str:
    if not settings.detector.int8_regions:
        return "BLURLINE_INT8_REGIONS says so"
    if settings.detector.execution_provider != CPU:
        return "its int8 version is for CPUs"
    tried = trial()
    if not tried.is_right:
        return "its int8 version sees other faces in the self-test on this CPU"
    return f"its int8 version takes {tried.time_ratio:.2f} of the time on this CPU"


def _further_model(spec: FurtherDetector, provider: str) -> Finding:
    """Check a detector of BLURLINE_DETECTORS, and say which classes it finds in which policies."""
    name = f"models.{spec.name}"
    try:
        detector = further_detector(spec, provider)
    except (ModelRejected, ConfigurationError) as problem:
        return error(name, str(problem), "Until then no worker starts with this BLURLINE_DETECTORS.")
    named = detector.class_names
    classes = ", ".join(
        f"{class_name} (class {number}{_file_name(named.get(number), class_name)})"
        for number, class_name in sorted(spec.classes.items())
    )
    policies = "every policy" if spec.policies == "all" else "policies that name them in `other_classes`"
    card = detector.card
    return ok(
        name,
        f"{card.name} (sha256 {card.sha256[:12]}…) runs on {detector.provider} and finds {classes} from score "
        f"{spec.threshold:g} on, in {policies}.",
    )


def _file_name(of_file: str | None, class_name: str) -> str:
    """What the model file calls a class, if it says something else."""
    return f", {of_file!r} in the file" if of_file not in (None, class_name) else ""


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
        token = settings.worker.metrics_token
        headers = {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}
        served = httpx.get(f"http://{address}/metrics", headers=headers, timeout=_TIMEOUT_S).text
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
