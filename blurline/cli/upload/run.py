"""One run of `blurline submit`: finds, uploads, submits, follows and fetches pictures, all at the same time.

Only the main thread writes the journal; other threads only transfer. The process may end at any moment: what the
journal records is true, and what it does not record can be repeated without harm.
"""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from blurline.cli.upload import fetching, uploads
from blurline.cli.upload.checking import ALTERED, check_results
from blurline.cli.upload.display import Counts, Display, Unpublished
from blurline.cli.upload.fetching import Fetching
from blurline.cli.upload.following import Following
from blurline.cli.upload.jobs import Submitting
from blurline.cli.upload.journal import Journal
from blurline.cli.upload.looking import Looking
from blurline.cli.upload.notices import Notices
from blurline.cli.upload.pace import Pace
from blurline.cli.upload.picture import State
from blurline.cli.upload.scheduling import Lanes
from blurline.cli.upload.uploads import Sending
from blurline.client import Client
from blurline.contract import JobOptions
from blurline.errors import RetryableError

_LOOK_EVERY_S = 1.0
_SHOW_EVERY_S = 0.5
_STEP_S = 0.2
_PAUSE_S = 5.0
_UNSUBMITTED = {State.LOST, State.UPLOADED}
_UNDERWAY = {State.SUBMITTED, State.PUBLISHED}
_NOT_PUBLISHED = {State.NEEDS_REVIEW, State.FAILED, State.DELETED}


@dataclass(frozen=True, slots=True)
class Plan:
    """The options of a run."""

    paths: tuple[Path, ...]
    output: Path
    options: JobOptions
    is_recursive: bool = False
    is_watching: bool = False
    is_waiting: bool = True


class Run:
    """A run of a plan; ``journal`` belongs to its output folder."""

    def __init__(self, client: Client, journal: Journal, plan: Plan, display: Display, notices: Notices) -> None:
        self._journal, self._plan, self._display, self._notices = journal, plan, display, notices
        self._refetched = check_results(journal, plan.output)
        lanes = Lanes(uploads.AT_ONCE + fetching.AT_ONCE)
        self._looking = Looking(plan.paths, plan.output, is_recursive=plan.is_recursive, is_watching=plan.is_watching)
        self._sending = Sending(client, journal, lanes)
        self._submitting = Submitting(client, journal, plan.options, notices, is_lasting=plan.is_watching)
        self._following = Following(client, journal, journal.open_jobs() if plan.is_waiting else {})
        self._fetching = Fetching(client, journal, lanes, plan.output)
        self._look_pace, self._show_pace = Pace(_LOOK_EVERY_S), Pace(_SHOW_EVERY_S)

    @property
    def has_found(self) -> bool:
        """Whether the paths of the plan contain any picture."""
        return bool(self._looking.seen)

    @property
    def is_refused(self) -> bool:
        """Whether pictures were not submitted because a quota has no room."""
        return self._submitting.refusal is not None

    def run(self) -> list[Unpublished]:
        """Run to the end or, while watching, until Ctrl-C. Return the pictures without a result, except those that a
        quota has no room for.

        Raises ConfigurationError, what the client raises and, unless watching, KeyboardInterrupt.
        """
        with self._display.running():
            try:
                if self._refetched:
                    self._display.say(
                        f"{self._refetched} results are missing or altered and will be fetched again. "
                        f"Altered files were moved to {self._plan.output / ALTERED}."
                    )
                if not self._plan.is_watching:
                    self._look()
                    self._display.say_found(
                        self.has_found, self._plan.paths, self._looking.other_files, self._looking.folders
                    )
                while self._plan.is_watching or not self._is_done():
                    self._step()
            except KeyboardInterrupt:
                if not self._plan.is_watching:
                    raise
            finally:
                self._show()
        self._say_refusal()
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
            self._notices.wait(error, _PAUSE_S)
            time.sleep(_PAUSE_S)

    def _look(self) -> None:
        self._sending.take(self._looking.look(self._sending.names))

    def _submit(self) -> None:
        made = self._submitting.submit(is_all_uploaded=self._sending.is_over, has_open_jobs=not self._following.is_over)
        if self._plan.is_waiting:
            for chunk_id, job_id in made.items():
                self._following.add(chunk_id, job_id)
        if self._submitting.refusal:
            self._sending.give_up()
        if self._submitting.lost:
            self._looking.forget(self._submitting.lost)
            self._submitting.lost.clear()
            self._look()

    def _is_done(self) -> bool:
        if not (self._sending.is_over and self._submitting.is_over):
            return False
        return not self._plan.is_waiting or (self._following.is_over and self._fetching.is_over)

    def _show(self) -> None:
        counts = Counter(self._journal.count())
        known = counts.total() - counts[State.LOST]
        changed = [self._journal.find(name) for name in self._sending.stale]
        counts -= Counter(picture.state for picture in changed if picture)  # their results belong to the old content
        unfetched = [self._journal.find(name) for name in self._fetching.faults]
        self._display.show(
            Counts(
                files=self._sending.files,
                files_sent=self._sending.files_sent,
                bytes=self._sending.bytes,
                bytes_sent=self._sending.bytes_sent,
                results=known + self._sending.unknown,
                results_here=counts[State.HERE],
                not_published=sum(counts[state] for state in _NOT_PUBLISHED),
                not_fetched=sum(picture is not None and picture.state is State.PUBLISHED for picture in unfetched),
                not_uploaded=len(self._sending.faults) + self._sending.given_up,
                not_submitted=counts[State.UPLOADED] if self._submitting.refusal else 0,
            )
        )

    def _unpublished(self) -> list[Unpublished]:
        found = [self._outcome(name) for name in sorted(self._looking.seen)]
        return [each for each in found if each is not None]

    def _outcome(self, name: str) -> Unpublished | None:
        picture = self._journal.find(name)
        if name in self._sending.faults:
            return Unpublished(name, "not uploaded", self._sending.faults[name])
        if name in self._fetching.faults:
            return Unpublished(name, "not fetched", self._fetching.faults[name])
        if self.is_refused and (picture is None or picture.state in _UNSUBMITTED):
            return None
        if picture is None or picture.state is State.LOST:
            return Unpublished(name, "not uploaded", "The picture was not uploaded yet.")
        if picture.state is State.HERE or (picture.state in _UNDERWAY and not self._plan.is_waiting):
            return None
        return Unpublished(name, picture.state.replace("_", " "), picture.reason or "The picture is under way.")

    def _say_refusal(self) -> None:
        refusal = self._submitting.refusal
        if refusal is not None:
            at = datetime.now().astimezone() + timedelta(seconds=refusal.retry_after_s)
            self._display.say(f"{refusal} Run the same command again after {at:%Y-%m-%d %H:%M %Z} to resume.")
