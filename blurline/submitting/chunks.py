"""Making jobs of uploaded pictures, each exactly once."""

from __future__ import annotations

from uuid import UUID

from blurline.client import ApiRefused, Client
from blurline.contract import JobOptions, JobRequest, SubmittedImage
from blurline.ids import new_id
from blurline.submitting.journal import Journal
from blurline.submitting.picture import Chunk, State

LABEL = "blurline-submit"
"""A label of every job: the id of its chunk, by which it is found when its answer was never seen."""

CHUNK_IMAGES = 200
_LONGEST_NAME = 255


def labelled(options: JobOptions, chunk_id: str) -> JobOptions:
    """The options with the label. Raises ValueError when there is no room for it."""
    given = options.model_dump(exclude_unset=True)
    return JobOptions.model_validate({**given, "labels": {**options.labels, LABEL: chunk_id}})


def cut_chunk(journal: Journal, options: JobOptions) -> None:
    """Write down a chunk of the pictures that wait to be submitted."""
    pictures = journal.pictures(State.UPLOADED, CHUNK_IMAGES)
    chunk_id = str(new_id())
    images = [SubmittedImage(key=picture.key, name=shown(picture.name)[-_LONGEST_NAME:]) for picture in pictures]
    given = labelled(options, chunk_id).model_dump(exclude_unset=True)
    request = JobRequest.model_validate({**given, "images": images})
    journal.note_chunk(Chunk(chunk_id, request.model_dump_json(exclude_unset=True)), pictures)


def submit_chunk(client: Client, journal: Journal, chunk: Chunk) -> tuple[UUID | None, list[str]]:
    """Make the chunk a job, if it is none yet: the job's id, or the names of pictures whose uploads the store has lost.

    An Idempotency-Key is remembered for hours. When this one is forgotten, the API refuses the uploads, which can be
    submitted once, and the job is found by its label.
    """
    try:
        job_id = client.submit_text(chunk.request, chunk.id).id
    except ApiRefused as error:
        job = next(client.jobs(labels={LABEL: chunk.id}), None)
        if job is None:
            is_lost = error.code == "object_missing"
            names = journal.drop_chunk(chunk.id, State.LOST if is_lost else State.UPLOADED)
            if is_lost:
                return None, names
            raise
        job_id = job.id
    journal.note_job(chunk.id, job_id)
    return job_id, []


def shown(name: str) -> str:
    """A file's name as it can be printed and sent."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name)
