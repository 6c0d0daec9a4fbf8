"""Downloads results, a few at a time, and moves them to their places."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from concurrent.futures import Future
from functools import partial
from pathlib import Path

from blurline.cli.upload.journal import FOLDER, Journal
from blurline.cli.upload.picture import Picture, State
from blurline.cli.upload.results import Fetched, fetch, place
from blurline.cli.upload.scheduling import Lanes
from blurline.client import ApiRefused, Client

AT_ONCE = 6
_NOT_THERE = {"not_found", "not_published", "object_missing"}


class Fetching:
    """Fetches published results. ``faults`` has an error message for each result that could not be fetched, by name."""

    def __init__(self, client: Client, journal: Journal, lanes: Lanes, output: Path) -> None:
        self._client, self._journal, self._lanes, self._output = client, journal, lanes, output
        self._parts = output / FOLDER / "parts"
        shutil.rmtree(self._parts, ignore_errors=True)  # from an interrupted run
        self._parts.mkdir()
        self._underway: dict[Future[Fetched], Picture] = {}
        self.faults: dict[str, str] = {}

    @property
    def futures(self) -> Collection[Future[Fetched]]:
        """What is under way."""
        return self._underway.keys()

    @property
    def is_over(self) -> bool:
        """Whether nothing is under way or ready to fetch."""
        return not self._underway and not self._ready()

    def start(self) -> None:
        """Start as many downloads as may run at a time."""
        for picture in self._ready()[: AT_ONCE - len(self._underway)]:
            self._underway[self._lanes.start(partial(fetch, self._client, picture, self._parts))] = picture

    def settle(self) -> None:
        """Move finished downloads to their places. Raises temporary errors of the client; `start` retries."""
        for future in [each for each in self._underway if each.done()]:
            picture = self._underway.pop(future)
            try:
                fetched = future.result()
                current = self._journal.find(picture.name)
                if current is None or current.image_id != picture.image_id:
                    fetched.part.unlink()  # the picture has changed since; its new result will follow
                    continue
                place(self._journal, self._output, current, fetched)
            except OSError as error:
                self.faults[picture.name] = str(error)
            except ApiRefused as error:
                if error.code not in _NOT_THERE:
                    raise
                self.faults[picture.name] = str(error)

    def _ready(self) -> list[Picture]:
        busy = {picture.name for picture in self._underway.values()} | self.faults.keys()
        published = self._journal.pictures(State.PUBLISHED, AT_ONCE + len(busy))
        return [picture for picture in published if picture.name not in busy]
