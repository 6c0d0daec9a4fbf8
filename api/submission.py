"""From a checked request to a job: what the v1 and the compatibility router share."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Annotated, BinaryIO
from uuid import UUID

from pydantic import Field

from api.context import Context
from api.problems import Problem
from blurline.errors import ObjectMissing, StoreUnavailable
from blurline.ids import new_id
from blurline.policy import Policy
from blurline.store import PresignedPost, StoredObject
from sql.submissions import Original, batch_size, create_job

Name = Annotated[str, Field(max_length=255, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""What an owner calls a picture."""

_STAT_ONE_BY_ONE = 32


@dataclass(frozen=True, slots=True)
class Named:
    """An upload's key, and what its owner calls the picture."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A file sent with the request."""

    name: str
    file: BinaryIO
    size_bytes: int


def new_upload(context: Context, owner: str) -> tuple[str, PresignedPost]:
    """A fresh key of the owner's, and the form to upload to it."""
    key = _new_key(owner)
    return key, context.store.presign_upload(key)


def submit_keys(context: Context, owner: str, uploads: Sequence[Named], policy: Policy) -> UUID:
    """Make a job of objects that were uploaded. Raises Problem, ObjectMissing, AlreadySubmitted."""
    _check_count(context, len(uploads))
    keys = [upload.key for upload in uploads]
    if len(set(keys)) < len(keys):
        raise Problem(422, "duplicate_key", "A key stands twice in the request; each upload is one image.")
    for key in keys:
        if not key.startswith(_prefix(owner)):
            raise ObjectMissing(f"Nothing is stored under the key {key!r}. Get keys from POST /v1/uploads.")
    stored = _stat(context, owner, keys)
    for upload in uploads:
        _check_size(context, upload.name, stored[upload.key].size_bytes)
    originals = [
        Original(upload.name, upload.key, stored[upload.key].etag, stored[upload.key].size_bytes) for upload in uploads
    ]
    return _create(context, owner, originals, policy)


def submit_files(context: Context, owner: str, files: Sequence[OpenFile], policy: Policy) -> UUID:
    """Store files and make a job of them. Raises Problem."""
    _check_count(context, len(files))
    for file in files:
        _check_size(context, file.name, file.size_bytes)
    originals: list[Original] = []
    try:
        for file in files:
            stored = context.store.put_original(_new_key(owner), file.file, file.size_bytes)  # type: ignore[arg-type]
            originals.append(Original(file.name, stored.key, stored.etag, stored.size_bytes))
    except StoreUnavailable:
        for original in originals:  # there will be no job that could ever delete them
            context.store.remove_original(original.key)
        raise
    return _create(context, owner, originals, policy)


def _create(context: Context, owner: str, originals: list[Original], policy: Policy) -> UUID:
    settings = context.settings
    queue = "interactive" if len(originals) <= settings.interactive_max_images else "backlog"
    return create_job(context.database, owner, policy, originals, queue, batch_size(settings))  # type: ignore[arg-type]


def _stat(context: Context, owner: str, keys: list[str]) -> dict[str, StoredObject]:
    """What the store has of the keys: a few are asked for one by one, many are listed (keys sort by time)."""
    if len(keys) <= _STAT_ONE_BY_ONE:
        with ThreadPoolExecutor(max_workers=8) as threads:
            return {found.key: found for found in threads.map(context.store.stat_original, keys)}
    listed = context.store.list_originals(_prefix(owner), min(keys), max(keys))
    found = {each.key: each for each in listed}
    missing = [key for key in keys if key not in found]
    if missing:
        raise ObjectMissing(
            f"Nothing is stored under {len(missing)} of the keys, among them {missing[0]!r}. "
            "Upload the files before submitting them."
        )
    return found


def _check_count(context: Context, count: int) -> None:
    most = context.settings.max_images_per_job
    if not 1 <= count <= most:
        raise Problem(422, "image_count", f"The request has {count} images; a job has 1 to {most}.")


def _check_size(context: Context, name: str, size_bytes: int) -> None:
    most_mb = context.settings.max_file_mb
    if size_bytes > most_mb * 1e6:
        raise Problem(
            413, "picture_too_large", f"{name} has {size_bytes / 1e6:.1f} MB; at most {most_mb:.0f} MB are accepted."
        )


def _new_key(owner: str) -> str:
    return f"{_prefix(owner)}{new_id()}"


def _prefix(owner: str) -> str:
    return f"{hashlib.sha256(owner.encode()).hexdigest()[:16]}/"
