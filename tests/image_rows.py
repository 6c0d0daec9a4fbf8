"""A known set of images for statistics and exports: settled, failed, held, re-run, corrected and deleted."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from uuid import UUID

import numpy as np
import psycopg

from blurline.contract.corrections import MarkedBox
from blurline.contract.reruns import BacklogRerunRequest
from blurline.decision.choice import Choice, choose
from blurline.decision.correction import corrected_choices
from blurline.ids import new_id
from blurline.policy import Policy
from blurline.policy.profile import ProfileName
from blurline.settings import Settings
from sql.engine.database import Database
from sql.jobs.attempts import Attempt, start_batch
from sql.jobs.image_search import ImageFilter, list_images
from sql.jobs.publishing import Result, ReviewReason, publish
from sql.jobs.settlement import fail
from sql.jobs.submissions import NewJob, Original
from sql.reruns.reruns import rerun
from sql.review.reviews import approve_image, correct_image, reject_image
from sql.statistics.statistics import note_releases
from tests.factories import SIZE, create_job, result

SIDE_PX = 1000
DRAWN = MarkedBox(x1=10.0, y1=10.0, x2=50.0, y2=60.0)
STAGES = {"download": 2.5, "resize": 4.0, "detect": 20.0, "nms": 0.5, "blur": 6.0, "upload": 3.0}


def submit(database: Database, owner: str, images: int, profile: ProfileName, **labels: str) -> UUID:
    """Submit a job with this many images; its id."""
    originals = [Original(f"{owner}/{at}.jpg", f"{owner}/{new_id()}", "etag", 1000) for at in range(images)]
    return create_job(database, NewJob(owner, Policy(profile=profile), originals, "interactive", labels=labels))


def underway(database: Database, settings: Settings) -> Iterator[tuple[Attempt, Policy]]:
    """Start every batch, whether it was dispatched or not."""
    with psycopg.connect(settings.database.conninfo) as connection:
        ids = [batch_id for (batch_id,) in connection.execute("SELECT id FROM batches ORDER BY id")]
    for batch_id in ids:
        batch = start_batch(database, batch_id)
        assert batch is not None
        for attempt in batch.attempts:
            yield attempt, batch.policy


def made(
    attempt: Attempt,
    policy: Policy,
    boxes: Sequence[Sequence[float]],
    model: str = "m1",
    plates: Sequence[Sequence[float]] = (),
) -> Result:
    """A result with these boxes (x1, y1, x2, y2, score); those of 0.5 and more are destroyed."""
    faces, others = (
        choose(np.array(rows, np.float32).reshape(-1, 5), policy, 0.5, SIDE_PX, SIDE_PX // 2)
        for rows in (boxes, plates)
    )
    choices: tuple[Choice, ...] = (replace(faces, others={"plate": others} if len(plates) else {}),)
    if attempt.correction is not None:
        choices = corrected_choices(attempt.correction, 1)
    return replace(
        result(f"{attempt.image_id}/{attempt.id}.jpg"),
        choices=choices,
        policy=policy,
        model={"name": model, "sha256": model * 4},
        width_px=SIDE_PX,
        height_px=SIDE_PX // 2,
        stage_ms=STAGES,
        processing_ms=sum(STAGES.values()),
    )


def settle(database: Database, attempt: Attempt, outcome: Result | str, held: ReviewReason | None = None) -> None:
    """Publish, hold (with ``held``) or fail (with a code) an attempt."""
    with database.transaction() as transaction:
        if isinstance(outcome, str):
            fail(transaction, attempt, outcome, "A sentence.")
        else:
            publish(transaction, attempt, outcome, held)


def random_boxes(chance: random.Random, left_px: float = 5) -> list[list[float]]:
    """Up to six boxes that do not overlap."""
    boxes = []
    for at in range(chance.randint(0, 6)):
        side = chance.choice([10.0, 16.0, 30.5, 64.0, 120.0])
        x, y = at * 140.0 + left_px, 100.0 + chance.random() * 100
        boxes.append([x, y, x + side, y + side * 0.75, round(chance.uniform(0.1, 1), 3)])
    return sorted(boxes, key=lambda box: -box[4])


def fill(database: Database, settings: Settings) -> None:
    """Jobs of three owners with images in every possible state."""
    chance, chance_of_plates = random.Random(7), random.Random(8)
    doomed = submit(database, "ann", 3, ProfileName.FAST, desk="sport")
    submit(database, "ann", 12, ProfileName.STANDARD, desk="city")
    submit(database, "ann", 6, ProfileName.STANDARD, desk="sport", assignment="4711")
    submit(database, "bob", 8, ProfileName.THOROUGH)
    submit(database, "bob", 4, ProfileName.FAST, desk="city")
    for attempt, policy in underway(database, settings):
        outcome = chance.random()
        if outcome < 0.15:
            settle(database, attempt, chance.choice(["unreadable_picture", "too_large"]))
        else:
            held = ReviewReason("doubtful", "Look.") if outcome < 0.45 else None
            plates = random_boxes(chance_of_plates, left_px=25)
            settle(database, attempt, made(attempt, policy, random_boxes(chance), plates=plates), held)
    _make_older(database, settings)
    with database.transaction() as transaction:  # re-runs with another profile and model
        request = BacklogRerunRequest(
            states=["published"], owner="ann", limit=5, policy=Policy(profile=ProfileName.THOROUGH), dry_run=False
        )
        rerun(transaction, request, new_id(), SIZE, Settings())
    for attempt, policy in underway(database, settings):
        plates = random_boxes(chance_of_plates, left_px=25)
        settle(database, attempt, made(attempt, policy, random_boxes(chance), model="m2", plates=plates))
    review(database, settings)
    submit(database, "cid", 2, ProfileName.STANDARD)
    delete_job(database, doomed)
    for image in list_images(database, ImageFilter(state="published", owner="bob"), 2):
        with database.transaction() as transaction:
            transaction.run("delete_images", image_ids=[image.id])


def _make_older(database: Database, settings: Settings) -> None:
    """Make every second result one of 0.1.0, which recorded no release, as after an upgrade."""
    with psycopg.connect(settings.database.conninfo) as connection:
        connection.execute("UPDATE images SET made_by_version = NULL WHERE result_key IS NOT NULL AND position % 2 = 0")
        connection.execute(
            "UPDATE attempts SET blurline_version = NULL FROM images "
            "WHERE attempts.id = result_attempt_id AND made_by_version IS NULL"
        )
    while note_releases(database, 5):
        pass


def delete_job(database: Database, job_id: UUID) -> None:
    """Delete a job's rows."""
    with database.transaction() as transaction:
        transaction.run("delete_job", job_id=job_id)


def review(database: Database, settings: Settings) -> None:
    """Approve, reject and correct held images in turn; some corrections are corrected again."""
    for at, image in enumerate(list_images(database, ImageFilter(state="needs_review"), 100)):
        if at % 4 == 0:
            approve_image(database, "rita", image.id, image.result_sha256 or "")
        elif at % 4 == 1:
            reject_image(database, "rita", image.id, "No.")
        else:
            correct(database, settings, image.id, drop=1, add=[DRAWN], is_held=at % 4 == 3)
            if at % 4 == 3:
                correct(database, settings, image.id, drop=0, add=[DRAWN.model_copy(update={"x1": 300.0, "x2": 340.0})])


def correct(
    database: Database,
    settings: Settings,
    image_id: UUID,
    drop: int,
    add: Sequence[MarkedBox],
    *,
    is_held: bool = False,
) -> None:
    """Drop the first boxes and add others; then render."""
    (image,) = [image for image in list_images(database, ImageFilter(), 1000) if image.id == image_id]
    with database.transaction() as transaction:
        rows = transaction.all("destroyed_boxes", attempt_id=image.result_attempt_id)
    kept = [MarkedBox(**row) for row in rows][drop:]
    correct_image(database, "rita", image_id, [*kept, *add], SIZE, note="", is_held=is_held)
    for attempt, policy in underway(database, settings):
        settle(database, attempt, made(attempt, policy, []), ReviewReason("corrected", "Look.") if is_held else None)
