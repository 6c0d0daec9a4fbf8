"""One run of `blurline submit`: scans, uploads, submits, follows jobs and fetches results, all at the same time.

Only the main thread writes the journal; other threads transfer files. The process may end at any moment: the journal
is true, and repeating what it does not contain does no harm.
"""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from blurline.cli.upload import results, uploads
from blurline.cli.upload.display import Counts, Display, Unpublished, WaitNotices
from blurline.cli.upload.headers import limits_of
from blurline.cli.upload.jobs import JobFollower, JobSubmitter
from blurline.cli.upload.journal import Journal
from blurline.cli.upload.picture import State
from blurline.cli.upload.results import ALTERED, Results, check_results
from blurline.cli.upload.scan import Scanner
from blurline.cli.upload.scheduling import DaemonThreads, Timer
from blurline.cli.upload.uploads import UploadQueue
from blurline.client import Client, QuotaExceeded
from blurline.contract import JobOptions
from blurline.errors import RetryableError

_SCAN_EVERY_S = 1.0
_REFUSED_EVERY_S = 60.0
_SHOW_EVERY_S = 0.5
_STEP_S = 0.2
_PAUSE_S = 5.0
_UNSUBMITTED = {State.LOST, State.UPLOADED}
_UNDERWAY = {State.SUBMITTED, State.PUBLISHED}
_NOT_PUBLISHED = {State.NEEDS_REVIEW, State.FAILED, State.DELETED}


@dataclass(frozen=True, slots=True)
class Plan:
    """The arguments of a run."""

    paths: tuple[Path, ...]
    output: Path
    options: JobOptions
    is_recursive: bool = False
    is_watching: bool = False
    is_waiting: bool = True


class Run:
    """A run of a plan; ``journal`` is that of its output folder."""

    def __init__(self, client: Client, journal: Journal, plan: Plan, display: Display, notices: WaitNotices) -> None:
        self._journal, self._plan, self._display, self._notices = journal, plan, display, notices
        self._refetched = check_results(journal, plan.output)
        threads = DaemonThreads(uploads.AT_ONCE + results.AT_ONCE)
        self._scanner = Scanner(plan.paths, plan.output, is_recursive=plan.is_recursive, is_watching=plan.is_watching)
        self._uploads = UploadQueue(client, journal, threads, limits_of(client.limits()))
        self._submitter = JobSubmitter(client, journal, plan.options, notices, is_lasting=plan.is_watching)
        self._follower = JobFollower(client, journal, journal.open_jobs() if plan.is_waiting else {})
        self._results = Results(client, journal, threads, plan.output)
        self._scan_timer, self._show_timer = Timer(_SCAN_EVERY_S), Timer(_SHOW_EVERY_S)
        self._refused_timer = Timer(_REFUSED_EVERY_S)

    @property
    def has_found(self) -> bool:
        """Whether the paths of the plan contain a picture."""
        return bool(self._scanner.names)

    @property
    def is_refused(self) -> bool:
        """Whether a quota kept pictures from being submitted."""
        return self._refusal is not None

    @property
    def _refusal(self) -> QuotaExceeded | None:
        return self._submitter.refusal or self._uploads.refusal

    def run(self) -> list[Unpublished]:
        """Run to the end, or until Ctrl-C while watching. Return the plan's pictures without a result here, except
        those that a quota kept from being submitted.

        Raises ConfigurationError, the client's errors, and KeyboardInterrupt unless it watches.
        """
        with self._display.running():
            try:
                if self._refetched:
                    self._display.say(
                        f"{self._refetched} results are missing or altered and will be fetched again. "
                        f"Altered files were moved to {self._plan.output / ALTERED}."
                    )
                if not self._plan.is_watching:
                    self._scan()
                    self._display.say_found(
                        self.has_found, self._plan.paths, self._scanner.other_files, self._scanner.folders
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
            if self._plan.is_watching and self._scan_timer.is_due():
                self._scan()
            if self._plan.is_watching and self._uploads.refusal and self._refused_timer.is_due():
                self._notices.wait(self._uploads.refusal, _REFUSED_EVERY_S)
                self._uploads.retry_refused()
            self._uploads.start()
            self._submit()
            if self._plan.is_waiting:
                self._follower.ask()
                self._results.start()
            if self._show_timer.is_due():
                self._show()
            futures: set[Future[Any]] = {*self._uploads.futures, *self._results.futures}
            if futures:
                wait(futures, _STEP_S, FIRST_COMPLETED)
            else:
                time.sleep(_STEP_S)
            self._uploads.settle()
            self._results.settle()
        except RetryableError as error:
            if not self._plan.is_watching:
                raise
            self._notices.wait(error, _PAUSE_S)
            time.sleep(_PAUSE_S)

    def _scan(self) -> None:
        refused = self._uploads.add(self._scanner.scan(self._uploads.names))
        if refused:
            self._display.say_refused(refused)

    def _submit(self) -> None:
        jobs = self._submitter.submit(is_all_uploaded=self._uploads.is_over, has_open_jobs=not self._follower.is_over)
        if self._plan.is_waiting:
            for chunk_id, job_id in jobs.items():
                self._follower.add(chunk_id, job_id)
        if self._submitter.refusal:
            self._uploads.give_up()
        if self._submitter.lost:
            self._scanner.reset(self._submitter.lost)
            self._submitter.lost.clear()
            self._scan()

    def _is_done(self) -> bool:
        if not (self._uploads.is_over and self._submitter.is_over):
            return False
        return not self._plan.is_waiting or (self._follower.is_over and self._results.is_over)

    def _show(self) -> None:
        counts = Counter(self._journal.count())
        known = counts.total() - counts[State.LOST]
        changed = [self._journal.find(name) for name in self._uploads.stale]
        counts -= Counter(picture.state for picture in changed if picture)  # their results show older contents
        unfetched = [self._journal.find(name) for name in self._results.faults]
        self._display.show(
            Counts(
                files=self._uploads.files,
                files_sent=self._uploads.files_sent,
                bytes=self._uploads.bytes,
                bytes_sent=self._uploads.bytes_sent,
                results=known + self._uploads.unknown,
                results_here=counts[State.HERE],
                not_published=sum(counts[state] for state in _NOT_PUBLISHED),
                not_fetched=sum(picture is not None and picture.state is State.PUBLISHED for picture in unfetched),
                not_uploaded=len(self._uploads.faults) + self._uploads.given_up,
                not_submitted=self._uploads.refused + (counts[State.UPLOADED] if self._submitter.refusal else 0),
            )
        )

    def _unpublished(self) -> list[Unpublished]:
        found = [self._outcome(name) for name in sorted(self._scanner.names)]
        return [each for each in found if each is not None]

    def _outcome(self, name: str) -> Unpublished | None:
        picture = self._journal.find(name)
        if name in self._uploads.faults:
            return Unpublished(name, "not uploaded", self._uploads.faults[name])
        if name in self._results.faults:
            return Unpublished(name, "not fetched", self._results.faults[name])
        if self.is_refused and (picture is None or picture.state in _UNSUBMITTED):
            return None
        if picture is None or picture.state is State.LOST:
            return Unpublished(name, "not uploaded", "The picture was not uploaded yet.")
        if picture.state is State.HERE or (picture.state in _UNDERWAY and not self._plan.is_waiting):
            return None
        return Unpublished(name, picture.state.replace("_", " "), picture.reason or "The picture is under way.")

    def _say_refusal(self) -> None:
        refusal = self._refusal
        if refusal is not None:
            at = datetime.now().astimezone() + timedelta(seconds=refusal.retry_after_s)
            self._display.say(f"{refusal} Run the same command again after {at:%Y-%m-%d %H:%M %Z} to resume.")
