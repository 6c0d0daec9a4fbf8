"""From a checked request to a job: what the v1 and the compatibility router share."""

from __future__ import annotations

import contextlib
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import PurePosixPath
from typing import BinaryIO
from urllib.parse import unquote, urlsplit
from uuid import UUID

from pydantic import ValidationError

from api.deletion.retention import asked_days
from api.dependencies import Context
from api.http.problems import ApiProblem
from api.jobs.views import created_job_view
from blurline.contract import CreatedJob, JobOptions, SubmittedImage, WebhookRequest
from blurline.errors import DatabaseUnavailable, ObjectMissing, StoreUnavailable
from blurline.ids import made_at, new_id
from blurline.observability.traces import current_traceparent
from blurline.outbound.guarded_client import check_url
from blurline.policy import Policy
from blurline.policy.presets import DEFAULT, PRESETS
from blurline.storage.store import PresignedPost, StoredObject
from sql.events.webhooks import create_webhook
from sql.jobs.idempotency import Claim, settle
from sql.jobs.job_queries import job_within
from sql.jobs.presets import find_preset
from sql.jobs.quotas import charge, check_room, default_quotas
from sql.jobs.submissions import NewJob, Original, batch_size, write_job

_STAT_ONE_BY_ONE = 32
_STAT_AT_ONCE = 8
_LISTED_A_KEY = 3


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A file sent with the request."""

    name: str
    file: BinaryIO
    size_bytes: int


@dataclass(frozen=True, slots=True)
class SubmissionOptions:
    """What a submission asks for beside its pictures. ``claim`` is that of its Idempotency-Key."""

    owner: str
    policy: Policy = Policy()
    preset: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    webhook: WebhookRequest | None = None
    retention: Mapping[str, float] = field(default_factory=dict)
    claim: Claim | None = None


def submission_options(
    context: Context, owner: str, options: JobOptions, claim: Claim | None = None
) -> SubmissionOptions:
    """The preset's policy with the request's own fields in place of it, and the rest. Raises ApiProblem."""
    preset = options.preset or DEFAULT
    if preset in PRESETS:
        _, policy = PRESETS[preset]
    else:
        found = find_preset(context.database, preset)
        if found is None:
            raise ApiProblem("unknown_preset", f"There is no preset {preset!r}. GET /v1/presets lists them.")
        policy = found.policy
    if options.webhook is not None:
        check_webhooks_allowed(context)
        check_url(str(options.webhook.url), context.settings.outbound_networks)
    try:
        merged = Policy.model_validate(policy.model_dump() | options.policy.model_dump(exclude_unset=True))
    except ValidationError as error:
        raise ApiProblem("invalid_request", f"The policy does not go with the preset {preset!r}: {error}.") from error
    retention = asked_days(context.settings, options.retention)
    return SubmissionOptions(owner, merged, options.preset, options.labels, options.webhook, retention, claim)


def check_webhooks_allowed(context: Context) -> None:
    """Raise ApiProblem where webhooks are off."""
    if not context.settings.allow_webhooks:
        raise ApiProblem(
            "webhooks_not_allowed", "Webhooks are off here; your operator can allow them (BLURLINE_ALLOW_WEBHOOKS)."
        )


def new_upload(context: Context, owner: str) -> tuple[str, PresignedPost]:
    """A fresh key of the owner's, and the form to upload to it."""
    key = f"{_prefix(owner)}{new_id()}"
    return key, context.store.presign_upload(key)


def submit_images(context: Context, wanted: SubmissionOptions, images: Sequence[SubmittedImage]) -> CreatedJob:
    """Make a job of objects that were uploaded and of URLs. Raises ApiProblem, ObjectMissing, AlreadySubmitted."""
    _check_count(context, len(images))
    keys = [image.key for image in images if image.key is not None]
    twice = next((key for key, count in Counter(keys).items() if count > 1), None)
    if twice is not None:
        raise ApiProblem("duplicate_key", f"The key {twice!r} stands twice in the request; each upload is one image.")
    for key in keys:
        _check_upload(context, wanted.owner, key)
    stored = _stat(context, wanted.owner, keys)
    originals = [_original(context, wanted.owner, image, stored) for image in images]
    return _create(context, wanted, originals)


def submit_files(context: Context, wanted: SubmissionOptions, files: Sequence[OpenFile]) -> CreatedJob:
    """Store files and make a job of them. Raises ApiProblem, QuotaExceeded."""
    _check_count(context, len(files))
    for file in files:
        _check_size(context, file.name, file.size_bytes)
    check_room(
        context.database,
        wanted.owner,
        default_quotas(context.settings),
        len(files),
        sum(file.size_bytes for file in files),
    )
    originals: list[Original] = []
    try:
        for file in files:
            stored = context.store.put_original(_direct_key(wanted.owner), file.file, file.size_bytes)  # type: ignore[arg-type]
            originals.append(Original(file.name, stored.key, stored.etag, stored.size_bytes))
        return _create(context, wanted, originals)
    except DatabaseUnavailable:  # the job may be there all the same: its commit may have gone through unheard
        raise
    except Exception:
        for original in originals:  # there is no job that could ever delete them
            _forget(context, original)
        raise


def _create(context: Context, wanted: SubmissionOptions, originals: list[Original]) -> CreatedJob:
    """Everything of the job in one transaction, its place in the quotas and its answer to a repetition included."""
    settings = context.settings
    job = NewJob(
        wanted.owner,
        wanted.policy,
        originals,
        "interactive" if len(originals) <= settings.interactive_max_images else "backlog",
        wanted.preset,
        wanted.labels,
        wanted.retention,
        current_traceparent(),
    )
    with context.database.transaction() as transaction:
        charge(transaction, job.owner, default_quotas(settings), len(originals), job.size_bytes)
        job_id = write_job(transaction, job, batch_size(settings))
        webhook = None
        if wanted.webhook is not None:
            webhook = create_webhook(transaction, job.owner, job_id, str(wanted.webhook.url), wanted.webhook.events)
        row = job_within(transaction, job_id)
        assert row is not None
        answer = created_job_view(row, webhook, settings)
        if wanted.claim is not None:
            settle(transaction, wanted.claim, answer.model_dump(mode="json"))
    return answer


def _original(context: Context, owner: str, image: SubmittedImage, stored: Mapping[str, StoredObject]) -> Original:
    if image.key is not None:
        found = stored[image.key]
        name = image.name or image.key.rpartition("/")[2]
        _check_size(context, name, found.size_bytes)
        return Original(name, image.key, found.etag, found.size_bytes)
    if not context.settings.allow_urls:
        raise ApiProblem(
            "urls_not_allowed",
            "Images cannot be submitted by URL here. Upload them, or have it allowed (BLURLINE_ALLOW_URLS).",
        )
    url = str(image.url)
    check_url(url, context.settings.outbound_networks)
    last = PurePosixPath(unquote(urlsplit(url).path)).name
    name = image.name or printable(last) or "image"
    return Original(name, _direct_key(owner), None, 0, source_url=url)


def _stat(context: Context, owner: str, keys: list[str]) -> dict[str, StoredObject]:
    """What the store has of the keys: many are listed (keys sort by time), as far as that pays; the rest is asked for
    one by one. Raises ObjectMissing."""
    found: dict[str, StoredObject] = {}
    if len(keys) > _STAT_ONE_BY_ONE:
        wanted = set(keys)
        between = context.store.list_originals(_prefix(owner), min(keys), max(keys))
        found = {each.key: each for each in islice(between, _LISTED_A_KEY * len(keys)) if each.key in wanted}
    rest = [key for key in keys if key not in found]
    with ThreadPoolExecutor(max_workers=_STAT_AT_ONCE) as threads:
        return found | {each.key: each for each in threads.map(context.store.stat_original, rest)}


def printable(name: str | None) -> str:
    """A name as the database takes it."""
    return "".join(letter for letter in name or "" if letter.isprintable())[:255]


def _check_count(context: Context, count: int) -> None:
    most = context.settings.max_images_per_job
    if not 1 <= count <= most:
        raise ApiProblem("image_count", f"The request has {count} images; a job has 1 to {most}.")


def _check_size(context: Context, name: str, size_bytes: int) -> None:
    most_mb = context.settings.max_file_mb
    if size_bytes > most_mb * 1e6:
        raise ApiProblem(
            "picture_too_large", f"{name} has {size_bytes / 1e6:.1f} MB; at most {most_mb:.0f} MB are accepted."
        )


def _forget(context: Context, original: Original) -> None:
    with contextlib.suppress(StoreUnavailable):
        context.store.remove_original(original.key)


def _check_upload(context: Context, owner: str, key: str) -> None:
    """Raise ObjectMissing unless the key is one that the owner was handed out with a form, and not so long ago that the
    object may be swept away."""
    try:
        upload_id = UUID(key.rpartition("/")[2])
        handed_out_at, is_of_owner = made_at(upload_id), key == f"{_prefix(owner)}{upload_id}"
    except ValueError:
        is_of_owner = False
    if not is_of_owner:
        raise ObjectMissing(f"Nothing is stored under the key {key!r}. Get keys from POST /v1/uploads.")
    kept_hours = context.settings.keep_uploads_hours
    if datetime.now(UTC) - handed_out_at > timedelta(hours=kept_hours):
        raise ObjectMissing(
            f"The upload {key!r} was not submitted within {kept_hours:g} hours and is not kept any longer. Upload the "
            "file again."
        )


def _direct_key(owner: str) -> str:
    """A key that no form was handed out for, so that nobody can write to it but we."""
    return f"{_prefix(owner)}direct/{new_id()}"


def _prefix(owner: str) -> str:
    return f"{hashlib.sha256(owner.encode()).hexdigest()[:16]}/"
