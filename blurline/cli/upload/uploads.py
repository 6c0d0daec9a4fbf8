"""Uploads of pictures to the store, a few at a time."""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from functools import partial

from blurline.cli.upload.headers import refusals
from blurline.cli.upload.journal import Journal
from blurline.cli.upload.picture import Picture, State, Uploaded
from blurline.cli.upload.scan import LocalPicture
from blurline.cli.upload.scheduling import DaemonThreads
from blurline.client import Client, QuotaExceeded, UploadRefused
from blurline.errors import PermanentError, RetryableError
from blurline.limits import Limits

AT_ONCE = 6


class PictureChanged(PermanentError):
    """The file changed while it was uploaded."""

    code = "picture_changed"


class UploadQueue:
    """Uploads pictures, unless the journal already has them with the same content. Counts files and bytes.

    ``faults`` says why pictures could not be uploaded, by name. ``stale`` names pictures that the journal has with
    another content. ``refusal`` is the last answer to pictures that a quota refused; others may still fit.
    """

    def __init__(self, client: Client, journal: Journal, threads: DaemonThreads, limits: Limits) -> None:
        self._client, self._journal, self._threads, self._limits = client, journal, threads, limits
        self._waiting: deque[tuple[LocalPicture, Picture | None]] = deque()
        self._underway: dict[Future[Uploaded | LocalPicture], tuple[LocalPicture, Picture | None]] = {}
        self.faults: dict[str, str] = {}
        self.stale: set[str] = set()
        self.given_up = 0
        self._unknown: set[str] = set()
        self._refused: list[tuple[LocalPicture, Picture | None]] = []
        self.refusal: QuotaExceeded | None = None
        self.files = self.files_sent = self.bytes = self.bytes_sent = 0

    @property
    def futures(self) -> Collection[Future[Uploaded | LocalPicture]]:
        """The uploads under way."""
        return self._underway.keys()

    @property
    def is_over(self) -> bool:
        """Whether no upload is waiting or under way."""
        return not self._waiting and not self._underway

    @property
    def names(self) -> set[str]:
        """The pictures that are waiting or under way."""
        return {found.name for found, _ in (*self._waiting, *self._underway.values(), *self._refused)}

    @property
    def refused(self) -> int:
        """The number of pictures that a quota refused."""
        return len(self._refused)

    @property
    def unknown(self) -> int:
        """The number of pictures that the journal does not have yet."""
        return len(self._unknown)

    def add(self, pictures: Iterable[LocalPicture]) -> dict[str, str]:
        """Queue pictures for upload. Return why others would be refused, by name; they become ``faults``."""
        new = list(self._new(pictures))
        refused = refusals([found for found, _ in new], self._limits)
        for found, known in new:
            if known is None:
                self._unknown.add(found.name)
            if found.name in refused:
                if known:
                    self.stale.add(found.name)
                continue
            self._waiting.append((found, known))
            self.files += 1
            self.bytes += found.size_bytes
        self.faults |= refused
        return refused

    def _new(self, pictures: Iterable[LocalPicture]) -> Iterator[tuple[LocalPicture, Picture | None]]:
        """The pictures that are to be uploaded, with what the journal knows of an earlier content."""
        for found in pictures:
            known = self._journal.find(found.name)
            if known is not None and known.state is State.LOST:
                known = None
            if known is None or (known.size_bytes, known.mtime_ns) != (found.size_bytes, found.mtime_ns):
                yield found, known

    def give_up(self) -> None:
        """Drop the uploads that wait; ``given_up`` counts them."""
        self.given_up += len(self._waiting)
        self.stale |= {found.name for found, known in self._waiting if known}
        self._waiting.clear()

    def retry_refused(self) -> None:
        """Queue the pictures again that a quota refused."""
        self._waiting += self._refused
        self._refused.clear()
        self.refusal = None

    def start(self) -> None:
        """Start waiting uploads, up to `AT_ONCE` at a time."""
        while self._waiting and len(self._underway) < AT_ONCE:
            found, known = self._waiting.popleft()
            self._underway[self._threads.start(partial(upload, self._client, found, known))] = found, known

    def settle(self) -> None:
        """Record finished uploads in the journal. After a retryable failure the upload waits again, and raises."""
        for future in [each for each in self._underway if each.done()]:
            found, known = self._underway.pop(future)
            try:
                uploaded = future.result()
            except (UploadRefused, PictureChanged, OSError) as error:
                self.faults[found.name] = str(error)
                if known:
                    self.stale.add(found.name)
                continue
            except QuotaExceeded as error:
                self.refusal = error
                self._refused.append((found, known))
                continue
            except RetryableError:
                self._waiting.append((found, known))
                raise
            self.faults.pop(found.name, None)
            self._unknown.discard(found.name)
            self.stale.discard(found.name)
            self.files_sent += 1
            self.bytes_sent += found.size_bytes
            if isinstance(uploaded, Uploaded):
                self._journal.note_uploaded(uploaded)
            else:
                self._journal.note_touched(uploaded)


def upload(client: Client, found: LocalPicture, known: Picture | None) -> Uploaded | LocalPicture:
    """Upload a picture. When its content is that of the ``known`` picture, return its present size and time instead.

    Raises PictureChanged, OSError, and the client's errors.
    """
    with found.path.open("rb") as file:
        before = os.fstat(file.fileno())
        found = replace(found, size_bytes=before.st_size, mtime_ns=before.st_mtime_ns)
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        if known is not None and known.sha256 == sha256:
            return found
        (form,) = client.create_uploads(max_bytes=before.st_size)
        client.upload(form, file)
        after = os.fstat(file.fileno())
    if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
        raise PictureChanged("The file changed during its upload. Submit it again.")
    return Uploaded(found, sha256, form.key)
