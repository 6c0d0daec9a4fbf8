"""What an installation accepts in a submission."""

from __future__ import annotations

from pydantic import BaseModel, Field

from blurline.contract.base import with_examples
from blurline.contract.retention import JobRetention


class SubmissionLimits(BaseModel):
    """The largest file, picture and job, and the longest retention that a job may ask for."""

    model_config = with_examples(
        {
            "max_file_bytes": 100_000_000,
            "max_pixels": 200_000_000,
            "max_frames": 200,
            "max_images_per_job": 100_000,
            "retention": {"originals_days": 30, "results_days": None, "rows_days": 365, "audit_days": None},
        }
    )
    max_file_bytes: int = Field(description="Largest file.")
    max_pixels: int = Field(description="Largest picture, all frames together.")
    max_frames: int = Field(description="Most frames or pages of one picture.")
    max_images_per_job: int
    retention: JobRetention = Field(description="How long the installation keeps what a job does not shorten.")
