"""The state of a batch that passes through the seven tasks.

The tasks of one flow run share one `Work` in memory: pictures never pass through Prefect's result store. Each task
advances every item by one stage and skips items that are done, so that a retried task repeats only unfinished work. A
permanent error marks its item and the others continue; a retryable error is raised after the others are done.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import structlog
from opentelemetry.trace import get_current_span
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import Task, exponential_backoff

from blurline.decision.finding import Refusal
from blurline.errors import PermanentError, RetryableError
from blurline.limits import Limits
from blurline.observability import metrics
from blurline.picture.decode import open_photo
from blurline.picture.photo import Header, Photo
from blurline.policy import Policy
from models import Anonymized, Candidates, DetectionPlan, DetectorInputs, FrameDetections
from sql.jobs.attempts import Attempt
from sql.jobs.publishing import ReviewReason

log = structlog.get_logger()


class InternalFault(PermanentError):
    """An unexpected error in Blurline; the log has the details."""

    code = "internal"


@dataclass(slots=True)
class DownloadedOriginal:
    """A downloaded and validated original."""

    data: bytes
    sha256: str
    header: Header


@dataclass(frozen=True, slots=True)
class Preview:
    """A preview to store, of the result or of the original."""

    key: str
    data: bytes
    is_result: bool


@dataclass(frozen=True, slots=True)
class Output:
    """A written and checked result, the key that it will be stored under, and the decision of the review gate.

    They are made together and never change: no result can be published by another result's decision. With a
    ``refusal`` the file failed its check.
    """

    done: Anonymized
    sha256: str
    key: str
    review_reason: ReviewReason | None
    previews: tuple[Preview, ...]
    refusal: Refusal | None = None


@dataclass(slots=True)
class Item:
    """One image of the batch, with the output of each stage."""

    attempt: Attempt
    original: DownloadedOriginal | None = None
    photo: Photo | None = None
    inputs: list[DetectorInputs] | None = None
    candidates: list[Candidates] | None = None
    detections: list[FrameDetections] | None = None
    output: Output | None = None
    is_stored: bool = False
    error: PermanentError | None = None
    settled: bool = False
    is_won: bool = False
    stage_ms: dict[str, float] = field(default_factory=dict)

    @property
    def skips_detection(self) -> bool:
        """Whether a reviewer has marked the faces, so that no detector runs on the image."""
        return self.attempt.correction is not None

    def opened(self, limits: Limits) -> Photo:
        """The decoded picture: the one in memory, or decoded again."""
        assert self.original is not None
        return self.photo or open_photo(self.original.data, limits)


class Work:
    """The items of one batch. Not a dataclass, so that Prefect does not search it for futures."""

    def __init__(self, batch_id: UUID, *, is_retry: bool = False) -> None:
        self.batch_id = batch_id
        self.is_retry = is_retry
        self.job_id: UUID | None = None
        self.policy = Policy()
        self.plan: DetectionPlan | None = None
        self.items: list[Item] | None = None

    def advance(self, stage: str, is_done: Callable[[Item], bool], step: Callable[[Item], None]) -> None:
        """Take ``step`` on every item that has no error and is not done. Raises the first RetryableError."""
        faults: list[RetryableError] = []
        duration = metrics.stage_duration.labels(stage)
        for item in self.items or []:
            if item.error is not None or is_done(item):
                continue
            started = time.perf_counter()
            try:
                step(item)
            except PermanentError as error:
                item.error = error
            except RetryableError as error:
                faults.append(error)
            except Exception as error:
                log.exception("image_broke_task", task=stage, image_id=str(item.attempt.image_id))
                item.error = InternalFault(
                    f"Blurline could not process this picture ({type(error).__name__}), so it was not published. "
                    "Ask your operator: the details are in the log."
                )
            finally:
                elapsed_s = time.perf_counter() - started
                item.stage_ms[stage] = item.stage_ms.get(stage, 0) + elapsed_s * 1000
                duration.observe(elapsed_s)
            if item.error is not None:
                failed = {"blurline.image_id": str(item.attempt.image_id), "blurline.error_code": item.error.code}
                get_current_span().add_event("image_failed", failed)
        if faults:
            raise faults[0]


def is_retryable(_task: Task[..., Any], _task_run: TaskRun, state: State[Any]) -> bool:
    """Whether Prefect retries the task: only after an error of Blurline's services or the network."""
    return isinstance(state.result(raise_on_failure=False), RetryableError)


TASK: dict[str, Any] = {
    "retries": 5,
    "retry_delay_seconds": exponential_backoff(backoff_factor=1),
    "retry_jitter_factor": 0.5,
    "retry_condition_fn": is_retryable,
    "cache_policy": NO_CACHE,
    "persist_result": False,
    "log_prints": False,
}
"""Options of every task: about half a minute of retries after retryable errors, nothing persisted."""
