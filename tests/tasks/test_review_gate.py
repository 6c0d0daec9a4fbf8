"""The review gate: decided in `blur` for each result, carried with it, and kept through every retry of `notify`."""

from __future__ import annotations

from dataclasses import MISSING, FrozenInstanceError, fields

import pytest

from blurline.contract.corrections import Correction, MarkedBox
from blurline.decision.doubt import Doubt
from blurline.errors import DatabaseUnavailable
from blurline.policy import Policy, Review
from blurline.policy.profile import ProfileName
from blurline.policy.region import Region
from blurline.settings import load_settings
from blurline.storage.inventory import ImageBucket
from blurline.storage.preview_keys import PreviewSize, preview_key
from blurline.storage.store import Store
from sql.engine.database import Database
from sql.review.reviews import approve_image, correct_image
from tasks import resources
from tasks.notify import notify
from tasks.review_gate import review_reason
from tasks.work import Output
from tests.factories import SIZE
from tests.tasks.one_image import image_of, submit, uploaded

ALWAYS = Policy(profile=ProfileName.FAST, review=Review.ALWAYS)
BOX = MarkedBox(x1=10.0, y1=10.0, x2=50.0, y2=60.0)


@pytest.mark.parametrize(
    ("policy", "doubt", "correction", "code"),
    [
        (Policy(review=Review.NEVER), 1.0, None, None),
        (Policy(review=Review.DOUBTFUL, max_doubt=0.5), 0.49, None, None),
        (Policy(review=Review.DOUBTFUL, max_doubt=0.5), 0.5, None, "doubtful"),
        (ALWAYS, 0.0, None, "review_asked"),
        (ALWAYS, 1.0, Correction(), None),
        (Policy(review=Review.NEVER), 0.0, Correction(is_held=True), "corrected"),
        (Policy(reviewers=2), 0.0, Correction(is_held=True, is_first_approval=True), "second_approval"),
        (Policy(reviewers=2), 0.0, None, None),
    ],
)
def test_who_waits_at_the_gate(policy: Policy, doubt: float, correction: Correction | None, code: str | None) -> None:
    reason = review_reason(policy, Doubt(doubt, near_threshold=1), correction)
    assert (reason.code if reason else None) == code


def test_no_output_exists_without_a_decision_and_none_changes_it() -> None:
    assert {field.name for field in fields(Output) if field.default is MISSING} >= {"done", "review_reason"}
    output = Output.__new__(Output)
    with pytest.raises(FrozenInstanceError):
        output.review_reason = None  # type: ignore[misc]


@pytest.mark.parametrize("policy", [ALWAYS, Policy(profile=ProfileName.FAST, review=Review.NEVER)])
def test_the_decision_of_blur_is_what_notify_publishes(database: Database, store: Store, policy: Policy) -> None:
    submit(database, store, policy)
    work, item = uploaded(database)
    assert item.output is not None
    has_views = preview_key(item.output.key, PreviewSize.VIEW) in {each.key for each in item.output.previews}
    notify.fn(work)
    image = image_of(database, item)
    expected = ("needs_review", "review_asked", True) if policy is ALWAYS else ("published", None, False)
    assert (image.state, image.error_code, has_views) == expected


def test_a_policy_from_before_the_least_policy_is_raised_by_the_worker(
    database: Database, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(database, store, Policy(profile=ProfileName.FAST, keep_regions=(Region(x1=0, y1=0, x2=1, y2=1),)))
    monkeypatch.setenv("BLURLINE_LEAST_REVIEW", "always")
    monkeypatch.setenv("BLURLINE_ALLOW_KEEP_REGIONS", "false")
    load_settings.cache_clear()
    work, item = uploaded(database)
    notify.fn(work)
    image = image_of(database, item)
    assert (image.state, image.error_code, image.faces) == ("needs_review", "review_asked", 1)
    assert image.policy is not None
    assert (image.policy["review"], image.policy["keep_regions"]) == ("always", [])


def test_a_retry_of_notify_alone_keeps_the_decision(database: Database, store: Store) -> None:
    """As Prefect retries it: the same work, after the database was away."""
    submit(database, store, ALWAYS)
    work, item = uploaded(database)
    resources.database().close()
    with pytest.raises(DatabaseUnavailable):
        notify.fn(work)
    assert not item.settled and image_of(database, item).state == "processing"
    resources.database.cache_clear()
    notify.fn(work)
    assert (image_of(database, item).state, image_of(database, item).error_code) == ("needs_review", "review_asked")


def test_a_retry_after_a_lost_commit_neither_publishes_nor_takes_back_an_approval(
    database: Database, store: Store
) -> None:
    submit(database, store, ALWAYS)
    work, item = uploaded(database)
    assert item.output is not None
    notify.fn(work)
    item.settled = False  # as if the worker had never learned of the commit
    notify.fn(work)
    image = image_of(database, item)
    assert (image.state, image.result_key) == ("needs_review", item.output.key)
    approve_image(database, "rita", image.id, image.result_sha256 or "")
    item.settled = False
    notify.fn(work)
    assert image_of(database, item).state == "published"
    assert store.has(ImageBucket.RESULTS, item.output.key)


@pytest.mark.parametrize("is_held", [False, True])
def test_a_correction_skips_detection_and_waits_only_if_asked(database: Database, store: Store, is_held: bool) -> None:
    """Its flow run has a work of its own: no decision of the earlier attempt is carried over."""
    submit(database, store, ALWAYS)
    work, item = uploaded(database)
    assert not item.skips_detection and item.detections is not None
    notify.fn(work)
    correct_image(database, "rita", item.attempt.image_id, [BOX], SIZE, note="", is_held=is_held)
    work, corrected = uploaded(database)
    assert corrected.skips_detection
    assert (corrected.inputs, corrected.candidates, corrected.detections) == (None, None, None)
    notify.fn(work)
    image = image_of(database, corrected)
    assert image.result_attempt_id == corrected.attempt.id
    assert (image.state, image.error_code) == (("needs_review", "corrected") if is_held else ("published", None))
