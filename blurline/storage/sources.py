"""The sources of imports: buckets of other stores, which Blurline lists and reads, and never writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import urllib3
from minio import Minio
from minio.error import S3Error

from blurline.errors import (
    ConfigurationError,
    ObjectMissing,
    SourceObjectChanged,
    SourceObjectMissing,
    SourceRefused,
    SourceUnavailable,
    StoreRefused,
    StoreUnavailable,
)
from blurline.settings.concerns import ImportSettings
from blurline.settings.named_buckets import NamedBucket
from blurline.storage.s3 import ObjectBody, connect_named, translated

_CHUNK_BYTES = 1 << 18
_DENIED = "AccessDenied"


@dataclass(frozen=True, slots=True)
class SourceObject:
    """An object as a source lists it. ``path`` is its key without the source's prefix."""

    key: str
    path: str
    size_bytes: int
    etag: str
    modified_at: datetime


class Source:
    """One source. Its methods raise SourceUnavailable, also when its keys cannot be read."""

    def __init__(self, bucket: NamedBucket, client: Minio) -> None:
        self._bucket, self._client = bucket, client

    def objects(self, prefix: str = "", after: str | None = None) -> Iterator[SourceObject]:
        """List the objects whose path starts with ``prefix``, after the key ``after``, in order of their keys.

        The client requests a thousand at a time, so any number of objects needs the memory of one page.
        """
        own = self._bucket.prefix
        with self._answering():
            found = self._client.list_objects(
                self._bucket.bucket, prefix=own + prefix, start_after=after, recursive=True
            )
            for each in found:
                if each.object_name is not None and each.last_modified is not None and not each.is_dir:
                    key = each.object_name
                    yield SourceObject(
                        key, key.removeprefix(own), each.size or 0, (each.etag or "").strip('"'), each.last_modified
                    )

    def open(self, key: str, etag: str, check: Callable[[bytes | None], None] | None = None) -> ObjectBody:
        """The object in chunks. ``check`` gets each chunk, then None.

        Raises SourceObjectMissing, SourceObjectChanged when the etag differs, and SourceRefused.
        """
        with self._answering():
            try:
                with translated(key):
                    response = self._client.get_object(self._bucket.bucket, key)
            except ObjectMissing as error:
                raise SourceObjectMissing(
                    f"The source {self._bucket.name} no longer has the object of this picture. Put it back there and "
                    "re-run the image, or delete the image."
                ) from error
            except StoreRefused as error:
                if self._refuses_only_object(error):
                    raise SourceRefused(
                        f"The source {self._bucket.name} does not let Blurline read the object of this picture. Allow "
                        "its access key to read it, then re-run the image."
                    ) from error
                raise
        if etag != response.headers.get("etag", "").strip('"'):
            response.close()
            response.release_conn()
            raise object_changed(self._bucket.name)
        return ObjectBody(response, _CHUNK_BYTES, check)

    def check(self) -> None:
        """Raise SourceUnavailable unless the source can be listed."""
        next(self.objects(), None)

    def _refuses_only_object(self, error: StoreRefused) -> bool:
        """Whether the key may list the source, so that the refusal concerns this object. Raises SourceUnavailable."""
        cause = error.__cause__
        if isinstance(cause, S3Error) and cause.code == _DENIED:
            self.check()
            return True
        return False

    @contextmanager
    def _answering(self) -> Iterator[None]:
        try:
            with translated():
                yield
        except SourceUnavailable:
            raise
        except (StoreUnavailable, ConfigurationError) as error:
            raise SourceUnavailable(f"The source {self._bucket.name} cannot be read: {error}") from error


class Sources:
    """The sources by name, connected when they are first used. Safe to share between threads."""

    def __init__(self, settings: ImportSettings, connections: urllib3.PoolManager) -> None:
        self._settings, self._connections = settings, connections

    def named(self, name: str) -> Source:
        """The source. Raises SourceUnavailable when the settings do not name it: an operator can correct them."""
        try:
            bucket = self._settings.source(name)
        except ConfigurationError as error:
            raise SourceUnavailable(str(error)) from error
        return Source(bucket, connect_named(bucket, self._connections))


def object_changed(source: str) -> SourceObjectChanged:
    """The error of an object that has another content than when it was listed."""
    return SourceObjectChanged(
        f"The object of this picture has changed in the source {source} since it was imported. Start the import again: "
        "it takes the changed object as a new image."
    )
