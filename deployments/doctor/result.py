"""The findings of the doctor's checks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

_CLOCK_WARNING_S = 3
_CLOCK_ERROR_S = 60


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


def clock_finding(name: str, whose: str, ahead_s: float) -> Finding:
    """The finding for a clock that is ``ahead_s`` ahead of this machine's (behind, if negative).

    Tokens, upload forms and leases contain times, so parts whose clocks differ refuse those of the others.
    """
    says = f"The clock of {whose} is {abs(ahead_s):.1f} s {'ahead of' if ahead_s > 0 else 'behind'} this machine's."
    remedy = "Synchronize both machines with NTP (`timedatectl` shows whether they are)."
    if abs(ahead_s) >= _CLOCK_ERROR_S:
        return error(name, says, remedy)
    if abs(ahead_s) >= _CLOCK_WARNING_S:
        return warning(name, says, remedy)
    return ok(name, f"The clocks of {whose} and this machine agree.")
