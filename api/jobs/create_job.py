"""Create a job from a validated request, for the v1 and the compatibility router."""

from __future__ import annotations

import contextlib
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
from api.jobs.idempotency import stored_answer
from api.jobs.queues import queue_of
from api.jobs.views import created_job_view
from blurline.contract import CreatedJob, JobOptions, SubmittedImage, WebhookRequest
from blurline.errors import DatabaseUnavailable, ObjectMissing, StoreUnavailable
from blurline.ids import made_at
from blurline.observability.traces import current_traceparent
from blurline.outbound.guarded_client import check_url
from blurline.policy import Policy
from blurline.policy.least_policy import check_classes, resolve
from blurline.policy.presets import DEFAULT, PRESETS
from blurline.storage.original_keys import direct_key, owner_prefix
from blurline.storage.store import StoredObject
from sql.events.webhooks import create_webhook
from sql.jobs.contents import Content, record_content
from sql.jobs.idempotency import ClaimedKey, settle
from sql.jobs.job_queries import job_within
from sql.jobs.open_uploads import close_uploads
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
    """The options of a submission. ``claim`` is the claim on its Idempotency-Key. ``content`` is what its only image is
    found by later."""

    owner: str
    policy: Policy
    preset: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    webhook: WebhookRequest | None = None
    retention: Mapping[str, float] = field(default_factory=dict)
    claim: ClaimedKey | None = None
    content: Content | None = None


def submission_options(
    context: Context, owner: str, options: JobOptions, claim: ClaimedKey | None = None
) -> SubmissionOptions:
    """The options of a request, its own policy fields merged over its preset's, at least the least policy.

    Raises ApiProblem, PolicyBelowLeast and UnknownClass."""
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
        check_url(str(options.webhook.url), context.settings.outbound.networks)
    try:
        resolved = resolve(policy, options.policy, context.settings)
        check_classes(resolved.classes_destroyed, context.settings)  # the preset may be older than the detectors
    except ValidationError as error:
        raise ApiProblem("invalid_request", f"The policy conflicts with the preset {preset!r}: {error}.") from error
    retention = asked_days(context.settings, options.retention)
    return SubmissionOptions(owner, resolved, options.preset, options.labels, options.webhook, retention, claim)


def check_webhooks_allowed(context: Context) -> None:
    """Raise ApiProblem when webhooks are disabled."""
    if not context.settings.outbound.allow_webhooks:
        raise ApiProblem(
            "webhooks_not_allowed", "Webhooks are disabled. Your operator can enable them with BLURLINE_ALLOW_WEBHOOKS."
        )


def submit_images(context: Context, options: SubmissionOptions, images: Sequence[SubmittedImage]) -> CreatedJob:
    """Create a job from uploaded objects and URLs. Raises ApiProblem, ObjectMissing and AlreadySubmitted."""
    _check_count(context, len(images))
    keys = [image.key for image in images if image.key is not None]
    twice = next((key for key, count in Counter(keys).items() if count > 1), None)
    if twice is not None:
        raise ApiProblem("duplicate_key", f"The key {twice!r} occurs twice in the request. Submit each upload once.")
    for key in keys:
        _check_upload(context, options.owner, key)
    stored = _stat(context, options.owner, keys)
    originals = [_original(context, options.owner, image, stored) for image in images]
    return _create(context, options, originals)


def submit_files(context: Context, options: SubmissionOptions, files: Sequence[OpenFile]) -> CreatedJob:
    """Store files and create a job from them. Raises ApiProblem, OverQuota and ContentTaken."""
    _check_count(context, len(files))
    for file in files:
        _check_size(context, file.name, file.size_bytes)
    check_room(
        context.database,
        options.owner,
        default_quotas(context.settings),
        len(files),
        sum(file.size_bytes for file in files),
    )
    originals: list[Original] = []
    try:
        for file in files:
            stored = context.store.put_original(direct_key(options.owner), file.file, file.size_bytes)  # type: ignore[arg-type]
            originals.append(Original(file.name, stored.key, stored.etag, stored.size_bytes))
        return _create(context, options, originals)
    except DatabaseUnavailable:  # the job may exist: its commit may have succeeded without a response
        raise
    except Exception:
        for original in originals:  # no job exists that could delete them later
            _remove(context, original)
        raise


def _create(context: Context, options: SubmissionOptions, originals: list[Original]) -> CreatedJob:
    """Write the job, its use of the quotas and the stored response of its Idempotency-Key in one transaction."""
    settings = context.settings
    job = NewJob(
        options.owner,
        options.policy,
        originals,
        queue_of(context, originals),
        options.preset,
        options.labels,
        options.retention,
        current_traceparent(),
    )
    with context.database.transaction() as transaction:
        charge(transaction, job.owner, default_quotas(settings), len(originals), job.size_bytes)
        job_id = write_job(transaction, job, batch_size(settings))
        close_uploads(transaction, [original.key for original in originals])
        webhook = None
        if options.webhook is not None:
            secrets, url = context.webhook_secrets, str(options.webhook.url)
            webhook = create_webhook(transaction, secrets, job.owner, job_id, url, options.webhook.events)
        row = job_within(transaction, job_id)
        assert row is not None
        answer = created_job_view(row, webhook, settings)
        if options.claim is not None:
            settle(transaction, options.claim, stored_answer(context, answer))
        if options.content is not None:
            (only,) = originals
            record_content(transaction, options.content, only.id)
    return answer


def _original(context: Context, owner: str, image: SubmittedImage, stored: Mapping[str, StoredObject]) -> Original:
    if image.key is not None:
        found = stored[image.key]
        name = image.name or image.key.rpartition("/")[2]
        _check_size(context, name, found.size_bytes)
        return Original(name, image.key, found.etag, found.size_bytes)
    if not context.settings.outbound.allow_urls:
        raise ApiProblem(
            "urls_not_allowed",
            "Submission by URL is disabled. Upload the images, or ask your operator to set BLURLINE_ALLOW_URLS.",
        )
    url = str(image.url)
    check_url(url, context.settings.outbound.networks)
    last = PurePosixPath(unquote(urlsplit(url).path)).name
    name = image.name or printable(last) or "image"
    return Original(name, direct_key(owner), None, 0, source_url=url)


def _stat(context: Context, owner: str, keys: list[str]) -> dict[str, StoredObject]:
    """The stored objects of the keys. Raises ObjectMissing.

    Many keys are listed at once, since keys sort by time; the list is bounded, and the rest is looked up one by one.
    """
    found: dict[str, StoredObject] = {}
    if len(keys) > _STAT_ONE_BY_ONE:
        wanted = set(keys)
        between = context.store.list_originals(owner_prefix(owner), min(keys), max(keys))
        found = {each.key: each for each in islice(between, _LISTED_A_KEY * len(keys)) if each.key in wanted}
    rest = [key for key in keys if key not in found]
    with ThreadPoolExecutor(max_workers=_STAT_AT_ONCE) as threads:
        return found | {each.key: each for each in threads.map(context.store.stat_original, rest)}


def printable(name: str | None) -> str:
    """A file name with only printable characters, cut to 255."""
    return "".join(letter for letter in name or "" if letter.isprintable())[:255]


def _check_count(context: Context, count: int) -> None:
    most = context.settings.requests.max_images_per_job
    if not 1 <= count <= most:
        raise ApiProblem("image_count", f"The request has {count} images, but a job must have 1 to {most}.")


def _check_size(context: Context, name: str, size_bytes: int) -> None:
    most_mb = context.settings.pictures.max_file_mb
    if size_bytes > most_mb * 1e6:
        raise ApiProblem(
            "picture_too_large", f"{name} has {size_bytes / 1e6:.1f} MB, but at most {most_mb:.0f} MB are accepted."
        )


def _remove(context: Context, original: Original) -> None:
    with contextlib.suppress(StoreUnavailable):
        context.store.remove_original(original.key)


def _check_upload(context: Context, owner: str, key: str) -> None:
    """Raise ObjectMissing unless the key was issued to the owner with a form and is recent enough that no sweep has
    removed its object."""
    try:
        upload_id = UUID(key.rpartition("/")[2])
        issued_at, is_of_owner = made_at(upload_id), key == f"{owner_prefix(owner)}{upload_id}"
    except ValueError:
        is_of_owner = False
    if not is_of_owner:
        raise ObjectMissing(f"Nothing is stored under the key {key!r}. Get keys from POST /v1/uploads.")
    kept_hours = context.settings.retention.uploads_hours
    if datetime.now(UTC) - issued_at > timedelta(hours=kept_hours):
        raise ObjectMissing(
            f"The upload {key!r} expired because it was not submitted within {kept_hours:g} hours. Upload the file "
            "again."
        )
