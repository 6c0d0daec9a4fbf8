"""Clocks: tokens, upload forms and leases contain times, so parts whose clocks differ refuse those of the others."""

from __future__ import annotations

from deployments.doctor.result import Finding, error, ok, warning

_WARNING_S = 3
_ERROR_S = 60


def clock_finding(name: str, whose: str, ahead_s: float) -> Finding:
    """The finding for a clock that is ``ahead_s`` ahead of this machine's (behind, if negative)."""
    says = f"The clock of {whose} is {abs(ahead_s):.1f} s {'ahead of' if ahead_s > 0 else 'behind'} this machine's."
    remedy = "Synchronize both machines with NTP (`timedatectl` shows whether they are)."
    if abs(ahead_s) >= _ERROR_S:
        return error(name, says, remedy)
    if abs(ahead_s) >= _WARNING_S:
        return warning(name, says, remedy)
    return ok(name, f"The clocks of {whose} and this machine agree.")
