"""The steps that tests of the doctor share."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from blurline.settings import Settings
from deployments.doctor import Finding, Severity

Subject = Callable[[Settings], Iterator[Finding]]


def findings(subject: Subject, settings: Settings) -> dict[str, Finding]:
    return {finding.name: finding for finding in subject(settings)}


def wrong(subject: Subject, settings: Settings) -> dict[str, Finding]:
    """The findings that are not OK; assert that exactly these have a remedy."""
    found = findings(subject, settings)
    assert all((each.remedy is None) == (each.severity is Severity.OK) for each in found.values())
    return {name: each for name, each in found.items() if each.severity is not Severity.OK}
