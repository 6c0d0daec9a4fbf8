"""Jobs: uploaded pictures are submitted in chunks as the quotas allow, and jobs are followed until they finish."""

from __future__ import annotations

import time
from collections.abc import Mapping
from uuid import UUID

from blurline.cli.upload.display import WaitNotices
from blurline.cli.upload.journal import Journal
from blurline.cli.upload.picture import Chunk, State, printable
from blurline.cli.upload.scheduling import Timer
from blurline.client import ApiRefused, Client, QuotaExceeded
from blurline.contract import JobOptions, JobRequest, Progress, SubmittedImage
from blurline.ids import new_id

LABEL = "blurline-submit"
"""A label of every job: the id of its chunk. It finds the job when the API's answer was lost."""

_CHUNK_IMAGES = 200
_LONGEST_NAME = 255
_QUOTA_EVERY_S = 5.0
_FOLLOW_EVERY_S = 1.0
_LIST_EVERY_S = 2.0
_JOBS_AT_ONCE = 20


class JobSubmitter:
    """Submits each chunk as exactly one job. Chunks shrink when a quota of pictures or bytes is nearly used up.

    When a quota of unfinished jobs is used up, it waits while this run has unfinished jobs, and ``patience_s`` longer.
    ``refusal`` is the API's last answer when waiting does not help; with ``is_lasting`` it always waits.
    """

    def __init__(
        self,
        client: Client,
        journal: Journal,
        options: JobOptions,
        notices: WaitNotices,
        *,
        is_lasting: bool,
        patience_s: float = 60,
    ) -> None:
        self._client, self._journal, self._options = client, journal, options
        self._notices, self._is_lasting, self._patience_s = notices, is_lasting, patience_s
        self._images = _CHUNK_IMAGES
        self._not_before = 0.0
        self._patient_until: float | None = None
        self.refusal: QuotaExceeded | None = None
        self.lost: list[str] = []
        """Names of pictures whose uploads the store has lost: to be uploaded again."""

    @property
    def is_over(self) -> bool:
        """Whether no picture is left that can be submitted."""
        is_left = self._journal.pictures(State.UPLOADED, 1) or self._journal.chunks_without_job()
        return self.refusal is not None or not is_left

    def submit(self, *, is_all_uploaded: bool, has_open_jobs: bool) -> dict[str, UUID]:
        """Submit full chunks, and a smaller one once all is uploaded. Return the new jobs by their chunks."""
        if self.refusal is not None or time.monotonic() < self._not_before:
            return {}
        uploaded = len(self._journal.pictures(State.UPLOADED, self._images))
        if uploaded == self._images or (uploaded and is_all_uploaded):
            _note_chunk(self._journal, self._options, self._images)
        made: dict[str, UUID] = {}
        for chunk in self._journal.chunks_without_job():
            job_id = self._job_of(chunk, has_open_jobs=has_open_jobs or bool(made))
            if job_id is not None:
                self._journal.note_job(chunk.id, job_id)
                made[chunk.id] = job_id
                self._patient_until = None
        return made

    def _job_of(self, chunk: Chunk, *, has_open_jobs: bool) -> UUID | None:
        """Submit the chunk, unless it has a job, and return the job; None when it was refused and its pictures wait.

        The API keeps an Idempotency-Key for hours. After that, it refuses the repeated request because uploads can be
        submitted once only, or because of a quota; the label then finds the job.
        """
        try:
            return self._client.submit_text(chunk.request, chunk.id).id
        except (ApiRefused, QuotaExceeded) as error:
            job = next(self._client.jobs(labels={LABEL: chunk.id}), None)
            if job is not None:
                return job.id
            is_lost = error.code == "object_missing"
            names = self._journal.drop_chunk(chunk.id, State.LOST if is_lost else State.UPLOADED)
            if is_lost:
                self.lost += names
            elif isinstance(error, QuotaExceeded):
                self._adapt(error, len(names), has_open_jobs=has_open_jobs)
            else:
                raise
            return None

    def _adapt(self, error: QuotaExceeded, images: int, *, has_open_jobs: bool) -> None:
        """Continue with smaller chunks, later, or not at all."""
        me, now = self._client.me(), time.monotonic()
        is_of_jobs = me.quotas.open_jobs is not None and me.usage.open_jobs >= me.quotas.open_jobs
        if images > 1 and not is_of_jobs:
            self._images = images // 2
            return
        if has_open_jobs or self._patient_until is None:
            self._patient_until = now + self._patience_s
        if is_of_jobs and (self._is_lasting or now < self._patient_until):
            self._wait(error, _QUOTA_EVERY_S)
        elif self._is_lasting:
            self._images = _CHUNK_IMAGES
            self._wait(error, max(self._patience_s, error.retry_after_s))
        else:
            self.refusal = error

    def _wait(self, error: QuotaExceeded, pause_s: float) -> None:
        self._notices.wait(error, pause_s)
        self._not_before = time.monotonic() + pause_s


class JobFollower:
    """Asks for the state of jobs until they are finished, and writes it into the journal.

    The images of a job are listed when its progress has changed, so that results are fetched while others are made.
    """

    def __init__(self, client: Client, journal: Journal, jobs: Mapping[str, UUID]) -> None:
        self._client, self._journal = client, journal
        self._timer = Timer(_FOLLOW_EVERY_S)
        self._jobs: dict[str, UUID] = {}
        self._listings: dict[str, Timer] = {}
        self._listed: dict[str, Progress] = {}
        for chunk_id, job_id in jobs.items():
            self.add(chunk_id, job_id)

    @property
    def is_over(self) -> bool:
        """Whether every job is finished."""
        return not self._jobs

    def add(self, chunk_id: str, job_id: UUID) -> None:
        """Follow one more job."""
        self._jobs[chunk_id] = job_id
        self._listings[chunk_id] = Timer(_LIST_EVERY_S)

    def ask(self) -> None:
        """Ask for the jobs that were asked for longest ago, `_JOBS_AT_ONCE` at most; does nothing when called early."""
        if not self._timer.is_due():
            return
        for chunk_id, job_id in list(self._jobs.items())[:_JOBS_AT_ONCE]:
            is_finished = self._is_finished(chunk_id, job_id)
            del self._jobs[chunk_id]
            if not is_finished:
                self._jobs[chunk_id] = job_id

    def _is_finished(self, chunk_id: str, job_id: UUID) -> bool:
        try:
            job = self._client.job(job_id)
            is_finished = job.state == "finished"
            has_news = job.progress != self._listed.get(chunk_id)
            if not (is_finished or (has_news and self._listings[chunk_id].is_due())):
                return False
            images = list(self._client.images(job_id))
            self._listed[chunk_id] = job.progress
        except ApiRefused as error:
            if error.code != "not_found":
                raise
            self._journal.note_images(chunk_id, [], is_finished=True)
            return True
        is_finished &= all(image.state not in ("queued", "processing") for image in images)
        self._journal.note_images(chunk_id, images, is_finished=is_finished)
        return is_finished


def labelled(options: JobOptions, chunk_id: str) -> JobOptions:
    """Return the options with the label. Raises ValueError when there are too many labels."""
    given = options.model_dump(exclude_unset=True)
    return JobOptions.model_validate({**given, "labels": {**options.labels, LABEL: chunk_id}})


def _note_chunk(journal: Journal, options: JobOptions, count: int) -> None:
    """Write a chunk of ``count`` uploaded pictures into the journal.

    A smaller chunk uses up the rest of a quota: it takes the smallest pictures, so that the most fit.
    """
    pictures = journal.pictures(State.UPLOADED, count, is_smallest_first=count < _CHUNK_IMAGES)
    chunk_id = str(new_id())
    images = [SubmittedImage(key=picture.key, name=printable(picture.name)[-_LONGEST_NAME:]) for picture in pictures]
    given = labelled(options, chunk_id).model_dump(exclude_unset=True)
    request = JobRequest.model_validate({**given, "images": images})
    journal.note_chunk(Chunk(chunk_id, request.model_dump_json(exclude_unset=True)), pictures)
