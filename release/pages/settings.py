"""The tables of docs/settings.md."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic.fields import FieldInfo

from blurline.settings import Settings, variable
from release.pages.tables import bounds, code, table

_SECTIONS = {
    "home": "Data folder",
    "database_url": "PostgreSQL and the store",
    "api_url": "API and Prefect, as others reach them",
    "max_file_mb": "What is accepted",
    "oidc_issuer": "Who may do what, and the dashboard",
    "allowed_origins": "Rates and quotas",
    "allow_urls": "Reaching outward, and being told",
    "events_kept_days": "How long things are kept",
    "metrics_token": "Metrics",
    "batch_max_images": "Batches and attempts",
    "model_file": "Models",
    "worker_memory_mb": "Workers and logs",
}
"""The first setting of each section -> its title; the others follow as the class has them."""

_UNITS = {
    "_s": "seconds",
    "_days": "days",
    "_hours": "hours",
    "_mb": "MB (10⁶ bytes)",
    "_mb_per_day": "MB (10⁶ bytes)",
    "_megapixels": "megapixels",
    "_port": "port",
}


def settings_tables() -> str:
    """Every setting, by section."""
    parts: list[str] = []
    rows: list[list[str]] = []
    for name, field in Settings.model_fields.items():
        if name in _SECTIONS:
            parts += _section(rows)
            rows = []
            parts.append(f"## {_SECTIONS[name]}")
        rows.append([code(variable(name)), _default(field), "; ".join(_kind(name, field)), field.description or ""])
    return "\n\n".join(parts + _section(rows))


def _section(rows: list[list[str]]) -> list[str]:
    return [table(["variable", "default", "value", "meaning"], rows)] if rows else []


def _default(field: FieldInfo) -> str:
    if field.default_factory is not None:
        return "the user's data folder"
    match field.default:
        case None | ():
            return "none"
        case bool(is_on):
            return code(str(is_on).lower())
        case value:
            return code(value)


def _kind(name: str, field: FieldInfo) -> Iterator[str]:
    if "SecretStr" in str(field.annotation):
        yield "**secret**"
    if "bool" in str(field.annotation):
        yield "`true` or `false`"
    units = [unit for ending, unit in _UNITS.items() if name.endswith(ending)]
    yield from units
    if within := bounds(field):
        yield within
