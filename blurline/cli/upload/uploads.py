"""Uploading pictures, a few at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable
from concurrent.futures import Future
from functools import partial

from blurline.cli.upload.journal import Journal
from blurline.cli.upload.picture import Picture, Sent, State
from blurline.cli.upload.results import PictureChanged, send
from blurline.cli.upload.scan import Found
from blurline.cli.upload.scheduling import Lanes
from blurline.client import Client, UploadRefused
from blurline.errors import RetryableError

AT_ONCE = 6


class Sending:
    """Uploads pictures, except those that the journal already has unchanged. Counts files and bytes.

    ``faults`` has an error message for each picture that could not be uploaded, by name; ``stale`` names pictures whose
    content differs from the journal.
    """

    def __init__(self, client: Client, journal: Journal, lanes: Lanes) -> None:
        self._client, self._journal, self._lanes = client, journal, lanes
        self._waiting: deque[tuple[Found, Picture | None]] = deque()
        self._underway: dict[Future[Sent | Found], tuple[Found, Picture | None]] = {}
        self.faults: dict[str, str] = {}
        self.stale: set[str] = set()
        self.given_up = 0
        self._unknown: set[str] = set()
        self.files = self.files_sent = self.bytes = self.bytes_sent = 0

    @property
    def futures(self) -> Collection[Future[Sent | Found]]:
        """What is under way."""
        return self._underway.keys()

    @property
    def is_over(self) -> bool:
        """Whether nothing is waiting or under way."""
        return not self._waiting and not self._underway

    @property
    def names(self) -> set[str]:
        """The pictures that are waiting or under way."""
        return {found.name for found, _ in (*self._waiting, *self._underway.values())}

    @property
    def unknown(self) -> int:
        """How many pictures the journal does not have, because they were not or could not be uploaded."""
        return len(self._unknown)

    def take(self, pictures: Iterable[Found]) -> None:
        """Queue pictures for upload."""
        for found in pictures:
            known = self._journal.find(found.name)
            if known is not None and known.state is State.LOST:
                known = None
            if known is not None and (known.size_bytes, known.mtime_ns) == (found.size_bytes, found.mtime_ns):
                continue
            self._waiting.append((found, known))
            if known is None:
                self._unknown.add(found.name)
            self.files += 1
            self.bytes += found.size_bytes

    def give_up(self) -> None:
        """Start no more uploads; ``given_up`` counts those that were waiting."""
        self.given_up += len(self._waiting)
        self.stale |= {found.name for found, known in self._waiting if known}
        self._waiting.clear()

    def start(self) -> None:
        """Start as many uploads as may run at a time."""
        while self._waiting and len(self._underway) < AT_ONCE:
            found, known = self._waiting.popleft()
            self._underway[self._lanes.start(partial(send, self._client, found, known))] = found, known

    def settle(self) -> None:
        """Record finished uploads. A picture whose server did not respond waits again, and the error is raised."""
        for future in [each for each in self._underway if each.done()]:
            found, known = self._underway.pop(future)
            try:
                sent = future.result()
            except (UploadRefused, PictureChanged, OSError) as error:
                self.faults[found.name] = str(error)
                if known:
                    self.stale.add(found.name)
                continue
            except RetryableError:
                self._waiting.append((found, known))
                raise
            self.faults.pop(found.name, None)
            self._unknown.discard(found.name)
            self.stale.discard(found.name)
            self.files_sent += 1
            self.bytes_sent += found.size_bytes
            if isinstance(sent, Sent):
                self._journal.note_sent(sent)
            else:
                self._journal.note_touched(sent)
