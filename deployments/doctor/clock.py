"""Clocks: tokens, forms and leases have times in them, and parts whose clocks differ refuse each other's."""

from __future__ import annotations

from deployments.doctor.result import Finding, error, ok, warning

_WARNING_S = 3
_ERROR_S = 60


def clock_finding(name: str, whose: str, ahead_s: float) -> Finding:
    """What it means that a clock is ``ahead_s`` before this machine's (behind it, where negative)."""
    says = f"The clock of {whose} is {abs(ahead_s):.1f} s {'ahead of' if ahead_s > 0 else 'behind'} this machine's."
    remedy = "Let both machines take their time from the network (NTP; `timedatectl` says whether they do)."
    if abs(ahead_s) >= _ERROR_S:
        return error(name, says, remedy)
    if abs(ahead_s) >= _WARNING_S:
        return warning(name, says, remedy)
    return ok(name, f"The clocks of {whose} and this machine agree.")
