"""The store: whether it can be written and read, is private, and accepts client uploads within their limits only."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from blurline.errors import BlurlineError, StoreUnavailable
from blurline.ids import new_id
from blurline.settings import Settings
from blurline.storage.bucket_admin import Buckets
from blurline.storage.store import PresignedPost, Store
from deployments.doctor.browser_uploads import browser_uploads
from deployments.doctor.result import Finding, clock_finding, error, ok, warning

_CONTENT = b"can be written and read"
_SMALL_MB = 0.001
_TIMEOUT_S = 10


def store(settings: Settings) -> Iterator[Finding]:
    """Check the store. Raises ConfigurationError when none is set."""
    with closing(Buckets(settings)) as buckets, closing(Store(settings)) as store:
        try:
            missing = buckets.missing()
        except StoreUnavailable as problem:
            yield error(
                "store.connection",
                str(problem),
                "Start the store, or correct BLURLINE_S3_ENDPOINT, BLURLINE_S3_ACCESS_KEY and BLURLINE_S3_SECRET_KEY.",
            )
            return
        yield ok("store.connection", f"{settings.store.endpoint} responds.")
        yield from _clock(settings)
        if missing:
            yield error(
                "store.buckets",
                f"The buckets {', '.join(missing)} do not exist.",
                "Run `blurline buckets`, or create them yourself as private buckets.",
            )
            return
        yield ok("store.buckets", f"The buckets {', '.join(buckets.names)} exist.")
        yield _versions(buckets)
        yield from _written_and_private(settings, buckets)
        yield _upload(settings, store)
        yield from browser_uploads(settings)
        yield _limits(settings)


def _clock(settings: Settings) -> Iterator[Finding]:
    """Compare clocks. The store's responses contain its time, truncated to the second."""
    try:
        told = httpx.get(settings.store.endpoint, timeout=_TIMEOUT_S).headers.get("date")
    except httpx.HTTPError:
        return
    if told is not None:
        ahead_s = (parsedate_to_datetime(told) - datetime.now(UTC)).total_seconds() + 0.5
        yield clock_finding("store.clock", "the store", ahead_s)


def _versions(buckets: Buckets) -> Finding:
    name = "store.versions"
    try:
        keeping = [bucket for bucket in buckets.names if buckets.keeps_versions(bucket)]
    except StoreUnavailable as problem:
        return warning(
            name,
            f"It is unknown whether the buckets keep deleted objects: {problem}",
            "Allow the access key to read the buckets' versioning, or check yourself that it is off.",
        )
    if keeping:
        return warning(
            name,
            f"{', '.join(keeping)} keep older versions, so deleted photographs stay there.",
            "Suspend versioning, or add a lifecycle rule that removes noncurrent versions in time.",
        )
    return ok(name, "The buckets do not keep removed objects.")


def _written_and_private(settings: Settings, buckets: Buckets) -> Iterator[Finding]:
    """Write a trial object to each bucket and read it with and without the keys."""
    key = _trial_key()
    public = settings.store.s3_public_endpoint or settings.store.endpoint
    endpoints = sorted({settings.store.endpoint.rstrip("/"), public.rstrip("/")})
    lost, open_ = [], []
    try:
        for bucket in buckets.names:
            buckets.write(bucket, key, io.BytesIO(_CONTENT), len(_CONTENT), "text/plain")
            with buckets.reading(bucket, key) as reading:
                if b"".join(reading.chunks) != _CONTENT:
                    lost.append(bucket)
            paths = (f"{bucket}/{key}", f"{bucket}?list-type=2")
            if any(_serves_strangers(f"{endpoint}/{path}") for endpoint in endpoints for path in paths):
                open_.append(bucket)
            buckets.remove(bucket, key)
    except BlurlineError as problem:
        yield error("store.use", str(problem), "Allow the access key to write, read, list and remove objects.")
        return
    if lost:
        remedy = "Check the store's log and disks before you store anything else."
        yield error("store.use", f"{', '.join(lost)} return other content than was stored.", remedy)
    else:
        yield ok("store.use", "Objects can be written, read and removed in every bucket.")
    if open_:
        yield error(
            "store.privacy",
            f"{', '.join(open_)} can be read or listed by anyone, without a key.",
            "Remove the bucket policy or ACL that allows it at once: originals show faces.",
        )
    else:
        yield ok("store.privacy", "No bucket can be read or listed without a key.")


def _upload(settings: Settings, store: Store) -> Finding:
    """Upload like a client, over the public address."""
    key = _trial_key()
    address = settings.store.s3_public_endpoint or settings.store.endpoint
    remedy = "Correct BLURLINE_S3_PUBLIC_ENDPOINT, and check that proxies in front of the store pass POST requests."
    try:
        answer = _post(store.presign_upload(key), _CONTENT)
        if not answer.is_success:
            says = f"A client's upload to {address} is refused ({answer.status_code}): {answer.text[:200]}"
            return error("store.upload", says, remedy)
        store.stat_original(key)
    except (httpx.HTTPError, BlurlineError) as problem:
        return error("store.upload", f"A client's upload to {address} fails: {problem!r}", remedy)
    finally:
        store.remove_original(key)
    return ok("store.upload", f"Clients can upload to {address}.")


def _limits(settings: Settings) -> Finding:
    """Check that the store enforces the key and size of an upload form."""
    key, taken = _trial_key(), []
    with closing(Store(settings.replace(max_file_mb=_SMALL_MB))) as store:
        form = store.presign_upload(key)
        elsewhere = PresignedPost(form.url, {**form.fields, "key": f"{key}-elsewhere"})
        too_large = b"." * int(_SMALL_MB * 1e6 + 1)
        try:
            if _post(form, too_large).is_success:
                taken.append("more bytes than the form allows")
            if _post(elsewhere, _CONTENT).is_success:
                taken.append("another key than the form's")
        except httpx.HTTPError as problem:
            says = f"It is unknown whether the store enforces the key and size of uploads: {problem!r}"
            return error("store.limits", says, "Fix the problem in store.upload first.")
        finally:
            for each in (key, elsewhere.fields["key"]):
                store.remove_original(each)
    if taken:
        return error(
            "store.limits",
            f"The store accepts {' and '.join(taken)}, so a submitter can fill it or overwrite other users' files.",
            "Use a store that enforces the conditions of presigned POST policies.",
        )
    return ok("store.limits", "The store enforces the key and size of uploads.")


def _post(form: PresignedPost, content: bytes) -> httpx.Response:
    return httpx.post(form.url, data=form.fields, files={"file": content}, timeout=_TIMEOUT_S)


def _serves_strangers(url: str) -> bool:
    """Whether a URL is served without a key. An unreachable endpoint is reported by `store.upload`."""
    try:
        return httpx.get(url, timeout=_TIMEOUT_S).is_success
    except httpx.HTTPError:
        return False


def _trial_key() -> str:
    return f"doctor/{new_id()}"
