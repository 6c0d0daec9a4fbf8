"""The files of tiles in the store: cut when somebody first asks for one, then read by ranges."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import structlog

from blurline.errors import ObjectMissing, RetryableError
from blurline.picture.tile_index import TileIndex, read_index
from blurline.picture.tile_process import CannotBeCut, Cutter
from blurline.settings import Settings
from blurline.storage.inventory import ImageBucket
from blurline.storage.preview_keys import tiles_key
from blurline.storage.store import Store, SubmittedOriginal
from sql.engine.database import Database
from sql.jobs.job_queries import find_image

log = structlog.get_logger()

_MOST_INDEXES = 64
_WAIT_S = 25


class TilesBusy(RetryableError):
    """Other pictures are being cut into tiles."""

    code = "tiles_busy"


@dataclass(frozen=True, slots=True)
class TileSource:
    """The file of an image that is cut into tiles: a result, or its ``original``."""

    bucket: ImageBucket
    key: str
    image_id: UUID
    original: SubmittedOriginal | None = None


class TileFiles:
    """Reads tiles from the store. Safe to share between threads.

    Pictures are cut one at a time, each in a process of its own: this process never holds one. It remembers where the
    tiles of the last files lie.
    """

    def __init__(self, settings: Settings, database: Database, store: Store) -> None:
        self._limits, self._database, self._store = settings.pictures.limits, database, store
        self._cutting, self._cutter = threading.Lock(), Cutter()
        self._lock = threading.Lock()
        self._indexes: OrderedDict[tuple[ImageBucket, str], TileIndex] = OrderedDict()

    def index(self, source: TileSource) -> TileIndex:
        """Where the tiles lie; cuts the file if nobody has. Raises CannotBeCut, TilesBusy and the store's errors."""
        name = (source.bucket, source.key)
        with self._lock:
            if name in self._indexes:
                self._indexes.move_to_end(name)
                return self._indexes[name]
        try:
            index = self._read_index(source)
        except ObjectMissing:
            with self._one_at_a_time():
                index = self._cut(source)
        with self._lock:
            self._indexes[name] = index
            while len(self._indexes) > _MOST_INDEXES:
                self._indexes.popitem(last=False)
        return index

    def read(self, source: TileSource, first_byte: int, length_bytes: int) -> bytes:
        """A range of the file of tiles. Raises the store's errors."""
        try:
            return self._store.read_tiles(source.bucket, tiles_key(source.key), first_byte, length_bytes)
        except ObjectMissing:
            with self._lock:
                self._indexes.pop((source.bucket, source.key), None)
            raise

    def close(self) -> None:
        """End the process that waits for the next file."""
        self._cutter.close()

    @contextmanager
    def _one_at_a_time(self) -> Iterator[None]:
        if not self._cutting.acquire(timeout=_WAIT_S):
            raise TilesBusy("Other pictures are being cut into tiles. Try again in a few seconds.")
        try:
            yield
        finally:
            self._cutting.release()

    def _read_index(self, source: TileSource) -> TileIndex:
        with self._store.open_tiles(source.bucket, tiles_key(source.key)) as file:
            return read_index(file)

    def _cut(self, source: TileSource) -> TileIndex:
        try:
            return self._read_index(source)  # somebody else was faster
        except ObjectMissing:
            pass
        with TemporaryDirectory(prefix="blurline-tiles-") as folder:
            picture, tiles = Path(folder, "picture"), Path(folder, "tiles")
            self._download(source, picture)
            self._cutter.cut(picture, tiles, self._limits, merges=source.original is not None)
            with tiles.open("rb") as file:
                index = read_index(file)
                file.seek(0)
                self._store.put_tiles(source.bucket, tiles_key(source.key), file, tiles.stat().st_size)
        self._remove_if_unwanted(source)
        log.info("tiles_cut", image_id=str(source.image_id), bucket=str(source.bucket), tiles=len(index.ranges))
        return index

    def _download(self, source: TileSource, picture: Path) -> None:
        store = self._store
        opened = store.open_original(source.original) if source.original else store.stream_result(source.key)
        with picture.open("wb") as file, closing(opened) as body:
            for chunk in body:
                file.write(chunk)

    def _remove_if_unwanted(self, source: TileSource) -> None:
        """Remove the tiles of a file that was deleted, expired or replaced while it was cut."""
        row = find_image(self._database, None, source.image_id)
        is_original = source.original is not None
        gone_at = row and (row.original_gone_at if is_original else row.result_gone_at)
        if row is None or gone_at is not None or (not is_original and row.result_key != source.key):
            self._store.remove_all(source.bucket, [tiles_key(source.key)])
            raise CannotBeCut("The picture was deleted or replaced meanwhile. Reload the image.")
