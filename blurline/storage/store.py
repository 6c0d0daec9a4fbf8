"""The object store: any S3 server, through the minio client, with Blurline's two families of errors.

Originals and results are in two private buckets without links to either. Clients upload by a presigned POST and
download through the API, which checks what is published.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import BinaryIO

import urllib3
from minio.commonconfig import CopySource
from minio.datatypes import PostPolicy
from minio.deleteobjects import DeleteObject
from minio.error import MinioException

from blurline.errors import ObjectMissing, OriginalChanged, StoreRefused, StoreUnavailable
from blurline.settings import Settings
from blurline.storage.destinations import Destination, Destinations
from blurline.storage.inventory import ImageBucket, Listed
from blurline.storage.preview_keys import PreviewSize, preview_key, protected_key, tiles_key
from blurline.storage.range_reader import RangeReader
from blurline.storage.s3 import BucketMissing, Connections, ObjectBody, StoreNotWritable, connect, translated
from blurline.storage.sources import Source, Sources, object_changed

_CONNECT_TIMEOUT_S = 5
_READ_TIMEOUT_S = 60
_CHUNK_BYTES = 1 << 18
_CHECK_KEY = "doctor/healthcheck"
_PART_BYTES = 16 << 20
_READ_AHEAD_BYTES = 1 << 16
_UPLOADED_BY_US = re.compile(r"[0-9a-f]{16}/.+|[0-9a-f-]{36}/.+|(images|detections)/day=.+")
_COPIED_ETAG = "x-amz-meta-blurline-etag"
_CHANGED = "The stored file is not the one that was submitted. Upload and submit it again."


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object's metadata. ``etag`` changes with its content."""

    key: str
    size_bytes: int
    etag: str


@dataclass(frozen=True, slots=True)
class SubmittedOriginal:
    """An original as it was submitted: its etag then, and its hash once a worker has read it.

    The file of an imported image lies in a source, under ``source_key``. Blurline's store has none under its ``key``.
    """

    key: str
    etag: str
    sha256: str | None = None
    source: str | None = None
    source_key: str | None = None

    def checker(self) -> Callable[[bytes | None], None] | None:
        """A function that takes the chunks of a file, then None, and raises OriginalChanged when the hash differs.

        None when the hash is not known. An etag is often an MD5 hash, for which different files can be made to agree.
        """
        if self.sha256 is None:
            return None
        digest = hashlib.sha256()

        def check(chunk: bytes | None) -> None:
            if chunk is not None:
                digest.update(chunk)
            elif digest.hexdigest() != self.sha256:
                raise object_changed(self.source) if self.source else OriginalChanged(_CHANGED)

        return check


@dataclass(frozen=True, slots=True)
class PresignedPost:
    """A form with which a client uploads one object: POST ``fields`` and then ``file`` to ``url``."""

    url: str
    fields: dict[str, str]


@dataclass(frozen=True, slots=True)
class Removal:
    """How many objects were removed, and why others were not."""

    objects: int = 0
    error: StoreUnavailable | None = None

    def __add__(self, other: Removal) -> Removal:
        return Removal(self.objects + other.objects, self.error or other.error)


class Store:
    """Operations on originals, results and exports. Safe to share between threads.

    Every method raises ObjectMissing if a named object does not exist, and StoreUnavailable if the store does not
    respond properly.
    """

    def __init__(self, settings: Settings, read_timeout_s: float = _READ_TIMEOUT_S, retries: int = 1) -> None:
        self._settings = settings
        self._connections = Connections(
            timeout=urllib3.Timeout(connect=_CONNECT_TIMEOUT_S, read=read_timeout_s),
            retries=urllib3.Retry(total=retries, backoff_factor=0.1, status_forcelist=(502, 503, 504)),
            maxsize=16,
        )
        self._client = connect(settings, settings.store.endpoint, self._connections)
        self._public_url = (settings.store.s3_public_endpoint or settings.store.endpoint).rstrip("/")
        self._public_client = connect(settings, self._public_url, self._connections)
        self._sources = Sources(settings.imports, self._connections)
        self._destinations = Destinations(settings.imports, self._connections)

    def close(self) -> None:
        """Close idle connections."""
        self._connections.clear()

    def ensure_buckets(self) -> None:
        """Create the missing buckets."""
        with translated():
            for bucket in self._buckets:
                if not self._client.bucket_exists(bucket):
                    self._client.make_bucket(bucket)

    def check(self) -> None:
        """Write a small object to each bucket and remove it. Raises BucketMissing and StoreNotWritable too.

        The key is always the same, so that a check that breaks off leaves at most one object.
        """
        for bucket in self._buckets:
            try:
                with translated():
                    self._client.put_object(bucket, _CHECK_KEY, io.BytesIO(b"."), 1)
                    self._client.remove_object(bucket, _CHECK_KEY)
            except BucketMissing:
                raise
            except StoreUnavailable as error:
                if isinstance(error.__cause__, MinioException):
                    raise StoreNotWritable(str(error)) from error
                raise

    @property
    def _buckets(self) -> tuple[str, ...]:
        store = self._settings.store
        return store.originals_bucket, store.results_bucket, store.exports_bucket

    def presign_upload(self, key: str, max_bytes: int | None = None) -> PresignedPost:
        """A form that takes exactly this key, up to ``max_bytes`` or the size limit, for `upload_ttl_s`."""
        bucket = self._settings.store.originals_bucket
        policy = PostPolicy(bucket, datetime.now(UTC) + timedelta(seconds=self._settings.store.upload_ttl_s))
        policy.add_equals_condition("key", key)
        limit = int(self._settings.pictures.max_file_mb * 1e6)
        policy.add_content_length_range_condition(0, limit if max_bytes is None else max_bytes)
        with translated():
            fields = self._public_client.presigned_post_policy(policy)
        return PresignedPost(f"{self._public_url}/{bucket}", {"key": key, **fields})

    def stat_original(self, key: str) -> StoredObject:
        """Size and etag of an original."""
        return self._stat(self._settings.store.originals_bucket, key)

    def list_originals(self, prefix: str, first: str, last: str) -> Iterator[StoredObject]:
        """List originals under ``prefix`` with ``first <= key <= last``, in order of their keys."""
        with translated():
            for found in self._client.list_objects(
                self._settings.store.originals_bucket, prefix=prefix, start_after=first[:-1], recursive=True
            ):
                key = found.object_name or ""
                if key > last:
                    return
                if key >= first:
                    yield StoredObject(key, found.size or 0, found.etag or "")

    def put_original(self, key: str, file: io.BufferedIOBase, size_bytes: int) -> StoredObject:
        """Store an original from an open file."""
        with translated():
            written = self._client.put_object(self._settings.store.originals_bucket, key, file, size_bytes)  # type: ignore[arg-type]
            return StoredObject(key, size_bytes, written.etag or "")

    def remove_original(self, key: str) -> None:
        """Remove an original if it exists."""
        with translated():
            self._client.remove_object(self._settings.store.originals_bucket, key)

    def open_original(self, original: SubmittedOriginal) -> ObjectBody:
        """The submitted file in chunks. Every reader of an original comes through here.

        Raises OriginalChanged when another file is stored, and at the end of a file whose content has another hash. For
        an imported image also SourceRefused.
        """
        if original.source is not None:
            assert original.source_key is not None
            source = self._sources.named(original.source)
            return source.open(original.source_key, original.etag, original.checker())
        try:
            return self._opened_original(original.key, original)
        except (ObjectMissing, OriginalChanged):
            with contextlib.suppress(ObjectMissing, OriginalChanged):
                return self._opened_original(protected_key(original.key), original)
            raise

    def source(self, name: str) -> Source:
        """A source of imports. Raises SourceUnavailable when the settings do not name it."""
        return self._sources.named(name)

    def destination(self, name: str) -> Destination:
        """A destination of results. Raises DestinationUnavailable when the settings do not name it."""
        return self._destinations.named(name)

    def read_original(self, original: SubmittedOriginal) -> bytes:
        """The bytes of the submitted file. Raises OriginalChanged."""
        return b"".join(self.open_original(original))

    def protect_original(self, original: SubmittedOriginal) -> None:
        """Copy the submitted file to a key that no upload form can write. Raises OriginalChanged."""
        bucket = self._settings.store.originals_bucket
        with translated(original.key):
            self._client.copy_object(
                bucket,
                protected_key(original.key),
                CopySource(bucket, original.key, match_etag=original.etag),
                metadata={_COPIED_ETAG: original.etag},
                metadata_directive="REPLACE",
            )

    def stream_original_preview(self, key: str) -> ObjectBody:
        """A preview of an original in chunks. Only workers write it, from the submitted file."""
        with translated(key):
            response = self._client.get_object(self._settings.store.originals_bucket, key)
        return ObjectBody(response, _CHUNK_BYTES)

    def put_result(self, key: str, data: bytes, media_type: str) -> None:
        """Store a result."""
        with translated():
            self._client.put_object(
                self._settings.store.results_bucket, key, io.BytesIO(data), len(data), content_type=media_type
            )

    def stream_result(self, key: str, first_byte: int = 0, length_bytes: int = 0) -> ObjectBody:
        """A result in chunks, whole or ``length_bytes`` from ``first_byte`` on.

        The object is open when this returns, so a missing one raises here.
        """
        with translated(key):
            response = self._client.get_object(self._settings.store.results_bucket, key, first_byte, length_bytes)
        return ObjectBody(response, _CHUNK_BYTES)

    def open_tiles(self, bucket: ImageBucket, key: str) -> BinaryIO:
        """The file of the tiles of an original or a result, for reading at any place."""
        size_bytes = self._stat(self._named(bucket), key).size_bytes
        return io.BufferedReader(RangeReader(partial(self.read_tiles, bucket, key), size_bytes), _READ_AHEAD_BYTES)

    def read_tiles(self, bucket: ImageBucket, key: str, first_byte: int, length_bytes: int) -> bytes:
        """A range of bytes of such a file."""
        with translated(key):
            response = self._client.get_object(self._named(bucket), key, first_byte, length_bytes)
        return b"".join(ObjectBody(response, _CHUNK_BYTES))

    def put_tiles(self, bucket: ImageBucket, key: str, file: BinaryIO, size_bytes: int) -> None:
        """Store the tiles of an original or a result, beside it, from an open file."""
        with translated():
            self._client.put_object(self._named(bucket), key, file, size_bytes, "application/zip")

    def put_original_preview(self, key: str, data: bytes, media_type: str) -> None:
        """Store a preview of an original, which shows faces like the original, beside it."""
        with translated():
            self._client.put_object(
                self._settings.store.originals_bucket, key, io.BytesIO(data), len(data), content_type=media_type
            )

    def remove_result(self, key: str) -> None:
        """Remove a result, its previews and its tiles if they exist."""
        with translated():
            for each in (key, *(preview_key(key, size) for size in PreviewSize), tiles_key(key)):
                self._client.remove_object(self._settings.store.results_bucket, each)

    def put_export(self, key: str, file: BinaryIO, size_bytes: int) -> None:
        """Store a file of the exported dataset from an open file, replacing any earlier one."""
        with translated():
            self._client.put_object(self._settings.store.exports_bucket, key, file, size_bytes, part_size=_PART_BYTES)

    def remove_export(self, key: str) -> None:
        """Remove a file of the exported dataset if it exists."""
        with translated():
            self._client.remove_object(self._settings.store.exports_bucket, key)

    def remove_under(self, bucket: ImageBucket, prefix: str) -> Removal:
        """Remove all objects under a prefix and verify that none is left. An object that stays does not keep others.

        Raises StoreUnavailable when the store cannot list them.
        """
        with translated():
            keys = self._keys(bucket, prefix)
        error = None
        for key in keys:
            try:
                with translated():
                    self._client.remove_object(self._named(bucket), key)
            except StoreUnavailable as refused:
                error = error or refused
        with translated():
            left = self._keys(bucket, prefix) if keys else []
        if left and error is None:
            error = StoreRefused(f"The S3 store still has {left[0]!r} after its removal.")
        return Removal(len(keys) - len(left), error)

    def list_all(self, bucket: ImageBucket, after: str | None = None) -> Iterator[Listed]:
        """Yield all objects of a bucket, or those after a key, in order of their keys."""
        with translated():
            for found in self._client.list_objects(self._named(bucket), recursive=True, start_after=after):
                assert found.object_name is not None and found.last_modified is not None
                yield Listed(found.object_name, found.size or 0, found.last_modified)

    def abort_uploads(self, older_than_s: float) -> int:
        """Abort multipart uploads that a killed process of ours has left, with their parts. Return how many."""
        oldest = datetime.now(UTC) - timedelta(seconds=older_than_s)
        names = self._settings.store
        aborted = 0
        with translated():
            for bucket in (names.originals_bucket, names.results_bucket, names.exports_bucket):
                for upload in self._client._list_multipart_uploads(bucket).uploads:
                    is_old = upload.initiated_time is not None and upload.initiated_time < oldest
                    if is_old and upload.upload_id and _UPLOADED_BY_US.fullmatch(upload.object_name):
                        self._client._abort_multipart_upload(bucket, upload.object_name, upload.upload_id)
                        aborted += 1
        return aborted

    def has(self, bucket: ImageBucket, key: str) -> bool:
        """Whether an object exists."""
        try:
            self._stat(self._named(bucket), key)
        except ObjectMissing:
            return False
        return True

    def remove_all(self, bucket: ImageBucket, keys: Iterable[str]) -> Removal:
        """Remove objects if they exist, the others too when the store refuses one."""
        named = list(keys)
        with translated():
            errors = list(self._client.remove_objects(self._named(bucket), map(DeleteObject, named)))
        if not errors:
            return Removal(len(named))
        return Removal(
            len(named) - len(errors),
            StoreRefused(f"The S3 store did not remove {errors[0].name!r}: {errors[0].message}"),
        )

    def _opened_original(self, key: str, original: SubmittedOriginal) -> ObjectBody:
        with translated(key):
            response = self._client.get_object(self._settings.store.originals_bucket, key)
        body = ObjectBody(response, _CHUNK_BYTES, original.checker())
        if original.etag not in (response.headers.get("etag", "").strip('"'), response.headers.get(_COPIED_ETAG)):
            body.close()
            raise OriginalChanged(_CHANGED)
        return body

    def _stat(self, bucket: str, key: str) -> StoredObject:
        """The metadata of an object. The answer to HEAD has no body that says whether object or bucket is missing."""
        try:
            with translated(key):
                found = self._client.stat_object(bucket, key)
        except ObjectMissing:
            with translated():
                if not self._client.bucket_exists(bucket):
                    raise BucketMissing(f"The bucket {bucket} does not exist. Run `blurline buckets`.") from None
            raise
        return StoredObject(key, found.size or 0, found.etag or "")

    def _keys(self, bucket: ImageBucket, prefix: str) -> list[str]:
        found = self._client.list_objects(self._named(bucket), prefix=prefix, recursive=True)
        return [each.object_name or "" for each in found]

    def _named(self, bucket: ImageBucket) -> str:
        settings = self._settings
        return settings.store.originals_bucket if bucket is ImageBucket.ORIGINALS else settings.store.results_bucket
