"""Versions of Blurline, Python and the packages that the installed Blurline requires."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, metadata, requires, version

from packaging.requirements import Requirement

from blurline.settings import Settings
from blurline.version import VERSION
from deployments.doctor.result import Finding, error, ok

_NAMED = ("onnxruntime", "prefect", "psycopg", "pillow")


def versions(_settings: Settings) -> Iterator[Finding]:
    """Check the versions."""
    yield _python()
    yield _packages([Requirement(each) for each in requires("blurline") or []])


def _python() -> Finding:
    found, wanted = platform.python_version(), metadata("blurline")["Requires-Python"]
    if not Requirement(f"python{wanted}").specifier.contains(found, prereleases=True):
        return error("versions.python", f"This is Python {found}.", f"Use Python {wanted}.")
    return ok("versions.python", f"Blurline {VERSION} on Python {found}, {platform.platform()}.")


def _packages(wanted: list[Requirement]) -> Finding:
    """Check the required packages, without Blurline's extras."""
    wrong = []
    for each in wanted:
        if each.marker is not None and not each.marker.evaluate({"extra": ""}):
            continue
        try:
            found = version(each.name)
        except PackageNotFoundError:
            wrong.append(f"{each.name} is missing")
            continue
        if not each.specifier.contains(found, prereleases=True):
            wrong.append(f"{each.name} is {found}, not {each.specifier}")
    if wrong:
        return error("versions.packages", "; ".join(wrong) + ".", "Install the packages from requirements.lock.")
    shown = ", ".join(f"{name} {version(name)}" for name in _NAMED)
    return ok("versions.packages", f"{len(wanted)} requirements are met, including {shown}.")
