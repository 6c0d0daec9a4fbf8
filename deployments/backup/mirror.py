"""Copy buckets into the folder and back, many objects at a time, in constant memory."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from typing import TypeVar

from blurline.errors import ObjectMissing
from blurline.storage.bucket_admin import Buckets
from blurline.storage.store import StoredObject
from deployments.backup.folder import BackupRefused, Folder, file_sha256
from deployments.backup.index import Index, IndexEntry

THREADS = 8
_AT_ONCE = 256

T = TypeVar("T")


def mirror(buckets: Buckets, folder: Folder, index: Index) -> int:
    """Copy new and changed objects, and note all objects in the index. Return the number of copied objects.

    An object that is removed before it can be read is left out.
    """
    copied = 0
    index.begin_listing()
    with ThreadPoolExecutor(THREADS) as threads:
        for role, bucket in buckets.by_role.items():
            copy = partial(_copied, buckets, folder, role, bucket)
            for found in _groups(buckets.objects(bucket)):
                entries = {each.key: _unchanged(folder, index, role, each) for each in found}
                lacking = [each for each in found if entries[each.key] is None]
                for entry in filter(None, threads.map(copy, lacking)):
                    entries[entry.key] = entry
                    copied += 1
                index.note([entry for entry in entries.values() if entry is not None])
    return copied


def put_back(buckets: Buckets, folder: Folder, entries: Iterable[IndexEntry]) -> Iterator[list[tuple[IndexEntry, str]]]:
    """Store the objects in groups, and yield each with its new etag. Raises BackupRefused for damaged contents."""

    def put(entry: IndexEntry) -> tuple[IndexEntry, str]:
        path = folder.blob(entry.sha256)
        if not path.is_file() or file_sha256(path) != entry.sha256:
            raise BackupRefused(f"{path} ({entry.role}, {entry.key}) is missing or damaged. Use another backup.")
        with path.open("rb") as file:
            bucket = buckets.by_role[entry.role]
            return entry, buckets.write(bucket, entry.key, file, entry.size_bytes, entry.media_type)

    with ThreadPoolExecutor(THREADS) as threads:
        for group in _groups(entries):
            yield list(threads.map(put, group))


def _unchanged(folder: Folder, index: Index, role: str, found: StoredObject) -> IndexEntry | None:
    """The folder's entry of the object, if it is complete and current."""
    known = index.find(role, found.key)
    if known is None or (known.size_bytes, known.etag) != (found.size_bytes, found.etag):
        return None
    path = folder.blob(known.sha256)
    return known if path.is_file() and path.stat().st_size == known.size_bytes else None


def _copied(buckets: Buckets, folder: Folder, role: str, bucket: str, found: StoredObject) -> IndexEntry | None:
    draft, digest, size_bytes = folder.draft(), hashlib.sha256(), 0
    try:
        with (
            buckets.reading(bucket, found.key) as reading,
            os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file,
        ):
            for chunk in reading.chunks:
                digest.update(chunk)
                size_bytes += file.write(chunk)
            entry = IndexEntry(role, found.key, size_bytes, reading.etag, digest.hexdigest(), reading.media_type)
        blob = folder.blob(entry.sha256)
        blob.parent.mkdir(mode=0o700, exist_ok=True)
        draft.replace(blob)
    except ObjectMissing:
        return None
    finally:
        draft.unlink(missing_ok=True)
    return entry


def _groups(all_: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(all_)
    while group := list(islice(rest, _AT_ONCE)):
        yield group
