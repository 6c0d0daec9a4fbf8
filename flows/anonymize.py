"""anonymize: seven tasks over one batch."""

from __future__ import annotations

from uuid import UUID

import structlog
from prefect import flow
from prefect.runtime import flow_run

from blurline.errors import BlurlineError, DatabaseUnavailable
from blurline.settings import load_settings
from sql.attempts import retrying, try_again
from tasks.blur import blur
from tasks.detect import detect
from tasks.download import download
from tasks.nms import nms
from tasks.notify import notify
from tasks.resize import resize
from tasks.resources import database
from tasks.upload import upload
from tasks.work import Work

log = structlog.get_logger()


@flow(name="anonymize", persist_result=False, validate_parameters=True)
def anonymize(batch_id: UUID) -> None:
    """Find and destroy the faces in the images of a batch.

    Started by the dispatcher for every batch. Running it again, also by the UI's Retry, does only what is
    still to do. When a task fails for good, the batch's unfinished images get a new attempt, and this
    run ends as failed.
    """
    work = Work(batch_id, is_retry=(flow_run.run_count or 1) > 1)
    try:
        for stage in (download, resize, detect, nms, blur, upload, notify):
            stage(work)
    except Exception as error:
        _give_back(work, error)
        raise


def _give_back(work: Work, error: Exception) -> None:
    """Have every image that is not settled attempted anew, later, in another flow run."""
    open_attempts = [item.attempt.id for item in work.items or [] if not item.settled]
    code = error.code if isinstance(error, BlurlineError) else "task_failed"
    try:
        with database().transaction() as transaction:
            try_again(transaction, open_attempts, code, str(error), retrying(load_settings()))
    except DatabaseUnavailable:
        log.warning("batch_left_to_reconciler", batch_id=str(work.batch_id))
