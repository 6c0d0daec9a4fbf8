"""The report of an import: a row for each of its images, as Parquet."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pyarrow as pa

from sql.engine.database import Database
from sql.statistics.tables import Rows

_PAGE = 2000
_TIME = pa.timestamp("us", tz="UTC")

IMPORT_REPORT = pa.schema(
    [
        ("source_key", pa.string()),
        ("etag", pa.string()),
        ("size_bytes", pa.int64()),
        ("image_id", pa.string()),
        ("job_id", pa.string()),
        ("state", pa.string()),
        ("error_code", pa.string()),
        ("error_message", pa.string()),
        ("faces", pa.int32()),
        ("original_sha256", pa.string()),
        ("result_sha256", pa.string()),
        ("destination", pa.string()),
        ("destination_path", pa.string()),
        ("created_at", _TIME),
        ("finished_at", _TIME),
    ]
)
"""One row per image. ``destination_path`` is null while no result lies at the destination."""


def report_pages(database: Database, import_id: UUID) -> Iterator[Rows]:
    """Rows of `IMPORT_REPORT`, job by job."""
    cursor: tuple[UUID, int] = (UUID(int=0), -1)
    while True:
        with database.transaction() as transaction:
            rows = transaction.all(
                "import_report", id=import_id, cursor_job=cursor[0], cursor_position=cursor[1], limit=_PAGE
            )
        yield [{name: row[name] for name in IMPORT_REPORT.names} for row in rows]
        if len(rows) < _PAGE:
            return
        cursor = UUID(rows[-1]["job_id"]), rows[-1]["position"]
