"""Client methods for exports and audit records."""

from __future__ import annotations

from typing import Any, BinaryIO, Literal
from uuid import UUID

import httpx

from blurline.client.statistics import ALL, Chosen
from blurline.client.transport import Transport
from blurline.contract.audit import AuditKeys, SignedRecord

Table = Literal["images", "detections"]
TableFormat = Literal["parquet", "csv", "arrow"]
TrainingFormat = Literal["coco", "yolo"]


class ExportsClient:
    """Tables, training sets and audit records, for other programs."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def table(self, table: Table, file: BinaryIO, chosen: Chosen = ALL, table_format: TableFormat = "parquet") -> None:
        """Write a table into an open file."""
        self._download(table, file, {**chosen.parameters(), "format": table_format})

    def corrections(
        self,
        file: BinaryIO,
        chosen: Chosen = ALL,
        training_format: TrainingFormat = "coco",
        *,
        with_originals: bool = False,
    ) -> None:
        """Write a training set (a ZIP) into an open file. For reviewers and operators; originals for operators."""
        more = {"format": training_format, "with_originals": with_originals}
        self._download("corrections", file, {**chosen.parameters(), **more})

    def audit(self, image_id: UUID) -> SignedRecord:
        """The audit record of an image."""
        return self._transport.ask(SignedRecord, "GET", f"/v1/images/{image_id}/audit")

    def audit_keys(self) -> AuditKeys:
        """The public keys with which audit records are checked."""
        return self._transport.ask(AuditKeys, "GET", "/v1/audit-keys")

    def _download(self, name: str, file: BinaryIO, parameters: dict[str, Any]) -> None:
        self._transport.download(f"/v1/exports/{name}?{httpx.QueryParams(parameters)}", file)
