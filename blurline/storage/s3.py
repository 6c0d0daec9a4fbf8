"""The S3 client, and the translation of its errors."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit
from xml.etree.ElementTree import ParseError

import urllib3
from minio import Minio
from minio.credentials.credentials import Credentials
from minio.credentials.providers import Provider
from minio.error import MinioException, S3Error
from minio.helpers import check_bucket_name

from blurline.errors import ConfigurationError, ObjectMissing, OriginalChanged, StoreRefused, StoreUnavailable
from blurline.settings import Settings
from blurline.settings.named_buckets import NamedBucket

_NO_BUCKET = "NoSuchBucket"
_WITHOUT_FIELD = "XML element "  # how minio's ValueError for an answer that lacks a field begins
_MISSING = {"NoSuchKey", "NoSuchObject", "NotFound"}


class BucketMissing(StoreUnavailable):
    """A bucket does not exist, so nothing can be stored in it or read from it."""

    code = "bucket_missing"


class StoreNotWritable(StoreUnavailable):
    """The store answers, but does not write or remove an object: its disk is full, or the key may only read."""

    code = "store_not_writable"


class Connections(urllib3.PoolManager):
    """Sends bodies in pieces: urllib3 applies the connect timeout to each piece, and a slow line cannot send a whole
    photograph in that time."""

    def urlopen(self, method: str, url: str, redirect: bool = True, **given: Any) -> urllib3.BaseHTTPResponse:  # type: ignore[override]
        """Override of `PoolManager.urlopen`."""
        if given.get("body"):
            given["body"] = io.BytesIO(given["body"])
        return super().urlopen(method, url, redirect, **given)


class KeyFiles(Provider):
    """The keys of a named bucket, read from their files for each request, so that a new key is used at once."""

    def __init__(self, bucket: NamedBucket) -> None:
        self._bucket = bucket

    def retrieve(self) -> Credentials:
        """Override of `Provider.retrieve`. Raises ConfigurationError."""
        keys = self._bucket.keys()
        assert keys is not None
        return Credentials(*keys)


def connect_named(bucket: NamedBucket, connections: urllib3.PoolManager) -> Minio:
    """Return a client of a named bucket's store."""
    address = urlsplit(bucket.endpoint)
    return Minio(
        endpoint=address.netloc,
        credentials=KeyFiles(bucket) if bucket.access_key_file else None,
        secure=address.scheme == "https",
        region=bucket.region,
        http_client=connections,
    )


def connect(settings: Settings, endpoint: str, connections: urllib3.PoolManager) -> Minio:
    """Return a client of the store at ``endpoint``. Raises ConfigurationError when a setting of it is not valid."""
    address = urlsplit(endpoint)
    if address.scheme not in ("http", "https") or not address.netloc or address.path.strip("/"):
        raise ConfigurationError(f"The S3 endpoint {endpoint!r} must be http://host:port or https://host:port.")
    access_key, secret_key = settings.store.keys
    buckets = (settings.store.originals_bucket, settings.store.results_bucket, settings.store.exports_bucket)
    try:
        for bucket in buckets:
            check_bucket_name(bucket)
        return Minio(
            endpoint=address.netloc,
            access_key=access_key,
            secret_key=secret_key,
            secure=address.scheme == "https",
            region=settings.store.s3_region,
            http_client=connections,
        )
    except ValueError as error:
        raise ConfigurationError(f"A setting of the S3 store is wrong: {error}.") from error


class ObjectBody(Iterator[bytes]):
    """The body of an answer in chunks.

    It is closed at its end, on an error and by `close`. A generator would not do: one that never started runs no
    ``finally``, and keeps the connection.
    """

    def __init__(
        self, response: urllib3.BaseHTTPResponse, chunk_bytes: int, check: Callable[[bytes | None], None] | None = None
    ) -> None:
        self._response = response
        self._chunks = response.stream(chunk_bytes)
        self._check = check

    def __next__(self) -> bytes:
        """The next chunk. Raises StoreUnavailable, and what ``check`` raises: it gets each chunk, then None."""
        try:
            with translated():
                chunk = next(self._chunks, None)
            if self._check is not None:
                self._check(chunk)
        except BaseException:
            self.close()
            raise
        if chunk is None:
            self.close()
            raise StopIteration
        return chunk

    def close(self) -> None:
        """Close the connection, unless the whole body was read and it went back to its pool."""
        self._response.close()
        self._response.release_conn()


@contextmanager
def translated(key: str = "") -> Iterator[None]:
    """Translate the client's errors into ObjectMissing, OriginalChanged, StoreRefused or StoreUnavailable."""
    try:
        yield
    except S3Error as error:
        if error.code == _NO_BUCKET:
            raise BucketMissing(f"The bucket {error.bucket_name} does not exist. Run `blurline buckets`.") from error
        if error.code in _MISSING:
            raise ObjectMissing(
                f"No object is stored under the key {key!r}. Upload the file before you submit it."
            ) from error
        if error.code == "PreconditionFailed":
            raise OriginalChanged("The stored file is not the one that was submitted.") from error
        raise StoreRefused(f"The S3 store answered {error.code}: {error.message}") from error
    except (MinioException, urllib3.exceptions.HTTPError, OSError) as error:
        raise StoreUnavailable(f"The S3 store did not respond: {error}") from error
    except (ParseError, ValueError) as error:
        if isinstance(error, ValueError) and not str(error).startswith(_WITHOUT_FIELD):
            raise
        raise StoreUnavailable(
            f"The answer is not that of an S3 store ({error}). Check BLURLINE_S3_ENDPOINT."
        ) from error
