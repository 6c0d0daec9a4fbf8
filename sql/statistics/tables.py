"""Tables of images and detections as Parquet, CSV and Arrow, streamed."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, BinaryIO, Protocol

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from blurline.file_names import safe_cell

Rows = Sequence[Mapping[str, Any]]

_TIME = pa.timestamp("us", tz="UTC")

IMAGES = pa.schema(
    [
        ("image_id", pa.string()),
        ("job_id", pa.string()),
        ("owner", pa.string()),
        ("labels", pa.string()),
        ("position", pa.int32()),
        ("name", pa.string()),
        ("state", pa.string()),
        ("error_code", pa.string()),
        ("faces", pa.int32()),
        ("doubt", pa.float32()),
        ("width_px", pa.int32()),
        ("height_px", pa.int32()),
        ("frames", pa.int32()),
        ("original_bytes", pa.int64()),
        ("original_sha256", pa.string()),
        ("result_bytes", pa.int64()),
        ("result_sha256", pa.string()),
        ("result_media_type", pa.string()),
        ("profile", pa.string()),
        ("model_name", pa.string()),
        ("model_sha256", pa.string()),
        ("processing_ms", pa.float32()),
        ("created_at", _TIME),
        ("started_at", _TIME),
        ("settled_at", _TIME),
        ("finished_at", _TIME),
        ("blurline_version", pa.string()),
        ("others_found", pa.string()),
    ]
)
"""One row per image. ``labels`` are those of its job, as JSON; ``others_found`` counts the destroyed objects of each
class beside faces, as JSON, or is null."""

DETECTIONS = pa.schema(
    [
        ("image_id", pa.string()),
        ("job_id", pa.string()),
        ("owner", pa.string()),
        ("attempt_id", pa.string()),
        ("frame", pa.int32()),
        ("x1", pa.float32()),
        ("y1", pa.float32()),
        ("x2", pa.float32()),
        ("y2", pa.float32()),
        ("score", pa.float32()),
        ("destroyed", pa.bool_()),
        ("width_px", pa.int32()),
        ("height_px", pa.int32()),
        ("profile", pa.string()),
        ("model_sha256", pa.string()),
        ("created_at", _TIME),
        ("class_name", pa.string()),
    ]
)
"""One row per box of an image's current result, in pixels of the upright photograph."""


class TableFormat(StrEnum):
    """The file format of a table."""

    PARQUET = "parquet"
    CSV = "csv"
    ARROW = "arrow"

    @property
    def media_type(self) -> str:
        """The media type registered with IANA."""
        return {
            "parquet": "application/vnd.apache.parquet",
            "csv": "text/csv",
            "arrow": "application/vnd.apache.arrow.stream",
        }[self.value]


def encoded(pages: Iterable[Rows], schema: pa.Schema, table_format: TableFormat) -> Iterator[bytes]:
    """The table's bytes, page by page; in Parquet each page is a row group."""
    sink = _Sink()
    with _writer(sink, schema, table_format) as writer:
        for page in pages:
            writer.write_batch(_batch(page, schema))
            yield from sink.taken()
    yield from sink.taken()


def write_parquet(pages: Iterable[Rows], schema: pa.Schema, file: BinaryIO) -> int:
    """Write a table to an open file and return the number of rows."""
    rows = 0
    with _writer(file, schema, TableFormat.PARQUET) as writer:
        for page in pages:
            writer.write_batch(_batch(page, schema))
            rows += len(page)
    return rows


class _Writer(Protocol):
    def __enter__(self) -> _Writer: ...
    def __exit__(self, *error: object) -> object: ...
    def write_batch(self, batch: pa.RecordBatch) -> object: ...


def _writer(sink: Any, schema: pa.Schema, table_format: TableFormat) -> _Writer:
    writer: _Writer
    match table_format:
        case TableFormat.PARQUET:
            writer = pa.parquet.ParquetWriter(sink, schema, compression="zstd")
        case TableFormat.CSV:
            writer = _SpreadsheetWriter(pa.csv.CSVWriter(sink, schema))
        case TableFormat.ARROW:
            writer = pa.ipc.new_stream(sink, schema)
    return writer


class _SpreadsheetWriter:
    """A writer of CSV whose texts no spreadsheet runs as formulas. Numbers stay as they are."""

    def __init__(self, writer: pa.csv.CSVWriter) -> None:
        self._writer = writer

    def __enter__(self) -> _SpreadsheetWriter:
        return self

    def __exit__(self, *error: object) -> None:
        self._writer.close()

    def write_batch(self, batch: pa.RecordBatch) -> None:
        columns = [
            pa.array([text and safe_cell(text) for text in column.to_pylist()], pa.string())
            if pa.types.is_string(column.type)
            else column
            for column in batch.columns
        ]
        self._writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=batch.schema))


def _batch(rows: Rows, schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([dict(row) for row in rows], schema=schema)


class _Sink(io.RawIOBase):
    """Buffers written bytes until they are taken."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._chunks.append(bytes(data))
        return len(self._chunks[-1])

    def taken(self) -> list[bytes]:
        """Return and clear the buffered bytes."""
        chunks, self._chunks = self._chunks, []
        return chunks
