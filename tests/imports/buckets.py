"""A bucket of the test's S3 server that stands for one of another store."""

from __future__ import annotations

import io
from pathlib import Path
from urllib.parse import urlsplit

from minio import Minio
from minio.deleteobjects import DeleteObject

from blurline.settings import Settings
from blurline.settings.named_buckets import NamedBucket


class Bucket:
    """An empty bucket, and the setting that names it. ``prefix`` is the part of it that the setting names."""

    def __init__(self, settings: Settings, folder: Path, name: str, prefix: str = "") -> None:
        self._bucket, self._prefix = f"test-{name}", prefix
        access_key, secret_key = settings.store.keys
        self._client = Minio(
            endpoint=urlsplit(settings.store.endpoint).netloc,
            access_key=access_key,
            secret_key=secret_key,
            secure=False,
            region=settings.store.s3_region,
        )
        if not self._client.bucket_exists(self._bucket):
            self._client.make_bucket(self._bucket)
        self.remove(*self._keys())
        self.key_files = folder / f"{name}.access", folder / f"{name}.secret"
        for path, key in zip(self.key_files, (access_key, secret_key), strict=True):
            path.write_text(f"{key}\n")
        self.setting = NamedBucket(
            name=name,
            endpoint=settings.store.endpoint,
            bucket=self._bucket,
            prefix=prefix,
            access_key_file=self.key_files[0],
            secret_key_file=self.key_files[1],
        )

    def put(self, path: str, data: bytes = b"a picture") -> None:
        """Store an object, under its path below the prefix."""
        self._client.put_object(self._bucket, self._prefix + path, io.BytesIO(data), len(data))

    def remove(self, *keys: str) -> None:
        """Remove objects by their keys."""
        assert not list(self._client.remove_objects(self._bucket, map(DeleteObject, keys)))

    def content(self) -> dict[str, bytes]:
        """Every object by its key."""
        found = {}
        for key in self._keys():
            response = self._client.get_object(self._bucket, key)
            found[key] = response.data
            response.close()
            response.release_conn()
        return found

    def _keys(self) -> list[str]:
        return [each.object_name or "" for each in self._client.list_objects(self._bucket, recursive=True)]
