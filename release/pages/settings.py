"""The tables of docs/settings.md."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic.fields import FieldInfo

from blurline.settings import SETTINGS
from release.pages.tables import bounds, code, table

_SECTIONS: dict[str | None, str] = {
    None: "The data folder and logs",
    "database": "PostgreSQL",
    "store": "The store",
    "imports": "Imports from other stores",
    "api": "The API, as others reach it",
    "prefect": "Prefect",
    "pictures": "Pictures",
    "requests": "Requests and their limits",
    "quotas": "Quotas",
    "access": "Access to the API",
    "oidc": "Sign-in with OpenID Connect",
    "dashboard": "The dashboard",
    "outbound": "URLs and webhooks",
    "least_policy": "What every policy must do",
    "retention": "How long data are kept",
    "scheduling": "Batches and attempts",
    "detector": "Models",
    "worker": "Workers",
}
"""Each concern of the settings -> the title of its section."""

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
    rows: dict[str | None, list[list[str]]] = {concern: [] for concern in _SECTIONS}
    for variable, setting in SETTINGS.items():
        field, kind = setting.field, "; ".join(_kind(variable, setting.field))
        rows[setting.concern].append([code(variable), _default(field), kind, field.description or ""])
    return "\n\n".join(
        f"## {title}\n\n{table(['variable', 'default', 'value', 'meaning'], rows[concern])}"
        for concern, title in _SECTIONS.items()
    )


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


def _kind(variable: str, field: FieldInfo) -> Iterator[str]:
    if "SecretStr" in str(field.annotation):
        yield "**secret**"
    if "bool" in str(field.annotation):
        yield "`true` or `false`"
    units = [unit for ending, unit in _UNITS.items() if variable.lower().endswith(ending)]
    yield from units
    if within := bounds(field):
        yield within
