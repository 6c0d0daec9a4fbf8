"""Every setting of Blurline, read from ``BLURLINE_…`` variables, or from files named as these.

A variable of the environment goes before a file of BLURLINE_SECRETS_DIR, and that before the following.
The embedded stack (`blurline up`) writes the addresses of its parts to ``stack.env`` in its data folder; any
other command that finds that file uses them, and a variable of the environment goes before it.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

import platformdirs
from pydantic import AliasChoices, BeforeValidator, Field, IPvAnyNetwork, SecretStr, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from blurline.errors import ConfigurationError
from blurline.limits import Limits
from blurline.settings.secret_files import read_secrets

T = TypeVar("T")


def _split(value: Any) -> Any:
    return tuple(filter(None, map(str.strip, value.split(",")))) if isinstance(value, str) else value


Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
Networks = Annotated[tuple[IPvAnyNetwork, ...], NoDecode, BeforeValidator(_split)]

PREFIX = "BLURLINE_"
STACK_FILE = "stack.env"


class Settings(BaseSettings):
    """See the module. `Settings.database`, `.s3_keys` and the like raise when what they need is not set."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    home: Path = Field(
        default_factory=lambda: load_home(),
        description="Data folder of the embedded stack and of the local token issuer's key.",
    )
    secrets_dir: Path | None = Field(
        default=None,
        description="Folder of files that are named as variables and hold their values; set in the environment alone.",
    )
    database_url: SecretStr | None = Field(default=None, description="PostgreSQL: postgresql://user:password@host/db.")
    s3_endpoint: str | None = Field(default=None, description="S3 store as the servers reach it: http(s)://host:port.")
    s3_public_endpoint: str | None = Field(
        default=None, description="S3 store as clients reach it, for presigned uploads; `s3_endpoint` when absent."
    )
    s3_access_key: SecretStr | None = Field(default=None, description="Access key of the S3 store.")
    s3_secret_key: SecretStr | None = Field(default=None, description="Secret key of the S3 store.")
    s3_region: str = Field(default="us-east-1", description="Region of the S3 store.")
    originals_bucket: str = Field(default="blurline-originals", description="Bucket of uploads and originals; private.")
    results_bucket: str = Field(default="blurline-results", description="Bucket of results; private.")
    exports_bucket: str = Field(
        default="blurline-exports", description="Bucket of the dataset that the flow `export` writes; private."
    )
    api_url: str = Field(
        default="http://127.0.0.1:8000", description="The API, as the dashboard and commands reach it."
    )
    api_public_url: str | None = Field(
        default=None, description="The API, as people are shown its address; `api_url` when absent."
    )
    api_token: SecretStr | None = Field(
        default=None,
        description="Token with which commands call the API; one of the local issuer when absent.",
    )
    prefect_ui_url: str = Field(default="http://127.0.0.1:4200", description="The Prefect UI, for links.")
    prefect_api_url: str = Field(
        default="http://127.0.0.1:4200/api",
        validation_alias=AliasChoices("PREFECT_API_URL", "prefect_api_url"),
        description="The Prefect API; the variable is Prefect's own, PREFECT_API_URL.",
    )
    prefect_api_auth_string: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("PREFECT_API_AUTH_STRING", "prefect_api_auth_string"),
        description="user:password of a Prefect server; the variable is Prefect's own, PREFECT_API_AUTH_STRING.",
    )
    prefect_api_key: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("PREFECT_API_KEY", "prefect_api_key"),
        description="Key of Prefect Cloud; the variable is Prefect's own, PREFECT_API_KEY.",
    )
    prefect_database_url: SecretStr | None = Field(
        default=None,
        description="PostgreSQL of the server that `blurline prefect` is; another database than `database_url`.",
    )
    work_pool: str = Field(default="blurline", description="Name of the Prefect work pool.")

    max_file_mb: float = Field(default=100, gt=0, description="Largest file accepted, in megabytes (10^6 bytes).")
    max_megapixels: float = Field(
        default=200, gt=0, description="Largest picture accepted, in megapixels, all frames together."
    )
    max_frames: int = Field(default=200, gt=0, description="Most frames or pages of one picture.")
    max_decode_s: float = Field(default=60, gt=0, description="Longest that decoding one picture may take.")
    max_images_per_job: int = Field(default=100_000, gt=0, description="Most images in one job.")
    upload_ttl_s: int = Field(default=600, gt=0, le=600, description="How long a presigned upload may be used.")

    oidc_issuer: str | None = Field(
        default=None, description="OpenID Connect issuer whose tokens are accepted, as its tokens name it (`iss`)."
    )
    oidc_audience: str = Field(default="blurline", description="Audience (`aud`) of the tokens of `oidc_issuer`.")
    oidc_scopes_claim: str = Field(
        default="scope",
        description="Claim of those tokens that lists the scopes, as text or list; dots lead into objects, as in "
        "`realm_access.roles`.",
    )
    oidc_client_id: str | None = Field(
        default=None, description="The dashboard, as the OpenID Connect issuer knows it; people sign in there when set."
    )
    oidc_client_secret: SecretStr | None = Field(default=None, description="Secret of `oidc_client_id`.")
    oidc_requested_scope: str = Field(
        default="openid profile email",
        description="What the dashboard asks the issuer for at sign-in; the access token goes to the API.",
    )
    dashboard_url: str = Field(
        default="http://127.0.0.1:8501",
        description="The dashboard, as browsers reach it; the issuer sends people back to `/oauth2callback` there.",
    )
    dashboard_cookie_secret: SecretStr | None = Field(
        default=None,
        description="Key of the sign-in cookies; when absent, made anew at each start, and people sign in again.",
    )
    local_issuer: bool = Field(
        default=True, description="Whether tokens that `blurline token` makes with the key in `home` are accepted."
    )
    allowed_origins: Words = Field(
        default=(), description="Origins whose pages may call the API and its WebSocket, separated by commas."
    )
    requests_per_minute: int = Field(
        default=6000, ge=0, description="Requests a minute of one owner at each API process; 0 for no limit."
    )
    quota_images_per_day: int | None = Field(default=None, ge=0, description="Images a day (UTC) of one owner.")
    quota_mb_per_day: float | None = Field(default=None, ge=0, description="Megabytes a day (UTC) of one owner.")
    quota_open_jobs: int | None = Field(default=None, ge=0, description="Unfinished jobs of one owner at a time.")
    idempotency_hours: float = Field(default=24, gt=0, description="How long an Idempotency-Key is remembered.")
    allow_urls: bool = Field(default=False, description="Whether images may be submitted by https URL.")
    allow_webhooks: bool = Field(default=False, description="Whether webhooks may be set up and are sent.")
    outbound_networks: Networks = Field(
        default=(),
        description="Networks that are not global and that URLs and webhooks may reach all the same, as 10.1.0.0/16, "
        "separated by commas.",
    )
    outbound_timeout_s: float = Field(default=30, gt=0, description="Longest that fetching one URL may take.")
    webhook_stop_days: float = Field(default=5, gt=0, description="A webhook that has failed for so long is stopped.")
    websockets_per_owner: int = Field(default=20, gt=0, description="WebSockets of one owner at each API process.")
    events_kept_days: float = Field(
        default=7, gt=0, description="How long events and the log of webhook deliveries are kept."
    )
    keep_originals_days: float | None = Field(
        default=None,
        ge=0,
        description="How long an original is kept after its image was last settled; for ever when absent.",
    )
    keep_results_days: float | None = Field(
        default=None,
        ge=0,
        description="How long a result is kept after its image was last settled; for ever when absent.",
    )
    keep_rows_days: float | None = Field(
        default=None,
        ge=0,
        description="How long a job is kept, with all that is left of it, after its last image was settled; for ever "
        "when absent.",
    )
    keep_audit_days: float | None = Field(
        default=None,
        ge=0,
        description="How long the record of what was deleted is kept after its deletion; for ever when absent.",
    )
    keep_uploads_hours: float = Field(
        default=24, ge=1, description="How long an upload may wait to be submitted; later it is removed."
    )
    metrics_token: SecretStr | None = Field(
        default=None, description="Bearer token that `/metrics` of the API asks for; none when absent."
    )
    worker_metrics_port: int | None = Field(
        default=None, ge=1, le=65535, description="Port at which a worker serves its metrics; none when absent."
    )
    worker_metrics_host: str = Field(
        default="127.0.0.1", description="Address at which it serves them; they ask for no token."
    )

    batch_max_images: int = Field(default=24, gt=0, description="Most images that one flow run carries.")
    batch_max_mb: float = Field(default=64, gt=0, description="Most bytes of originals that one flow run carries.")
    resident_megapixels: float = Field(
        default=150, gt=0, description="Decoded pixels a batch keeps in memory; beyond it a picture is decoded twice."
    )
    interactive_max_images: int = Field(
        default=24,
        ge=0,
        description="Jobs of at most so many images go to the `interactive` queue, others to `backlog`.",
    )
    max_attempts: int = Field(
        default=5, gt=0, description="Attempts at one image, outages not counted, before it fails."
    )
    attempt_backoff_s: float = Field(default=5, ge=0, description="Wait before the second attempt; doubled each time.")
    pending_patience_s: float = Field(
        default=60,
        gt=0,
        description="A flow run Pending for longer has lost its worker. Raise it where a pool starts containers.",
    )
    max_request_mb: float = Field(default=2000, gt=0, description="Largest request, all files together, in megabytes.")
    attempt_deadline_s: float = Field(
        default=1800, gt=0, description="An attempt without an end after so long is given up and made anew."
    )

    model_file: Path | None = Field(
        default=None, description="Your own ONNX face model, used by every profile instead of the vendored ones."
    )
    model_family: str = Field(
        default="yolo_face", description="How `model_file` is read: centerface, yunet or yolo_face."
    )
    model_threshold: float = Field(default=0.3, gt=0, lt=1, description="Score from which `model_file` finds a face.")
    execution_provider: str = Field(
        default="CPUExecutionProvider", description="onnxruntime execution provider; must be installed."
    )
    worker_memory_mb: float = Field(default=4000, gt=0, description="A worker child that has grown larger is replaced.")
    worker_drain_s: float = Field(default=60, ge=0, description="How long a worker that is stopped finishes its runs.")
    worker_ready_file: Path | None = Field(default=None, description="Made by a worker once its models are loaded.")
    log_level: str = Field(default="INFO", description="DEBUG, INFO, WARNING or ERROR.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read files as if they were variables, with refusals that name cause and remedy."""
        files = EnvSettingsSource(settings_cls)
        files.env_vars = {name.lower(): value for name, value in load_secrets().items()}
        return init_settings, env_settings, files, dotenv_settings

    @model_validator(mode="after")
    def _rows_go_last(self) -> Self:
        for name in ("keep_originals_days", "keep_results_days"):
            days = getattr(self, name)
            if None not in (days, self.keep_rows_days) and days > self.keep_rows_days:
                raise ValueError(
                    f"{variable('keep_rows_days')} ({self.keep_rows_days:g}) is less than {variable(name)} ({days:g}); "
                    "with its rows the whole job goes"
                )
        return self

    @property
    def limits(self) -> Limits:
        """The limits for one picture."""
        return Limits(int(self.max_file_mb * 1e6), int(self.max_megapixels * 1e6), self.max_frames, self.max_decode_s)

    @property
    def database(self) -> str:
        """The connection string. Raises ConfigurationError when it is not set."""
        return _required(self.database_url, "database_url").get_secret_value()

    @property
    def s3_keys(self) -> tuple[str, str]:
        """(access key, secret key). Raises ConfigurationError when one is not set."""
        access, secret = _required(self.s3_access_key, "s3_access_key"), _required(self.s3_secret_key, "s3_secret_key")
        return access.get_secret_value(), secret.get_secret_value()

    @property
    def shown_api_url(self) -> str:
        """The API's address for people's eyes."""
        return (self.api_public_url or self.api_url).rstrip("/")

    @property
    def prefect_auth(self) -> tuple[str, str] | None:
        """(user, password) for the Prefect API, where it asks for them."""
        if self.prefect_api_auth_string is None:
            return None
        user, _, password = self.prefect_api_auth_string.get_secret_value().partition(":")
        return user, password

    @property
    def prefect_key(self) -> str | None:
        """The key of Prefect Cloud, where one is set."""
        return self.prefect_api_key.get_secret_value() if self.prefect_api_key else None

    @property
    def store_endpoint(self) -> str:
        """The store's URL for servers. Raises ConfigurationError when it is not set."""
        return _required(self.s3_endpoint, "s3_endpoint")


@lru_cache(maxsize=1)
def load_settings() -> Settings:
    """The settings of this process. Raises ConfigurationError for unknown or wrong variables."""
    check_variables(os.environ)
    try:
        return Settings(_env_file=load_home() / STACK_FILE)
    except ValidationError as error:
        lines = [_said(*each["loc"], what=each["msg"]) for each in error.errors()]
        raise ConfigurationError("These settings are wrong: " + "; ".join(lines)) from error


def variable(name: str) -> str:
    """The environment variable that sets a setting."""
    alias = Settings.model_fields[name].validation_alias
    return str(alias.choices[0]) if isinstance(alias, AliasChoices) else PREFIX + name.upper()


def load_home() -> Path:
    """The data folder: BLURLINE_HOME, or the user's data folder of this system."""
    given = os.environ.get(PREFIX + "HOME")
    return Path(given) if given else Path(platformdirs.user_data_dir("blurline"))


def load_secrets() -> dict[str, str]:
    """What the files of BLURLINE_SECRETS_DIR say, by variable. Raises ConfigurationError."""
    folder = os.environ.get(variable("secrets_dir"))
    return read_secrets(Path(folder), _variables()) if folder else {}


def export_prefect(settings: Settings) -> None:
    """Put what the settings say of Prefect into the environment, from which Prefect reads it when it is imported."""
    for name in ("prefect_api_url", "prefect_api_auth_string", "prefect_api_key"):
        value = getattr(settings, name)
        if value is not None:
            os.environ.setdefault(variable(name), value.get_secret_value() if isinstance(value, SecretStr) else value)


def check_variables(environment: Mapping[str, str]) -> None:
    """Raise ConfigurationError when a ``BLURLINE_…`` variable is no setting, naming the nearest one."""
    known = _variables()
    for name in environment:
        if name.startswith(PREFIX) and name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]}?" if near else " `blurline settings` lists them all."
            raise ConfigurationError(f"{name} is not a setting of Blurline.{hint}")


def _variables() -> set[str]:
    return {variable(name) for name in Settings.model_fields}


def _said(*place: int | str, what: str) -> str:
    """What is wrong with a setting, or (no place) with how some go together."""
    return f"{PREFIX}{str(place[0]).upper()}: {what}" if place else what.removeprefix("Value error, ")


def _required(value: T | None, name: str) -> T:
    if value is None:
        raise ConfigurationError(
            f"{PREFIX}{name.upper()} is not set. Set it, or start the embedded stack with `blurline up` "
            "and use the same BLURLINE_HOME."
        )
    return value
