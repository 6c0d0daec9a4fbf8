"""Chunks: the pictures that become one job."""

from __future__ import annotations

from blurline.cli.upload.journal import Journal
from blurline.cli.upload.picture import Chunk, State
from blurline.contract import JobOptions, JobRequest, SubmittedImage
from blurline.ids import new_id

LABEL = "blurline-submit"
"""Label of every job with the id of its chunk, to find the job when the answer to its submission was lost."""

CHUNK_IMAGES = 200
_LONGEST_NAME = 255


def labelled(options: JobOptions, chunk_id: str) -> JobOptions:
    """Return the options with the label. Raises ValueError when there are too many labels."""
    given = options.model_dump(exclude_unset=True)
    return JobOptions.model_validate({**given, "labels": {**options.labels, LABEL: chunk_id}})


def cut_chunk(journal: Journal, options: JobOptions, count: int) -> None:
    """Record a chunk of ``count`` uploaded pictures.

    A chunk that is not full must fit what a quota has left, so it takes the smallest pictures first.
    """
    pictures = journal.pictures(State.UPLOADED, count, is_smallest_first=count < CHUNK_IMAGES)
    chunk_id = str(new_id())
    images = [SubmittedImage(key=picture.key, name=shown(picture.name)[-_LONGEST_NAME:]) for picture in pictures]
    given = labelled(options, chunk_id).model_dump(exclude_unset=True)
    request = JobRequest.model_validate({**given, "images": images})
    journal.note_chunk(Chunk(chunk_id, request.model_dump_json(exclude_unset=True)), pictures)


def shown(name: str) -> str:
    """A file name that can be printed and sent."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name)
