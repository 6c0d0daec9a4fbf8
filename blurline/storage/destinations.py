"""The destinations of results: buckets of other stores, to which Blurline writes."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager

import urllib3
from minio import Minio

from blurline.errors import ConfigurationError, DestinationUnavailable, StoreUnavailable
from blurline.settings.concerns import ImportSettings
from blurline.settings.named_buckets import NamedBucket
from blurline.storage.s3 import connect_named, translated


class Destination:
    """One destination. Paths are keys without its prefix. Methods raise DestinationUnavailable."""

    def __init__(self, bucket: NamedBucket, client: Minio) -> None:
        self._bucket, self._client = bucket, client

    def write(self, path: str, data: bytes, media_type: str) -> None:
        """Store a result, replacing any earlier one."""
        with self._answering():
            self._client.put_object(
                self._bucket.bucket, self._bucket.prefix + path, io.BytesIO(data), len(data), content_type=media_type
            )

    def remove(self, path: str) -> None:
        """Remove a result if it exists."""
        with self._answering():
            self._client.remove_object(self._bucket.bucket, self._bucket.prefix + path)

    @contextmanager
    def _answering(self) -> Iterator[None]:
        try:
            with translated():
                yield
        except (StoreUnavailable, ConfigurationError) as error:
            raise DestinationUnavailable(f"The destination {self._bucket.name} cannot be written: {error}") from error


class Destinations:
    """The destinations by name. Safe to share between threads."""

    def __init__(self, settings: ImportSettings, connections: urllib3.PoolManager) -> None:
        self._settings, self._connections = settings, connections

    def named(self, name: str) -> Destination:
        """The destination. Raises DestinationUnavailable when the settings do not name it."""
        try:
            bucket = self._settings.destination(name)
        except ConfigurationError as error:
            raise DestinationUnavailable(str(error)) from error
        return Destination(bucket, connect_named(bucket, self._connections))
