"""The findings of the doctor's checks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """The severity: `error` if something does not work or is not safe, `warning` if that may happen soon."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding of a check. ``name`` is stable; ``remedy`` says what to do, and is None if nothing is wrong."""

    name: str
    severity: Severity
    says: str
    remedy: str | None = None


def ok(name: str, says: str) -> Finding:
    """A finding that nothing is wrong."""
    return Finding(name, Severity.OK, says)


def warning(name: str, says: str, remedy: str) -> Finding:
    """A finding of something that works, but not as well or as safely as it should."""
    return Finding(name, Severity.WARNING, says, remedy)


def error(name: str, says: str, remedy: str) -> Finding:
    """A finding of something that does not work or is not safe."""
    return Finding(name, Severity.ERROR, says, remedy)
