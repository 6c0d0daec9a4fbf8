"""Operations on whole buckets, for administration and backup."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

import urllib3

from blurline.settings import Settings
from blurline.storage.s3 import ObjectBody, connect, translated
from blurline.storage.store import StoredObject

_CHUNK_BYTES = 1 << 18
_PART_BYTES = 16 << 20
_TIMEOUT = urllib3.Timeout(connect=5, read=60)


class Buckets:
    """All buckets of an installation, for ``threads`` threads. Methods raise StoreUnavailable and ObjectMissing."""

    def __init__(self, settings: Settings, threads: int = 1) -> None:
        retries = urllib3.Retry(total=2, backoff_factor=0.2, status_forcelist=(502, 503, 504))
        self._connections = urllib3.PoolManager(timeout=_TIMEOUT, retries=retries, maxsize=threads)
        self._client = connect(settings, settings.store.endpoint, self._connections)
        self.by_role = {
            "originals": settings.store.originals_bucket,
            "results": settings.store.results_bucket,
            "exports": settings.store.exports_bucket,
        }
        self.names = tuple(self.by_role.values())

    def close(self) -> None:
        """Close idle connections."""
        self._connections.clear()

    def missing(self) -> list[str]:
        """The buckets that do not exist."""
        with translated():
            return [bucket for bucket in self.names if not self._client.bucket_exists(bucket)]

    def keeps_versions(self, bucket: str) -> bool:
        """Whether the bucket keeps removed and overwritten objects as older versions."""
        with translated():
            return self._client.get_bucket_versioning(bucket).status == "Enabled"

    def objects(self, bucket: str) -> Iterator[StoredObject]:
        """All objects of the bucket, in order of their keys."""
        with translated():
            for found in self._client.list_objects(bucket, recursive=True):
                yield StoredObject(found.object_name or "", found.size or 0, (found.etag or "").strip('"'))

    @contextmanager
    def reading(self, bucket: str, key: str) -> Iterator[Reading]:
        """Open an object for reading."""
        with translated(key):
            response = self._client.get_object(bucket, key)
        try:
            media_type = response.headers.get("content-type", "application/octet-stream")
            etag = response.headers.get("etag", "").strip('"')
            yield Reading(media_type, etag, ObjectBody(response, _CHUNK_BYTES))
        finally:
            response.close()
            response.release_conn()

    def write(self, bucket: str, key: str, file: BinaryIO, size_bytes: int, media_type: str) -> str:
        """Store an object from an open file, replacing any earlier one, and return its etag."""
        with translated():
            written = self._client.put_object(
                bucket, key, file, size_bytes, content_type=media_type, part_size=_PART_BYTES
            )
        return (written.etag or "").strip('"')

    def remove(self, bucket: str, key: str) -> None:
        """Remove an object if it exists."""
        with translated():
            self._client.remove_object(bucket, key)


@dataclass(frozen=True, slots=True)
class Reading:
    """An object's media type, etag and bytes."""

    media_type: str
    etag: str
    chunks: Iterator[bytes]
