"""Client methods for imports from buckets of other stores. For operators."""

from __future__ import annotations

from typing import BinaryIO, Literal
from uuid import UUID

from blurline.client.transport import Transport
from blurline.contract import ImportRequest, ImportRun, Imports, ImportWithProgress, StartedImport

_PATH = "/v1/imports"
_LISTING_S = 600.0


class ImportsClient:
    """Imports."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def start(self, request: ImportRequest) -> StartedImport:
        """Start an import or, in a dry run (the default), count what it would take."""
        body = request.model_dump_json(exclude_unset=True)
        headers = {"Content-Type": "application/json"}
        return self._transport.ask(StartedImport, "POST", _PATH, headers=headers, content=body, timeout=_LISTING_S)

    def list(self) -> Imports:
        """The imports, the newest first."""
        return self._transport.ask(Imports, "GET", _PATH)

    def get(self, import_id: UUID) -> ImportWithProgress:
        """An import, with the states of its images."""
        return self._transport.ask(ImportWithProgress, "GET", f"{_PATH}/{import_id}")

    def report(self, import_id: UUID, file: BinaryIO) -> None:
        """Write a Parquet table with a row for each image into an open file."""
        self._transport.download(f"{_PATH}/{import_id}/report", file)

    def change(self, import_id: UUID, change: Literal["pause", "resume", "cancel"]) -> ImportRun:
        """Pause, resume or cancel an import."""
        return self._transport.ask(ImportRun, "POST", f"{_PATH}/{import_id}/{change}")
