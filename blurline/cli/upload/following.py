"""Follows the progress of jobs."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from blurline.cli.upload.journal import Journal
from blurline.cli.upload.pace import Pace
from blurline.client import ApiRefused, Client

_ASK_EVERY_S = 1.0
_LIST_EVERY_S = 10.0
_JOBS_AT_ONCE = 20


class Following:
    """Follows jobs until they are finished, and records their images in the journal."""

    def __init__(self, client: Client, journal: Journal, jobs: Mapping[str, UUID]) -> None:
        self._client, self._journal = client, journal
        self._pace = Pace(_ASK_EVERY_S)
        self._jobs: dict[str, UUID] = {}
        self._listings: dict[str, Pace] = {}
        for chunk_id, job_id in jobs.items():
            self.add(chunk_id, job_id)

    @property
    def is_over(self) -> bool:
        """Whether every job is finished."""
        return not self._jobs

    def add(self, chunk_id: str, job_id: UUID) -> None:
        """Follow another job."""
        self._jobs[chunk_id] = job_id
        self._listings[chunk_id] = Pace(_LIST_EVERY_S)

    def ask(self) -> None:
        """Request the state of some jobs, least recently requested first, at a limited rate."""
        if not self._pace.is_due():
            return
        for chunk_id, job_id in list(self._jobs.items())[:_JOBS_AT_ONCE]:
            is_finished = self._is_finished(chunk_id, job_id)
            del self._jobs[chunk_id]
            if not is_finished:
                self._jobs[chunk_id] = job_id

    def _is_finished(self, chunk_id: str, job_id: UUID) -> bool:
        try:
            is_finished = self._client.job(job_id).state == "finished"
            if not (is_finished or self._listings[chunk_id].is_due()):
                return False
            images = list(self._client.images(job_id))
        except ApiRefused as error:
            if error.code != "not_found":
                raise
            self._journal.note_images(chunk_id, [], is_finished=True)
            return True
        is_finished &= all(image.state not in ("queued", "processing") for image in images)
        self._journal.note_images(chunk_id, images, is_finished=is_finished)
        return is_finished
