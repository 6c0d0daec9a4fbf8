"""What the doctor's checks find."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad it is: `error` where something does not work or is not safe, `warning` where it soon may not be."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check has found. ``name`` is stable; ``remedy`` says what to do and is None where all is well."""

    name: str
    severity: Severity
    says: str
    remedy: str | None = None


def ok(name: str, says: str) -> Finding:
    """All is well."""
    return Finding(name, Severity.OK, says)


def warning(name: str, says: str, remedy: str) -> Finding:
    """It works, but not as well or as safely as it should."""
    return Finding(name, Severity.WARNING, says, remedy)


def error(name: str, says: str, remedy: str) -> Finding:
    """It does not work, or is not safe."""
    return Finding(name, Severity.ERROR, says, remedy)
