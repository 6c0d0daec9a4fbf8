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
    """Uploads what it is given, unless the journal has it as it is. Counts files and bytes.

    ``faults`` are sentences on pictures that could not be uploaded, by name; ``stale`` those of which the journal knows
    another content.
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
        """How many pictures the journal does not have, since they were not uploaded yet, or could not be."""
        return len(self._unknown)

    def take(self, pictures: Iterable[Found]) -> None:
        """Have pictures uploaded."""
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
        """Upload nothing that is not under way; ``given_up`` counts what waited."""
        self.given_up += len(self._waiting)
        self.stale |= {found.name for found, known in self._waiting if known}
        self._waiting.clear()

    def start(self) -> None:
        """Put as many under way as may be at once."""
        while self._waiting and len(self._underway) < AT_ONCE:
            found, known = self._waiting.popleft()
            self._underway[self._lanes.start(partial(send, self._client, found, known))] = found, known

    def settle(self) -> None:
        """Write down what has ended. A picture for which the other side was not there waits again, and that raises."""
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
