"""How long a job's files and records are kept: what it asks for, within what the installation allows."""

from __future__ import annotations

from collections.abc import Mapping

from api.http.problems import ApiProblem
from blurline.contract import JobRetention
from blurline.settings import Settings

_KEPT = ("originals_days", "results_days", "rows_days", "audit_days")


def asked_days(settings: Settings, asked: JobRetention) -> dict[str, float]:
    """The days a submission asks for, by name. Raises ApiProblem when the installation does not keep files so long."""
    days: dict[str, float] = asked.model_dump(exclude_none=True)
    for name, requested in days.items():
        most = getattr(settings.retention, name)
        if most is not None and requested > most:
            raise ApiProblem(
                "retention_too_long",
                f"{name} is {requested:g}, but at most {most:g} days are kept here. Ask for less, or leave it out.",
            )
    return days


def kept_days(settings: Settings, asked: Mapping[str, float]) -> JobRetention:
    """The days that apply to a job that asked for these. Originals and results are kept no longer than the rows."""
    kept = {name: _shortest(asked.get(name), getattr(settings.retention, name)) for name in _KEPT}
    for name in ("originals_days", "results_days"):
        kept[name] = _shortest(kept[name], kept["rows_days"])
    return JobRetention(**kept)


def _shortest(*days: float | None) -> float | None:
    return min((each for each in days if each is not None), default=None)
