"""The settings BLURLINE_SOURCES and BLURLINE_DESTINATIONS: buckets of other S3 stores, each with a name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from blurline.errors import ConfigurationError


class NamedBucket(BaseModel):
    """A bucket of any S3 store, or the part of it under ``prefix``.

    ``access_key_file`` and ``secret_key_file``: files that hold nothing but the key; neither for a public bucket.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_\-]*$", max_length=63)]
    endpoint: str
    bucket: str = Field(min_length=3, max_length=63)
    prefix: str = Field(default="", max_length=900, pattern=r"^([^/].*/)?$")
    region: str = "us-east-1"
    access_key_file: Path | None = None
    secret_key_file: Path | None = None

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        address = urlsplit(self.endpoint)
        if address.scheme not in ("http", "https") or not address.netloc or address.path.strip("/"):
            raise ValueError(f"the endpoint of {self.name} must be http://host:port or https://host:port")
        if (self.access_key_file is None) != (self.secret_key_file is None):
            raise ValueError(f"{self.name} needs both access_key_file and secret_key_file, or neither")
        return self

    @property
    def place(self) -> tuple[str, str]:
        """The store and the bucket, to compare with others."""
        return urlsplit(self.endpoint).netloc.lower(), self.bucket

    def keys(self) -> tuple[str, str] | None:
        """(access key, secret key) as the files have them now; None without files. Raises ConfigurationError."""
        if self.access_key_file is None or self.secret_key_file is None:
            return None
        return self._key(self.access_key_file), self._key(self.secret_key_file)

    def _key(self, path: Path) -> str:
        try:
            key = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(
                f"The key file {path} of the bucket {self.name} cannot be read ({error}). "
                "Make it readable by the user that runs Blurline."
            ) from error
        if not key:
            raise ConfigurationError(f"The key file {path} of the bucket {self.name} is empty. Write the key into it.")
        return key


def _parsed(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        given = json.loads(value) if value.strip() else []
    except ValueError as error:
        raise ValueError(f"not valid JSON ({error})") from error
    if not isinstance(given, list):
        raise ValueError('not a list of buckets, as [{"name": "archive", "endpoint": …, "bucket": …}]')  # noqa: TRY004
    return given


def _once_each(buckets: tuple[NamedBucket, ...]) -> tuple[NamedBucket, ...]:
    names = [bucket.name for bucket in buckets]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"two buckets have the name {twice}; give each its own")
    return buckets


NamedBuckets = Annotated[tuple[NamedBucket, ...], BeforeValidator(_parsed), AfterValidator(_once_each)]
"""The buckets, from JSON or from values."""
