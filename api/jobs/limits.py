"""Limits: what a submission may contain, so that clients can check files before they upload them."""

from __future__ import annotations

from fastapi import APIRouter

from api.deletion.retention import kept_days
from api.dependencies import Ctx, Who
from blurline.contract import SubmissionLimits

router = APIRouter(prefix="/v1/limits", tags=["uploads"])


@router.get("")
def get_limits(context: Ctx, _: Who) -> SubmissionLimits:
    """Return the largest file, picture and job, and the longest retention that a job may ask for."""
    settings = context.settings
    picture = settings.pictures.limits
    return SubmissionLimits(
        max_file_bytes=picture.file_bytes,
        max_pixels=picture.pixels,
        max_frames=picture.frames,
        max_images_per_job=settings.requests.max_images_per_job,
        retention=kept_days(settings, {}),
    )
