"""Re-running images that have ended: selecting, enqueueing, and cancelling what is left.

An image that is re-run stays as it is, published or failed, until the new attempt has a result. What a reviewer has
marked stays as marked: its boxes are rendered again and nothing is detected. A re-run never loosens the review of what
waits at the review gate.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

from blurline.contract.corrections import Correction
from blurline.contract.reruns import NAMED_IMAGES, BacklogRerunRequest
from blurline.errors import PermanentError
from blurline.ids import new_id
from blurline.policy import Policy, Review
from blurline.policy.least_policy import check_asked, is_looser, resolve
from blurline.settings import Settings
from sql.engine.database import Database, Row, Transaction
from sql.jobs.attempts import parse_correction, reopen
from sql.jobs.retries import cancel_attempts
from sql.jobs.submissions import BatchSize, Member, add_attempts, split

_AT_ONCE = 5000
_STRICTNESS = tuple(Review)  # never, doubtful, always
_JOB_CANCELLED = "The job was cancelled; nothing was published."
_RERUN_CANCELLED = "The re-run was cancelled."


class ModelsUnknown(PermanentError):
    """No worker has recorded which models it uses."""

    code = "models_unknown"


@dataclass(frozen=True, slots=True)
class NamedImage:
    """An image of a re-run, as it is shown to a person."""

    id: UUID
    name: str
    state: str


@dataclass(frozen=True, slots=True)
class RerunImages:
    """How many images a re-run takes, or (a dry run) would take, and the first of them, oldest first.

    ``without_original``: how many match but no longer have an original, counted up to the request's limit.
    """

    count: int
    first: tuple[NamedImage, ...]
    without_original: int


def rerun(
    transaction: Transaction,
    request: BacklogRerunRequest,
    rerun_id: UUID,
    size: BatchSize,
    settings: Settings,
    charge: Callable[[int, int], None] | None = None,
    named: int = NAMED_IMAGES,
) -> RerunImages:
    """Put the images that match into batches of the `backlog` queue, or (a dry run) only name them.

    They stay locked until the transaction ends. ``charge`` gets their number and bytes first, and may raise; at
    most ``named`` images are named. Raises
    ModelsUnknown when the request asks for results of another model and no worker has recorded the present ones, and
    PolicyBelowLeast when it asks for less than the settings demand of every policy.
    """
    check_asked(request.policy, settings)
    if request.made_with_another_model and transaction.one("recorded_models") is None:
        raise ModelsUnknown(
            "No worker of this release has recorded its models yet. Start a worker, then select by model again."
        )
    image_ids, size_bytes = _matching(transaction, request, has_original=True)
    if charge is not None:
        charge(len(image_ids), size_bytes)
    first = transaction.all("rerun_images", image_ids=image_ids[:named])
    if not request.dry_run:
        for start in range(0, len(image_ids), _AT_ONCE):
            rows = transaction.all("rerun_images", image_ids=image_ids[start : start + _AT_ONCE])
            _enqueue(transaction, rows, request.policy, rerun_id, size, settings)
        transaction.run("notify_outbox")
    return RerunImages(
        len(image_ids),
        tuple(NamedImage(row["image_id"], row["name"], row["state"]) for row in first),
        len(_matching(transaction, request, has_original=False)[0]),
    )


def record_models(database: Database, models: Mapping[str, str]) -> None:
    """Record the sha256 of the model that each profile, or detector (`detector:` and its name), uses from now on."""
    with database.transaction() as transaction:
        transaction.run("record_models", profiles=list(models), sha256s=list(models.values()))


def is_rerun(database: Database, rerun_id: UUID) -> bool:
    """Whether images were ever enqueued under this id."""
    with database.transaction() as transaction:
        return transaction.one("rerun", rerun_id=rerun_id) is not None


def cancel_attempts_of_rerun(database: Database, rerun_id: UUID) -> int:
    """Cancel the rest of a re-run. Return the number of images."""
    return _cancel_attempts_of(database, "rerun_cancelled", _RERUN_CANCELLED, rerun_id=rerun_id)


def cancel_attempts_of_job(database: Database, job_id: UUID, *, with_corrections: bool = False) -> int:
    """Cancel the rest of a job. Return the number of images.

    Only an operator may cancel what reviewers have corrected (``with_corrections``).
    """
    return _cancel_attempts_of(
        database, "job_cancelled", _JOB_CANCELLED, job_id=job_id, with_corrections=with_corrections
    )


def _matching(transaction: Transaction, request: BacklogRerunRequest, *, has_original: bool) -> tuple[list[UUID], int]:
    """The ids, oldest first, and the bytes of the originals. Locks the images."""
    filters = request.model_dump(exclude={"policy", "dry_run"})
    row = transaction.one("lock_images_to_rerun", **filters, has_original=has_original)
    assert row is not None
    return row["image_ids"], row["size_bytes"]


def _enqueue(
    transaction: Transaction, rows: Sequence[Row], asked: Policy, rerun_id: UUID, size: BatchSize, settings: Settings
) -> None:
    """Use set-based statements for any number of jobs: a backlog may be a hundred thousand jobs of one image."""
    policies: dict[tuple[str, str, str | None], str] = {}

    def kind(row: Row) -> tuple[UUID, str]:
        made_with = json.dumps(row["policy"]), row["state"], row["error_code"]
        if made_with not in policies:
            policies[made_with] = _policy(row, asked, settings).model_dump_json()
        return row["job_id"], policies[made_with]

    batches: list[tuple[UUID, UUID, str]] = []
    placed: list[tuple[UUID, Member]] = []
    for (job_id, policy), group in groupby(sorted(rows, key=kind), key=kind):
        is_always = Policy.model_validate_json(policy).review is Review.ALWAYS
        members = [
            Member(row["image_id"], row["original_bytes"], row["number"] + 1, _correction(row, is_reviewed=is_always))
            for row in group
        ]
        for batch in split(members, size):
            batches.append((new_id(), job_id, policy))
            placed += [(batches[-1][0], member) for member in batch]
    batch_ids = [batch_id for batch_id, _, _ in batches]
    transaction.run(
        "insert_rerun_batches",
        rerun_id=rerun_id,
        batch_ids=batch_ids,
        job_ids=[job_id for _, job_id, _ in batches],
        policies=[policy for _, _, policy in batches],
    )
    add_attempts(transaction, placed)
    transaction.run("insert_outbox", batch_ids=batch_ids, delay_s=0)
    reopen(transaction, [member for _, member in placed])


def _policy(row: Row, asked: Policy, settings: Settings) -> Policy:
    """The policy of an image's re-run, which never loosens the review of what waits at the review gate.

    An image that doubt or its policy sent there keeps at least that policy's review. One that a person or a failed
    check sent there needs a person's decision whatever its policy, and so does a re-run with a looser policy.
    """
    own = Policy.model_validate(row["policy"])
    policy = resolve(own, asked, settings)
    if row["state"] != "needs_review":
        return policy
    is_decided_by_doubt = row["error_code"] in ("doubtful", "review_asked") and not is_looser(policy, own, settings)
    least = own.review if is_decided_by_doubt else Review.ALWAYS
    stricter = {
        "review": max(policy.review, least, key=_STRICTNESS.index),
        "max_doubt": min(policy.max_doubt, own.max_doubt),
        "reviewers": policy.reviewers if policy.approvals >= own.approvals else own.reviewers,
    }
    return policy.model_copy(update=stricter)


def _correction(row: Row, *, is_reviewed: bool) -> Correction | None:
    """The marks of the present result, for another review if the policy asks for one or the image waits for one."""
    correction = parse_correction(row["correction"])
    if correction is None:
        return None
    is_held = correction.is_held or is_reviewed or row["state"] == "needs_review"
    return correction.model_copy(update={"is_held": is_held, "is_first_approval": False})


def _cancel_attempts_of(
    database: Database,
    code: str,
    message: str,
    *,
    rerun_id: UUID | None = None,
    job_id: UUID | None = None,
    with_corrections: bool = True,
) -> int:
    """In transactions of whole batches, until nothing is open: another attempt may have replaced one meanwhile."""
    images = 0
    while True:
        with database.transaction() as transaction:
            rows = transaction.all(
                "open_attempts", rerun_id=rerun_id, job_id=job_id, with_corrections=with_corrections, limit=_AT_ONCE
            )
            if not rows:
                return images
            if len(rows) == _AT_ONCE:  # the rest of the last batch may be missing
                rows = [row for row in rows if row["batch_id"] != rows[-1]["batch_id"]] or rows
            transaction.run("drop_outbox", batch_ids=list({row["batch_id"] for row in rows}))
            images += cancel_attempts(transaction, [row["attempt_id"] for row in rows], code, message)
