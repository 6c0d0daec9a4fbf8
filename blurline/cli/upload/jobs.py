"""Submits uploaded pictures as jobs, as far as the owner's quotas have room."""

from __future__ import annotations

import time
from uuid import UUID

from blurline.cli.upload.chunks import CHUNK_IMAGES, LABEL, cut_chunk
from blurline.cli.upload.journal import Journal
from blurline.cli.upload.notices import Notices
from blurline.cli.upload.picture import Chunk, State
from blurline.client import ApiRefused, Client, QuotaExceeded
from blurline.contract import JobOptions

_ASK_EVERY_S = 5.0


class Submitting:
    """Submits jobs, each exactly once: full ones, and smaller ones when a quota of pictures or bytes is nearly used up.

    When the quota of unfinished jobs is used up, it waits while the run has unfinished jobs, and ``patience_s`` longer.
    ``refusal`` is the API's last answer when waiting would not help soon; with ``is_lasting`` it waits forever.
    """

    def __init__(
        self,
        client: Client,
        journal: Journal,
        options: JobOptions,
        notices: Notices,
        *,
        is_lasting: bool,
        patience_s: float = 60,
    ) -> None:
        self._client, self._journal, self._options = client, journal, options
        self._notices, self._is_lasting, self._patience_s = notices, is_lasting, patience_s
        self._images = CHUNK_IMAGES
        self._not_before = 0.0
        self._patient_until: float | None = None
        self.refusal: QuotaExceeded | None = None
        self.lost: list[str] = []
        """Pictures whose uploads were lost from the store; they must be uploaded again."""

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to submit, or the API refused."""
        is_left = self._journal.pictures(State.UPLOADED, 1) or self._journal.chunks_without_job()
        return self.refusal is not None or not is_left

    def submit(self, *, is_all_uploaded: bool, has_open_jobs: bool) -> dict[str, UUID]:
        """Submit a full chunk, or a smaller one after the last upload. Return chunks and their jobs."""
        if self.refusal is not None or time.monotonic() < self._not_before:
            return {}
        uploaded = len(self._journal.pictures(State.UPLOADED, self._images))
        if uploaded == self._images or (uploaded and is_all_uploaded):
            cut_chunk(self._journal, self._options, self._images)
        made: dict[str, UUID] = {}
        for chunk in self._journal.chunks_without_job():
            job_id = self._job_of(chunk, has_open_jobs=has_open_jobs or bool(made))
            if job_id is not None:
                self._journal.note_job(chunk.id, job_id)
                made[chunk.id] = job_id
                self._patient_until = None
        return made

    def _job_of(self, chunk: Chunk, *, has_open_jobs: bool) -> UUID | None:
        """Submit the chunk if it is not a job yet. Return None when it was refused; its pictures then wait again.

        An Idempotency-Key is kept for hours. After that the API refuses a repeated submission, since its uploads are
        used or the quota is, and the job is found by its label.
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
                self._make_do(error, len(names), has_open_jobs=has_open_jobs)
            else:
                raise
            return None

    def _make_do(self, error: QuotaExceeded, images: int, *, has_open_jobs: bool) -> None:
        """After a refusal, continue with smaller jobs, later, or not at all."""
        me, now = self._client.me(), time.monotonic()
        is_of_jobs = me.quotas.open_jobs is not None and me.usage.open_jobs >= me.quotas.open_jobs
        if images > 1 and not is_of_jobs:
            self._images = images // 2
            return
        if has_open_jobs or self._patient_until is None:
            self._patient_until = now + self._patience_s
        if is_of_jobs and (self._is_lasting or now < self._patient_until):
            self._wait(error, _ASK_EVERY_S)
        elif self._is_lasting:
            self._images = CHUNK_IMAGES
            self._wait(error, max(self._patience_s, error.retry_after_s))
        else:
            self.refusal = error

    def _wait(self, error: QuotaExceeded, pause_s: float) -> None:
        self._notices.wait(error, pause_s)
        self._not_before = time.monotonic() + pause_s
