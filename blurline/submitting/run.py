"""One run of `blurline submit`: looks for pictures, uploads, submits, follows and fetches, all at the same time.

The journal belongs to the main thread, others only transfer. So the process may end at any moment: what the journal
says is true, and what it does not say is done again without harm.
"""

from __future__ import annotations

import time
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blurline.client import Client
from blurline.contract import JobOptions
from blurline.errors import RetryableError
from blurline.submitting import fetching, sending
from blurline.submitting.chunks import CHUNK_IMAGES, cut_chunk, submit_chunk
from blurline.submitting.display import Counts, Display, Unpublished
from blurline.submitting.fetching import Fetching
from blurline.submitting.following import Following
from blurline.submitting.journal import Journal
from blurline.submitting.lanes import Lanes
from blurline.submitting.looking import Looking
from blurline.submitting.pace import Pace
from blurline.submitting.picture import State
from blurline.submitting.sending import Sending

_LOOK_EVERY_S = 1.0
_SHOW_EVERY_S = 0.5
_STEP_S = 0.2
_PAUSE_S = 5.0
_UNDERWAY = {State.UPLOADED, State.SUBMITTED, State.PUBLISHED}
_NOT_PUBLISHED = {State.NEEDS_REVIEW, State.FAILED, State.DELETED}


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run is to do."""

    paths: tuple[Path, ...]
    output: Path
    options: JobOptions
    is_recursive: bool = False
    is_watching: bool = False
    is_waiting: bool = True


class Run:
    """A run by a plan; ``journal`` is that of its output folder."""

    def __init__(self, client: Client, journal: Journal, plan: Plan, display: Display) -> None:
        self._client, self._journal, self._plan, self._display = client, journal, plan, display
        lanes = Lanes(sending.AT_ONCE + fetching.AT_ONCE)
        self._looking = Looking(plan.paths, plan.output, is_recursive=plan.is_recursive, is_watching=plan.is_watching)
        self._sending = Sending(client, journal, lanes)
        self._following = Following(client, journal, journal.open_jobs() if plan.is_waiting else {})
        self._fetching = Fetching(client, journal, lanes, plan.output)
        self._look_pace, self._show_pace = Pace(_LOOK_EVERY_S), Pace(_SHOW_EVERY_S)

    def run(self) -> list[Unpublished]:
        """Run to the end, or while it watches until Ctrl-C: the pictures of the plan that have no result here.

        Raises ConfigurationError, what the client raises, and KeyboardInterrupt where there would have been an end.
        """
        with self._display.running():
            try:
                if not self._plan.is_watching:
                    self._look()
                while self._plan.is_watching or not self._is_done():
                    self._step()
            except KeyboardInterrupt:
                if not self._plan.is_watching:
                    raise
            finally:
                self._show()
        return self._unpublished()

    def _step(self) -> None:
        try:
            if self._plan.is_watching and self._look_pace.is_due():
                self._look()
            self._sending.start()
            self._submit()
            if self._plan.is_waiting:
                self._following.ask()
                self._fetching.start()
            if self._show_pace.is_due():
                self._show()
            futures: set[Future[Any]] = {*self._sending.futures, *self._fetching.futures}
            if futures:
                wait(futures, _STEP_S, FIRST_COMPLETED)
            else:
                time.sleep(_STEP_S)
            self._sending.settle()
            self._fetching.settle()
        except RetryableError as error:
            if not self._plan.is_watching:
                raise
            self._display.say(f"{error} Trying again.")
            time.sleep(_PAUSE_S)

    def _look(self) -> None:
        self._sending.take(self._looking.look(self._sending.names))

    def _submit(self) -> None:
        """Submit what was uploaded: a full chunk, or what there is when nothing more is on its way."""
        uploaded = len(self._journal.pictures(State.UPLOADED, CHUNK_IMAGES))
        if uploaded == CHUNK_IMAGES or (uploaded and self._sending.is_over):
            cut_chunk(self._journal, self._plan.options)
        for chunk in self._journal.chunks_without_job():
            job_id, lost = submit_chunk(self._client, self._journal, chunk)
            if job_id is not None and self._plan.is_waiting:
                self._following.add(chunk.id, job_id)
            if lost:
                self._looking.forget(lost)
                self._look()

    def _is_done(self) -> bool:
        is_unsubmitted = self._journal.pictures(State.UPLOADED, 1) or self._journal.chunks_without_job()
        if is_unsubmitted or not self._sending.is_over:
            return False
        return not self._plan.is_waiting or (self._following.is_over and self._fetching.is_over)

    def _show(self) -> None:
        counts = self._journal.count()
        known = sum(counts.values()) - counts[State.LOST]
        self._display.show(
            Counts(
                files=self._sending.files,
                files_sent=self._sending.files_sent,
                bytes=self._sending.bytes,
                bytes_sent=self._sending.bytes_sent,
                results=known,
                results_here=counts[State.HERE],
                not_published=sum(counts[state] for state in _NOT_PUBLISHED),
            )
        )

    def _unpublished(self) -> list[Unpublished]:
        faults = self._sending.faults | self._fetching.faults
        found = [self._outcome(name, faults.get(name)) for name in sorted(self._looking.seen)]
        return [each for each in found if each is not None]

    def _outcome(self, name: str, fault: str | None) -> Unpublished | None:
        picture = self._journal.find(name)
        state = "not uploaded" if picture is None else picture.state.replace("_", " ")
        if fault is not None:
            return Unpublished(name, state, fault)
        if picture is None or picture.state is State.LOST:
            return Unpublished(name, state, "It was not uploaded yet.")
        if picture.state is State.HERE or (picture.state in _UNDERWAY and not self._plan.is_waiting):
            return None
        return Unpublished(name, state, picture.reason or "It is under way.")
