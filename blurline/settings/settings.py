"""All settings, from ``BLURLINE_…`` variables, or from files named after them.

A variable of the environment takes precedence over a file of BLURLINE_SECRETS_DIR, and that over ``stack.env``: the
embedded stack (`blurline up`) writes the addresses of its parts there, in its data folder, for other commands.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic.fields import FieldInfo

from blurline.errors import ConfigurationError
from blurline.settings.concerns import (
    AccessSettings,
    ApiSettings,
    Concern,
    DashboardSettings,
    DatabaseSettings,
    DetectorSettings,
    ImportSettings,
    LeastPolicySettings,
    OidcSettings,
    OutboundSettings,
    PictureSettings,
    PrefectSettings,
    QuotaSettings,
    RequestSettings,
    RetentionSettings,
    SchedulingSettings,
    StoreSettings,
    WorkerSettings,
)
from blurline.settings.secret_files import read_secrets

PREFIX = "BLURLINE_"
STACK_FILE = "stack.env"


def load_home() -> Path:
    """The data folder: BLURLINE_HOME, or the user's data folder on this system."""
    given = os.environ.get(f"{PREFIX}HOME")
    return Path(given) if given else Path(platformdirs.user_data_dir("blurline"))


class Settings(BaseModel):
    """All settings, by concern. Built without arguments, it holds the defaults; `load_settings` reads variables."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, validate_default=True)

    home: Path = Field(
        validation_alias="BLURLINE_HOME",
        default_factory=load_home,
        description="Data folder of the embedded stack and the local issuer's key.",
    )
    secrets_dir: Path | None = Field(
        validation_alias="BLURLINE_SECRETS_DIR",
        default=None,
        description="Folder of files named like variables, with their values; only read from the environment.",
    )
    log_level: str = Field(
        validation_alias="BLURLINE_LOG_LEVEL", default="INFO", description="DEBUG, INFO, WARNING or ERROR."
    )
    database: DatabaseSettings = Field(default_factory=DatabaseSettings)
    store: StoreSettings = Field(default_factory=StoreSettings)
    imports: ImportSettings = Field(default_factory=ImportSettings)
    api: ApiSettings = Field(default_factory=ApiSettings)
    prefect: PrefectSettings = Field(default_factory=PrefectSettings)
    pictures: PictureSettings = Field(default_factory=PictureSettings)
    requests: RequestSettings = Field(default_factory=RequestSettings)
    quotas: QuotaSettings = Field(default_factory=QuotaSettings)
    access: AccessSettings = Field(default_factory=AccessSettings)
    oidc: OidcSettings = Field(default_factory=OidcSettings)
    dashboard: DashboardSettings = Field(default_factory=DashboardSettings)
    outbound: OutboundSettings = Field(default_factory=OutboundSettings)
    least_policy: LeastPolicySettings = Field(default_factory=LeastPolicySettings)
    retention: RetentionSettings = Field(default_factory=RetentionSettings)
    scheduling: SchedulingSettings = Field(default_factory=SchedulingSettings)
    detector: DetectorSettings = Field(default_factory=DetectorSettings)
    worker: WorkerSettings = Field(default_factory=WorkerSettings)

    @model_validator(mode="after")
    def _has_buckets_of_its_own(self) -> Self:
        store = self.store
        endpoint = urlsplit(store.s3_endpoint or "").netloc.lower()
        own = {(endpoint, name) for name in (store.originals_bucket, store.results_bucket, store.exports_bucket)}
        for bucket in (*self.imports.sources, *self.imports.destinations):
            if bucket.place in own:
                raise ValueError(
                    f"the bucket {bucket.bucket} of {bucket.name} is one of Blurline's own; name another in "
                    "BLURLINE_SOURCES and BLURLINE_DESTINATIONS"
                )
        return self

    @classmethod
    def of(cls, variables: Mapping[str, Any]) -> Settings:
        """Settings from variables; others than Blurline's are ignored. Raises ValidationError."""
        values: dict[str, Any] = {}
        for name, setting in SETTINGS.items():
            if name in variables:
                place = values if setting.concern is None else values.setdefault(setting.concern, {})
                place[name] = variables[name]
        return cls.model_validate(values)

    def replace(self, **values: Any) -> Settings:
        """Return a copy with other values, unchecked. Each is named by its variable, as in `s3_region`."""
        changed: dict[str, Any] = {}
        for name, value in values.items():
            setting = SETTINGS[variable(name)]
            if setting.concern is None:
                changed[setting.name] = value
            else:
                concern = changed.get(setting.concern) or getattr(self, setting.concern)
                changed[setting.concern] = concern.model_copy(update={setting.name: value})
        return self.model_copy(update=changed)


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: the field ``name`` of a concern, or (None) of `Settings` itself."""

    concern: str | None
    name: str
    field: FieldInfo

    def place(self, settings: Settings) -> BaseModel:
        """Return the model that has the field."""
        return settings if self.concern is None else getattr(settings, self.concern)

    def value(self, settings: Settings) -> Any:
        """Return its value in these settings."""
        return getattr(self.place(settings), self.name)


def _listed() -> Iterator[tuple[str, Setting]]:
    for name, field in Settings.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Concern):
            for own, each in field.annotation.model_fields.items():
                yield str(each.validation_alias), Setting(name, own, each)
        else:
            yield str(field.validation_alias), Setting(None, name, field)


SETTINGS: Mapping[str, Setting] = dict(_listed())
"""Every setting by its environment variable."""


def variable(name: str) -> str:
    """The environment variable of a setting that is named in lower case without prefix, as `s3_region`."""
    own = PREFIX + name.upper()
    return own if own in SETTINGS else name.upper()


@lru_cache(maxsize=1)
def load_settings() -> Settings:
    """Load the settings. Raises ConfigurationError for unknown or wrong variables."""
    check_variables(os.environ)
    given = {name.upper(): value for name, value in os.environ.items()}
    try:
        return Settings.of({**stack_variables(), **load_secrets(), **given})
    except ValidationError as error:
        lines = [_message(each["loc"], each["msg"]) for each in error.errors()]
        raise ConfigurationError("These settings are wrong: " + "; ".join(lines)) from error


def load_secrets() -> dict[str, str]:
    """The values of the files in BLURLINE_SECRETS_DIR, by variable. Raises ConfigurationError."""
    folder = os.environ.get(f"{PREFIX}SECRETS_DIR")
    return read_secrets(Path(folder), SETTINGS) if folder else {}


def export_prefect(settings: Settings) -> None:
    """Copy the settings of Prefect's client into the environment, where Prefect reads them when it is imported."""
    for name in ("PREFECT_API_URL", "PREFECT_API_AUTH_STRING", "PREFECT_API_KEY"):
        value = SETTINGS[name].value(settings)
        if value is not None:
            os.environ.setdefault(name, value.get_secret_value() if isinstance(value, SecretStr) else value)


def check_variables(environment: Mapping[str, str]) -> None:
    """Raise ConfigurationError for a ``BLURLINE_…`` variable that is not a setting, and suggest the nearest one."""
    for name in environment:
        if name.startswith(PREFIX) and name not in SETTINGS:
            near = difflib.get_close_matches(name, SETTINGS, n=1)
            hint = f" Did you mean {near[0]}?" if near else " `blurline settings` lists them all."
            raise ConfigurationError(f"{name} is not a Blurline setting.{hint}")


def stack_variables() -> dict[str, str]:
    """The variables that a running embedded stack has written, one per line."""
    file = load_home() / STACK_FILE
    lines = file.read_text(encoding="utf-8").split("\n") if file.is_file() else []
    return dict(line.split("=", 1) for line in lines if "=" in line)


def _message(place: tuple[int | str, ...], problem: str) -> str:
    """Describe what is wrong with one setting, or with how several go together."""
    problem = problem.removeprefix("Value error, ")
    at = next((at for at, part in enumerate(place) if part in SETTINGS), None)
    if at is None:
        return problem
    within = place[at + 1 :]  # a field of an object, or only the place in a list
    shown = place[at:] if any(isinstance(part, str) for part in within) else place[at : at + 1]
    return f"{'.'.join(map(str, shown))}: {problem}"
