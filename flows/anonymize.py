"""anonymize: seven tasks over one batch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated
from uuid import UUID

import structlog
from prefect import flow
from prefect.client.schemas.objects import State
from prefect.context import FlowRunContext
from prefect.runtime import flow_run

from blurline.errors import BlurlineError, DatabaseUnavailable, MarkMisses, OutputCheckFailed
from blurline.observability import metrics
from blurline.observability.traces import span
from blurline.settings import load_settings
from flows.form import titled
from flows.outcome import Outcome, completed, dashboard_link
from sql.jobs.attempts import NeedsNewerWorker
from sql.jobs.outbox import OLD_TRACE_LABEL, TRACE_LABEL
from sql.jobs.retries import retry_or_fail, retry_policy
from tasks.blur import blur
from tasks.detect import detect
from tasks.download import download
from tasks.nms import nms
from tasks.notify import notify
from tasks.resize import resize
from tasks.resources import database
from tasks.upload import upload
from tasks.work import Item, Work

log = structlog.get_logger()


@flow(name="anonymize", persist_result=False, validate_parameters=True)
def anonymize(
    batch_id: Annotated[UUID, titled("Batch id", "The batch whose unfinished images to process.")],
) -> State[None]:
    """Find and destroy the faces in the images of a batch.

    The dispatcher starts it for every batch. Running it again, also with Retry in the UI, processes only unfinished
    images. When a task finally fails, the batch's unfinished images get a new attempt and this run fails.
    """
    work = Work(batch_id, is_retry=(flow_run.run_count or 1) > 1)
    structlog.contextvars.bind_contextvars(batch_id=str(batch_id))
    with _traced("anonymize", work, parent=_label(TRACE_LABEL), link=_label(OLD_TRACE_LABEL)):
        try:
            for stage in (download, resize, detect, nms, blur, upload, notify):
                with _traced(stage.name, work):
                    stage(work)
        except Exception as error:
            _give_back(work, error)
            raise
        return completed(_outcome(work))


@contextmanager
def _traced(name: str, work: Work, parent: str | None = None, link: str | None = None) -> Iterator[None]:
    """A span with the ids of batch, job and images that are known at its end. Later logs get the job's id too."""
    with span(name, parent=parent, link=link, attributes={"blurline.batch_id": str(work.batch_id)}) as current:
        try:
            yield
        finally:
            images = [str(item.attempt.image_id) for item in work.items or []]
            current.set_attributes({"blurline.images": len(images), "blurline.image_ids": images})
            if work.job_id is not None:
                current.set_attribute("blurline.job_id", str(work.job_id))
                structlog.contextvars.bind_contextvars(job_id=str(work.job_id))


def _label(name: str) -> str | None:
    """A label that the dispatcher set on this flow run. A manually started run has none."""
    context = FlowRunContext.get()
    value = context.flow_run.labels.get(name) if context and context.flow_run else None
    return str(value) if value else None


def _outcome(work: Work) -> Outcome:
    """Counts of the images by outcome; a line in the log and a table only for those that failed. No names of files."""
    items = work.items or []
    own = [item for item in items if item.is_won]
    failed = [(item.attempt.image_id, error.code) for item in own if (error := item.error) and not _is_held(error)]
    held = sum(_is_held(item.error) or _is_gated(item) for item in own)
    parts = {"published": len(own) - held - len(failed), "held for review": held, "failed": len(failed)}
    parts["settled by another run"] = len(items) - len(own)
    counts = ", ".join(f"{count} {name}" for name, count in parts.items() if count) or "nothing left to do"
    link = dashboard_link("jobs", job=work.job_id) if work.job_id else ""
    rows = [{"image": str(image_id), "error": code} for image_id, code in failed]
    sentence = f"{len(items)} images: {counts}."
    return Outcome(sentence if rows else f"{sentence} {link}".rstrip(), rows, link, is_logged=bool(rows))


def _is_held(error: Exception | None) -> bool:
    return isinstance(error, (OutputCheckFailed, MarkMisses))


def _is_gated(item: Item) -> bool:
    return item.error is None and item.output is not None and item.output.review_reason is not None


def _give_back(work: Work, error: Exception) -> None:
    """Schedule a new attempt, in another flow run, for every image that is not settled."""
    open_attempts = [item.attempt.id for item in work.items or [] if not item.settled]
    if isinstance(error, NeedsNewerWorker):
        open_attempts = list(error.attempt_ids)
    code = error.code if isinstance(error, BlurlineError) else "task_failed"
    try:
        with database().transaction() as transaction:
            retry_or_fail(transaction, open_attempts, code, str(error), retry_policy(load_settings()))
        metrics.images_given_back.labels(code).inc(len(open_attempts))
    except DatabaseUnavailable:
        log.warning("batch_left_to_reconciler", batch_id=str(work.batch_id))
