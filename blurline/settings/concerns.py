"""The settings of each concern: types, defaults, bounds and descriptions.

The variable of a field is its class's prefix and its name, unless the field names another.
"""

from __future__ import annotations

from itertools import permutations
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    AliasGenerator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    IPvAnyNetwork,
    SecretStr,
    model_validator,
)

from blurline.errors import ConfigurationError, UnknownBucket
from blurline.limits import Limits
from blurline.settings.addresses import PostgresAddress, PrefectDatabaseAddress, StoreAddress, WebAddress
from blurline.settings.further_detectors import FurtherDetectors
from blurline.settings.named_buckets import NamedBucket, NamedBuckets

T = TypeVar("T")


def _split(value: Any) -> Any:
    return tuple(filter(None, map(str.strip, value.split(",")))) if isinstance(value, str) else value


Words = Annotated[tuple[str, ...], BeforeValidator(_split)]
Networks = Annotated[tuple[IPvAnyNetwork, ...], BeforeValidator(_split)]


def _named(prefix: str) -> AliasGenerator:
    return AliasGenerator(validation_alias=lambda name: prefix + name.upper())


class Concern(BaseModel):
    """Settings that belong together."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, validate_default=True)


class DatabaseSettings(Concern, alias_generator=_named("BLURLINE_DATABASE_")):
    """The PostgreSQL database."""

    url: PostgresAddress | None = Field(default=None, description="PostgreSQL: postgresql://user:password@host/db.")

    @property
    def conninfo(self) -> str:
        """The connection string. Raises ConfigurationError when it is not set."""
        return _required(self.url, "BLURLINE_DATABASE_URL").get_secret_value()


class StoreSettings(Concern, alias_generator=_named("BLURLINE_")):
    """The S3 store and its buckets."""

    s3_endpoint: StoreAddress | None = Field(
        default=None, description="Address of the S3 store for servers: http(s)://host:port."
    )
    s3_public_endpoint: StoreAddress | None = Field(
        default=None, description="Address of the S3 store for clients' uploads. Default: `s3_endpoint`."
    )
    s3_access_key: SecretStr | None = Field(default=None, description="Access key of the S3 store.")
    s3_secret_key: SecretStr | None = Field(default=None, description="Secret key of the S3 store.")
    s3_region: str = Field(default="us-east-1", description="Region of the S3 store.")
    originals_bucket: str = Field(default="blurline-originals", description="Private bucket of uploads and originals.")
    results_bucket: str = Field(default="blurline-results", description="Private bucket of results.")
    exports_bucket: str = Field(
        default="blurline-exports", description="Private bucket of the dataset that the flow `export` writes."
    )
    upload_ttl_s: int = Field(
        default=600, gt=0, le=600, description="How long a presigned upload is valid, in seconds."
    )

    @property
    def endpoint(self) -> str:
        """The store's address for servers. Raises ConfigurationError when it is not set."""
        return _required(self.s3_endpoint, "BLURLINE_S3_ENDPOINT")

    @property
    def keys(self) -> tuple[str, str]:
        """(access key, secret key). Raises ConfigurationError when one is not set."""
        access = _required(self.s3_access_key, "BLURLINE_S3_ACCESS_KEY")
        secret = _required(self.s3_secret_key, "BLURLINE_S3_SECRET_KEY")
        return access.get_secret_value(), secret.get_secret_value()


class ImportSettings(Concern, alias_generator=_named("BLURLINE_")):
    """Buckets of other S3 stores, from which pictures are imported and to which results are delivered."""

    sources: NamedBuckets = Field(
        default=(), description="Buckets from which to import pictures, as a JSON list (docs/imports.md)."
    )
    destinations: NamedBuckets = Field(
        default=(), description="Buckets to which to deliver results, as a JSON list (docs/imports.md)."
    )
    import_open_images: int = Field(
        default=20_000, gt=0, description="Unfinished images of an import from which on it waits."
    )

    @model_validator(mode="after")
    def _never_writes_to_a_source(self) -> Self:
        sources = {source.place: source.name for source in self.sources}
        for destination in self.destinations:
            if destination.place in sources:
                raise ValueError(
                    f"the destination {destination.name} is the bucket of the source {sources[destination.place]}; "
                    "choose another bucket, because Blurline never writes to a source"
                )
        return self

    @model_validator(mode="after")
    def _has_separate_destinations(self) -> Self:
        for one, other in permutations(self.destinations, 2):
            if one.place == other.place and one.prefix.startswith(other.prefix):
                raise ValueError(
                    f"the destination {one.name} lies in the destination {other.name}, so that their results could "
                    "replace each other; give each a bucket or a prefix of its own"
                )
        return self

    def source(self, name: str) -> NamedBucket:
        """The source with this name. Raises UnknownBucket."""
        return _with_name(self.sources, name, "source", "BLURLINE_SOURCES")

    def destination(self, name: str) -> NamedBucket:
        """The destination with this name. Raises UnknownBucket."""
        return _with_name(self.destinations, name, "destination", "BLURLINE_DESTINATIONS")


class ApiSettings(Concern, alias_generator=_named("BLURLINE_API_")):
    """How people and commands reach the API."""

    url: WebAddress = Field(
        default="http://127.0.0.1:8000", description="Address of the API for the dashboard and commands."
    )
    public_url: WebAddress | None = Field(
        default=None, description="Address of the API to show to people. Default: `api_url`."
    )
    token: SecretStr | None = Field(
        default=None,
        description="Token with which commands call the API. Default: a token of the local issuer.",
    )

    @property
    def shown_url(self) -> str:
        """The address that people see."""
        return (self.public_url or self.url).rstrip("/")


class PrefectSettings(Concern, alias_generator=_named("PREFECT_")):
    """The Prefect server and its work pool."""

    api_url: WebAddress = Field(
        default="http://127.0.0.1:4200/api",
        description="Address of the Prefect API; the variable is Prefect's own, PREFECT_API_URL.",
    )
    api_auth_string: SecretStr | None = Field(
        default=None,
        description="user:password of a Prefect server; the variable is Prefect's own, PREFECT_API_AUTH_STRING.",
    )
    api_key: SecretStr | None = Field(
        default=None,
        description="Key of Prefect Cloud; the variable is Prefect's own, PREFECT_API_KEY.",
    )
    ui_url: WebAddress = Field(
        validation_alias="BLURLINE_PREFECT_UI_URL",
        default="http://127.0.0.1:4200",
        description="Address of the Prefect UI, for links.",
    )
    database_url: PrefectDatabaseAddress | None = Field(
        validation_alias="BLURLINE_PREFECT_DATABASE_URL",
        default=None,
        description="PostgreSQL database of the server that `blurline prefect` starts; not that of `database_url`.",
    )
    work_pool: str = Field(
        validation_alias="BLURLINE_WORK_POOL", default="blurline", description="Name of the Prefect work pool."
    )

    @property
    def auth(self) -> tuple[str, str] | None:
        """(user, password) for the Prefect API, if set."""
        if self.api_auth_string is None:
            return None
        user, _, password = self.api_auth_string.get_secret_value().partition(":")
        return user, password

    @property
    def key(self) -> str | None:
        """The key of Prefect Cloud, if set."""
        return self.api_key.get_secret_value() if self.api_key else None


class PictureSettings(Concern, alias_generator=_named("BLURLINE_")):
    """How large a picture may be, and how much of it stays in memory."""

    max_file_mb: float = Field(default=100, gt=0, description="Largest file accepted, in megabytes (10^6 bytes).")
    max_megapixels: float = Field(
        default=200, gt=0, description="Largest picture accepted, in megapixels, all frames together."
    )
    max_frames: int = Field(default=200, gt=0, description="Most frames or pages of one picture.")
    max_decode_s: float = Field(default=60, gt=0, description="Longest decoding time of one picture, in seconds.")
    resident_megapixels: float = Field(
        default=150,
        gt=0,
        description="Decoded megapixels that a batch keeps in memory; pictures beyond it are decoded twice.",
    )

    @property
    def limits(self) -> Limits:
        """The limits for one picture."""
        return Limits(int(self.max_file_mb * 1e6), int(self.max_megapixels * 1e6), self.max_frames, self.max_decode_s)


class RequestSettings(Concern, alias_generator=_named("BLURLINE_")):
    """What the API accepts in a request and from an owner."""

    max_request_mb: float = Field(default=2000, gt=0, description="Largest request, all files together, in megabytes.")
    max_images_per_job: int = Field(default=100_000, gt=0, description="Most images in one job.")
    idempotency_hours: float = Field(default=24, gt=0, description="How long an Idempotency-Key is kept.")
    requests_per_minute: int = Field(
        default=6000, ge=0, description="Requests per minute, owner and API process; 0 for no limit."
    )
    websockets_per_owner: int = Field(default=20, gt=0, description="WebSockets per owner and API process.")
    panoramax_wait_s: float = Field(
        default=240, gt=0, description="How long a request of a Panoramax server waits for its result, in seconds."
    )


class QuotaSettings(Concern, alias_generator=_named("BLURLINE_QUOTA_")):
    """What an owner may submit."""

    images_per_day: int | None = Field(default=None, ge=0, description="Images per day (UTC) and owner.")
    mb_per_day: float | None = Field(default=None, ge=0, description="Megabytes per day (UTC) and owner.")
    open_jobs: int | None = Field(default=None, ge=0, description="Unfinished jobs per owner at a time.")
    open_uploads: int = Field(
        default=10_000,
        ge=0,
        description="Uploads and upload forms per owner that are not submitted yet. Raise it for larger jobs of "
        "uploaded keys.",
    )


class AccessSettings(Concern, alias_generator=_named("BLURLINE_")):
    """Which callers the API accepts, besides those of an OpenID Connect issuer."""

    local_issuer: bool = Field(
        default=True, description="Whether to accept tokens that `blurline token` creates with the key in `home`."
    )
    allowed_origins: Words = Field(
        default=(), description="Web origins that may call the API and its WebSocket, separated by commas."
    )
    allowed_hosts: Words = Field(
        default=(),
        description="Names under which API and dashboard answer, besides those of this machine and of their own URLs, "
        "separated by commas; `*.example.org` for all names of a domain.",
    )
    metrics_token: SecretStr | None = Field(
        default=None, description="Bearer token that `/metrics` of the API requires. Default: none."
    )


class OidcSettings(Concern, alias_generator=_named("BLURLINE_OIDC_")):
    """The OpenID Connect issuer."""

    issuer: WebAddress | None = Field(
        default=None, description="OpenID Connect issuer whose tokens are accepted, as in their claim `iss`."
    )
    audience: str = Field(default="blurline", description="Audience (`aud`) of the tokens of `oidc_issuer`.")
    scopes_claim: str = Field(
        default="scope",
        description="Claim of these tokens that lists the scopes, as text or list; dots select nested objects, as in "
        "`realm_access.roles`.",
    )
    client_id: str | None = Field(
        default=None,
        description="Client id of the dashboard at the OpenID Connect issuer; if set, people sign in there.",
    )
    client_secret: SecretStr | None = Field(default=None, description="Secret of `oidc_client_id`.")
    requested_scope: str = Field(
        default="openid profile email",
        description="Scopes that the dashboard requests at sign-in; it sends the access token to the API.",
    )
    prompt: str | None = Field(
        default=None,
        description="What the issuer shows at sign-in, as `login` or `select_account`, if it supports that. Default: "
        "what the issuer shows by itself.",
    )


class DashboardSettings(Concern, alias_generator=_named("BLURLINE_DASHBOARD_")):
    """The dashboard."""

    url: WebAddress = Field(
        default="http://127.0.0.1:8501",
        description="Address of the dashboard for browsers; the issuer redirects to its `/oauth2callback`.",
    )
    cookie_secret: SecretStr | None = Field(
        default=None,
        description="Key of the sign-in cookies. Default: derived from the local issuer's key; with `oidc_client_id`, "
        "each start creates one, and people sign in again.",
    )


class OutboundSettings(Concern, alias_generator=_named("BLURLINE_")):
    """Requests to URLs and webhooks."""

    allow_urls: bool = Field(default=False, description="Whether to allow images submitted by https URL.")
    allow_webhooks: bool = Field(default=False, description="Whether to allow and send webhooks.")
    webhook_stop_days: float = Field(default=5, gt=0, description="Days of failures after which a webhook is disabled.")
    networks: Networks = Field(
        validation_alias="BLURLINE_OUTBOUND_NETWORKS",
        default=(),
        description="Private networks that URLs and webhooks may reach, as in 10.1.0.0/16, separated by commas.",
    )
    timeout_s: float = Field(
        validation_alias="BLURLINE_OUTBOUND_TIMEOUT_S",
        default=30,
        gt=0,
        description="Longest time to fetch one URL, in seconds.",
    )


class LeastPolicySettings(Concern, alias_generator=_named("BLURLINE_")):
    """What every policy must do at least (`blurline.policy.least_policy`). The defaults demand nothing."""

    least_review: Literal["never", "doubtful", "always"] = Field(
        default="never", description="The least `review` of a policy: `never`, `doubtful` or `always`."
    )
    highest_max_doubt: float = Field(
        default=1, ge=0, le=1, description="The highest `max_doubt`: a lower one sends more results to review."
    )
    least_reviewers: int = Field(
        default=1, ge=1, le=2, description="The least `reviewers`: with 2, two people must approve what is reviewed."
    )
    least_profile: Literal["fast", "standard", "thorough"] = Field(
        default="fast", description="The least thorough `profile`: `fast`, `standard` or `thorough`."
    )
    highest_min_score: float | None = Field(
        default=None, ge=0.1, lt=1, description="The highest `min_score`, also of profiles. Default: no limit."
    )
    least_padding: float = Field(default=0.2, ge=0.2, le=1, description="The least `padding`.")
    allowed_styles: Annotated[tuple[Literal["pixelate", "blur", "solid", "emoji"], ...], BeforeValidator(_split)] = (
        Field(default=(), description="The allowed `style`s, separated by commas. Default: all.")
    )
    most_cells_per_face: int = Field(default=8, ge=1, le=8, description="The most `cells_per_face`.")
    allow_keep_regions: bool = Field(default=True, description="Whether policies may have `keep_regions`.")
    allow_size_limits: bool = Field(default=True, description="Whether policies may have `size_limits`.")
    required_classes: Annotated[tuple[Annotated[int, Field(ge=0)], ...], BeforeValidator(_split)] = Field(
        default=(), description="Numbers that `classes` must contain, separated by commas; 0 is the face."
    )
    most_metadata: Literal["strip", "safe", "mapping"] = Field(
        default="mapping", description="The most `metadata` that a result may keep: `strip`, `safe` or `mapping`."
    )


class RetentionSettings(Concern, alias_generator=_named("BLURLINE_KEEP_")):
    """How long files and records are kept."""

    originals_days: float | None = Field(
        default=None,
        ge=0,
        description="Days to keep an original after its image was last settled. Default: forever.",
    )
    results_days: float | None = Field(
        default=None,
        ge=0,
        description="Days to keep a result after its image was last settled. Default: forever.",
    )
    rows_days: float | None = Field(
        default=None,
        ge=0,
        description="Days to keep a job and everything left of it after its last image was settled. Default: forever.",
    )
    audit_days: float | None = Field(
        default=None,
        ge=0,
        description="Days to keep the record of a deletion. Default: forever.",
    )
    uploads_hours: float = Field(
        default=24, ge=1, description="Hours after which an upload that was not submitted is removed."
    )
    events_days: float = Field(
        validation_alias="BLURLINE_EVENTS_KEPT_DAYS",
        default=7,
        gt=0,
        description="How long events and the log of webhook deliveries are kept.",
    )

    @model_validator(mode="after")
    def _rows_go_last(self) -> Self:
        for variable, days in (
            ("BLURLINE_KEEP_ORIGINALS_DAYS", self.originals_days),
            ("BLURLINE_KEEP_RESULTS_DAYS", self.results_days),
        ):
            if days is not None and self.rows_days is not None and days > self.rows_days:
                raise ValueError(
                    f"BLURLINE_KEEP_ROWS_DAYS ({self.rows_days:g}) is less than {variable} ({days:g}); "
                    "lower the latter, because the whole job is deleted with its rows"
                )
        return self


class SchedulingSettings(Concern, alias_generator=_named("BLURLINE_")):
    """Batches, queues and attempts."""

    batch_max_images: int = Field(default=48, gt=0, description="Most images in one flow run.")
    batch_max_mb: float = Field(default=64, gt=0, description="Most megabytes of originals in one flow run.")
    interactive_max_images: int = Field(
        default=24,
        ge=0,
        description="Most images of a job in the queue `interactive`; larger jobs go to `backlog`.",
    )
    express_max_mp: float = Field(
        default=24,
        ge=0,
        description="Largest correction or single picture in the queue `express`, in megapixels.",
    )
    max_attempts: int = Field(
        default=5, gt=0, description="Failed attempts, not counting outages, after which an image fails."
    )
    attempt_backoff_s: float = Field(
        default=5, ge=0, description="Delay before the second attempt, in seconds; it doubles each time."
    )
    attempt_deadline_s: float = Field(
        default=1800, gt=0, description="Seconds after which an unfinished attempt is abandoned and retried."
    )
    pending_patience_s: float = Field(
        default=60,
        gt=0,
        description="Seconds after which a Pending flow run counts as orphaned. Raise it if a pool starts containers.",
    )


class DetectorSettings(Concern, alias_generator=_named("BLURLINE_")):
    """The face model and what runs it."""

    model_file: Path | None = Field(
        default=None, description="Your own ONNX face model, used by every profile instead of the vendored ones."
    )
    model_family: str = Field(
        default="yolo_face", description="Family of `model_file`: centerface, yunet or yolo_face."
    )
    model_threshold: float = Field(
        default=0.3, gt=0, lt=1, description="Score from which a detection of `model_file` is a face."
    )
    execution_provider: str = Field(
        default="CPUExecutionProvider", description="Execution provider of onnxruntime; must be installed."
    )
    int8_regions: bool = Field(
        default=True,
        description=(
            "Whether `standard` may run CenterFace in int8 over regions, where the CPU runs it faster and a self-test "
            "finds it right. Switch it off for equal results on different CPUs."
        ),
    )
    detectors: FurtherDetectors = Field(
        default=(), description="Detectors of other classes beside faces, as a JSON list (docs/detection.md)."
    )

    @property
    def other_classes(self) -> tuple[str, ...]:
        """The classes beside faces that the detectors find, sorted."""
        return tuple(sorted({name for detector in self.detectors for name in detector.classes.values()}))

    @property
    def required_classes(self) -> tuple[str, ...]:
        """The classes beside faces that belong to every policy, sorted."""
        required = [detector for detector in self.detectors if detector.policies == "all"]
        return tuple(sorted({name for detector in required for name in detector.classes.values()}))


class WorkerSettings(Concern, alias_generator=_named("BLURLINE_WORKER_")):
    """Worker processes."""

    memory_mb: float = Field(default=4000, gt=0, description="Memory above which a worker process is replaced.")
    drain_s: float = Field(default=60, ge=0, description="Seconds that a stopping worker has to finish its runs.")
    niceness: int = Field(
        default=10,
        ge=0,
        le=19,
        description="Nice value of the processes in a worker's slots: how far they give way to whatever else needs the "
        "cores. The process for the queue `express` does not.",
    )
    ready_file: Path | None = Field(default=None, description="File that a worker creates once its models are loaded.")
    metrics_port: int | None = Field(
        default=None, ge=1, le=65535, description="Port on which a worker serves its metrics. Default: none."
    )
    metrics_host: str = Field(default="127.0.0.1", description="Address on which a worker serves its metrics.")
    metrics_token: SecretStr | None = Field(
        default=None, description="Bearer token that the metrics of a worker require. Default: none."
    )


def _with_name(buckets: tuple[NamedBucket, ...], name: str, kind: str, variable: str) -> NamedBucket:
    found = next((bucket for bucket in buckets if bucket.name == name), None)
    if found is None:
        known = ", ".join(bucket.name for bucket in buckets) or "none"
        raise UnknownBucket(f"There is no {kind} {name!r}. {variable} names: {known}.")
    return found


def _required(value: T | None, variable: str) -> T:
    if value is None:
        raise ConfigurationError(
            f"{variable} is not set. Set it, or start the embedded stack with `blurline up` "
            "and use the same BLURLINE_HOME."
        )
    return value
