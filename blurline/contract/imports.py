"""Imports: pictures of a bucket of another store, as jobs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, StrictBool, StringConstraints

from blurline.contract.base import Labels, PresetName, Request, Time, with_examples
from blurline.contract.examples import OTHER_ID, TIME
from blurline.contract.jobs import Progress
from blurline.file_names import EXTENSIONS

SAMPLE = 20
"""How many of its objects a dry run names."""

MOST_BYTES = 1 << 50
"""The largest size that a filter can name."""

MAX_JOB_IMAGES = 10_000
"""The most images of one job of an import."""

ImportState = Literal["running", "paused", "cancelled", "completed"]
BucketName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_\-]*$", max_length=63)]
Suffix = Annotated[
    str,
    StringConstraints(pattern=r"^[^\x00-\x1f\x7f/]+$", max_length=20),
    AfterValidator(lambda suffix: suffix.lower()),
]
Prefix = Annotated[str, StringConstraints(max_length=900, pattern=r"^[^\x00-\x1f\x7f]*$")]


class ImportRequest(Request):
    """What to import. The import of a name that exists goes on with these filters, and takes what it has not taken yet.

    A dry run only counts. A filter that is null does not restrict.
    """

    model_config = with_examples(
        {"name": "archive-2024", "source": "archive", "prefix": "2024/", "labels": {"desk": "sport"}, "dry_run": False}
    )
    name: BucketName = Field(description="Name of the import. Each object is taken once under one name.")
    source: BucketName = Field(description="Name of a source in BLURLINE_SOURCES.")
    prefix: Prefix = Field(default="", description="Only objects whose path in the source starts with this.")
    suffixes: list[Suffix] = Field(
        default=sorted(EXTENSIONS), max_length=50, description="Only objects with one of these endings; none for all."
    )
    min_bytes: int = Field(
        default=1, ge=0, le=MOST_BYTES, strict=True, description="Only objects of this size or larger."
    )
    max_bytes: int | None = Field(
        default=None, ge=0, le=MOST_BYTES, strict=True, description="Only objects of this size or smaller."
    )
    modified_from: Time | None = Field(default=None, description="Only objects changed at this time or later.")
    modified_until: Time | None = Field(default=None, description="Only objects changed before this time.")
    owner: Annotated[str, StringConstraints(min_length=1, max_length=512)] | None = Field(
        default=None, description="Owner of the jobs. Default: the caller."
    )
    preset: PresetName | None = None
    labels: Labels = Field(default={}, description="Labels of the jobs, which also get the label `import`.")
    destination: BucketName | None = Field(
        default=None, description="Name of a destination in BLURLINE_DESTINATIONS, to which published results go."
    )
    job_images: int = Field(default=1000, ge=1, le=MAX_JOB_IMAGES, strict=True, description="Most images of a job.")
    dry_run: StrictBool = True


IMPORT: dict[str, Any] = {
    "id": OTHER_ID,
    "name": "archive-2024",
    "state": "running",
    "message": None,
    "source": "archive",
    "destination": None,
    "owner": "ann",
    "request": {"prefix": "2024/", "suffixes": [".jpg"], "job_images": 1000},
    "listed": 12000,
    "matched": 11000,
    "known": 0,
    "imported": 11000,
    "imported_bytes": 33000000000,
    "cursor_key": "2024/05/0001.jpg",
    "started_by": "ann",
    "created_at": TIME,
    "updated_at": TIME,
    "finished_at": None,
}


class ImportRun(BaseModel):
    """An import and how far it has come. It is `completed` when the whole source is listed; its images may go on."""

    model_config = with_examples(IMPORT)
    id: UUID
    name: str
    state: ImportState
    message: str | None = Field(description="What it waits for.")
    source: str
    destination: str | None
    owner: str
    request: dict[str, Any]
    listed: int = Field(description="Objects listed in this pass over the source.")
    matched: int = Field(description="Of those, the objects that pass the filters.")
    known: int = Field(description="Of those, the objects that were imported before.")
    imported: int = Field(description="Images created in all passes.")
    imported_bytes: int
    cursor_key: str | None = Field(description="The last key that was listed.")
    started_by: str
    created_at: datetime
    updated_at: datetime
    finished_at: datetime | None


class ImportWithProgress(ImportRun):
    """An import with the states of its images."""

    model_config = with_examples(
        IMPORT
        | {
            "progress": {
                "images": 11000, "queued": 9000, "processing": 24, "published": 1970, "needs_review": 4, "failed": 2,
                "deleted": 0,
            },
        }
    )  # fmt: skip
    progress: Progress


class Imports(BaseModel):
    """The imports, the newest first."""

    model_config = with_examples({"imports": [IMPORT]})
    imports: list[ImportRun]


class SampledObject(BaseModel):
    """An object that an import would take."""

    path: str
    size_bytes: int
    modified_at: datetime


class ImportPreview(BaseModel):
    """What an import would take. If `is_complete` is false, the source has more objects than were listed."""

    model_config = with_examples(
        {
            "listed": 12000,
            "matched": 11000,
            "matched_bytes": 33000000000,
            "known": 0,
            "is_complete": True,
            "sample": [{"path": "2024/05/0001.jpg", "size_bytes": 3000000, "modified_at": TIME}],
        }
    )
    listed: int
    matched: int
    matched_bytes: int
    known: int = Field(description="Of the matched, the objects that this import has taken before.")
    is_complete: bool
    sample: list[SampledObject] = Field(description=f"The first {SAMPLE} objects that it would take.")


class StartedImport(BaseModel):
    """The import, or what it would take if it was a dry run."""

    model_config = with_examples({"started": IMPORT, "preview": None})
    started: ImportRun | None
    preview: ImportPreview | None
