"""Jobs: their progress, images and results, cancellation and deletion. `submissions` creates them."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from fastapi import APIRouter

from api.dependencies import Ctx, Who
from api.http.filters import LabelFilter, OwnerFilter, parse_labels
from api.http.paging import Cursor, Limit, next_cursor, parse_cursor
from api.http.problems import problem_responses
from api.http.streaming import StreamedFile
from api.jobs.archive import archive
from api.jobs.image_lists import DoubtAbove, DoubtUpTo, JobImageSort, NameFilter, NoteFilter, image_page, order_of
from api.jobs.views import job_view, receipt_view
from api.visibility import listed_owner, manageable_owner, not_manageable, visible_job
from blurline.access.tokens import Scope
from blurline.contract import DeletionReceipt, ImagePage, ImageState, Job, JobPage, JobState, Time
from sql.deletion.deletions import delete_job as delete
from sql.deletion.deletions import grace_periods
from sql.engine.database import SortOrder
from sql.jobs.image_search import ImageFilter
from sql.jobs.job_queries import JobFilter, list_jobs
from sql.reruns.reruns import cancel_attempts_of_job

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])


class JobSort(StrEnum):
    """Orders of jobs."""

    NEWEST = "-created_at"
    OLDEST = "created_at"


@router.get("", responses=problem_responses("invalid_cursor"))
def get_jobs(
    context: Ctx,
    who: Who,
    limit: Limit = 50,
    cursor: Cursor = None,
    sort: JobSort = JobSort.NEWEST,
    state: JobState | None = None,
    label: LabelFilter = None,
    since: Time | None = None,
    until: Time | None = None,
    owner: OwnerFilter = None,
) -> JobPage:
    """List jobs: the caller's own, or for reviewers and operators everyone's."""
    wanted = JobFilter(listed_owner(who, owner), state, parse_labels(label), since, until)
    order = SortOrder.ASCENDING if sort is JobSort.OLDEST else SortOrder.DESCENDING
    rows = list_jobs(context.database, wanted, limit, parse_cursor(f"jobs{sort}", cursor, UUID), order)
    following = next_cursor(f"jobs{sort}", rows, limit, rows[-1].id) if rows else None
    return JobPage(jobs=[job_view(row, context.settings) for row in rows], next_cursor=following)


@router.get("/{job_id}", responses=problem_responses("not_found"))
def get_job(context: Ctx, who: Who, job_id: UUID) -> Job:
    """Return a job and its progress."""
    return job_view(visible_job(context, who, job_id), context.settings)


@router.get("/{job_id}/images", responses=problem_responses("not_found", "invalid_cursor"))
def get_images_of_job(
    context: Ctx,
    who: Who,
    job_id: UUID,
    limit: Limit = 100,
    cursor: Cursor = None,
    sort: JobImageSort = JobImageSort.FIRST,
    state: ImageState | None = None,
    name: NameFilter = None,
    note: NoteFilter = None,
    doubt_above: DoubtAbove = None,
    doubt_up_to: DoubtUpTo = None,
) -> ImagePage:
    """List the images of a job in the order of their submission, or the most doubtful first."""
    visible_job(context, who, job_id)
    wanted = ImageFilter(
        job_id=job_id, state=state, name=name, note=note, doubt_above=doubt_above, doubt_up_to=doubt_up_to
    )
    return image_page(context, wanted, order_of(sort, wanted), f"images{job_id}{sort}", limit, cursor)


@router.get(
    "/{job_id}/archive",
    response_class=StreamedFile,
    responses={
        200: {
            "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
            "description": "A ZIP of the published results. Its last file, `manifest.json`, lists every image.",
        },
        **problem_responses("not_found", "store_unavailable", "bucket_missing"),
    },
)
def get_archive(context: Ctx, who: Who, job_id: UUID) -> StreamedFile:
    """Download every published result of a job as one ZIP. Never sends an original."""
    visible_job(context, who, job_id)
    headers = {"Content-Disposition": f'attachment; filename="{job_id}.zip"', "Cache-Control": "private, no-store"}
    return StreamedFile(archive(context, job_id), 200, headers, "application/zip")


@router.post("/{job_id}/cancel", responses=problem_responses("not_found"))
def cancel_job(context: Ctx, who: Who, job_id: UUID) -> Job:
    """Cancel one of the caller's jobs; operators can cancel anyone's. Published images stay; images that are not
    finished fail with the code `job_cancelled`. Only an operator's cancellation ends a reviewer's correction."""
    row = visible_job(context, who, job_id)
    if manageable_owner(who) not in (None, row.owner):
        raise not_manageable("job")
    is_operator = Scope.OPERATE in who.scopes
    cancel_attempts_of_job(context.database, job_id, with_corrections=is_operator)
    return job_view(visible_job(context, who, job_id), context.settings)


@router.delete("/{job_id}", status_code=202, responses=problem_responses("not_found", "on_hold"))
def delete_job(context: Ctx, who: Who, job_id: UUID) -> DeletionReceipt:
    """Delete one of the caller's jobs; operators can delete anyone's. Its rows are deleted at once, its originals and
    results soon after, even while a worker processes it. `GET /v1/deletions/{id}` shows when everything is gone."""
    receipt = delete(context.database, manageable_owner(who), job_id, who.owner, grace_periods(context.settings))
    if receipt is None:
        visible_job(context, who, job_id)
        raise not_manageable("job")
    return receipt_view(receipt)
