"""blur: destroy the faces, write the file, check what was written."""

from __future__ import annotations

import hashlib

from prefect import task

from blurline.box import to_faces
from blurline.photo import EXTENSIONS, MEDIA_TYPES, open_photo
from blurline.redact import redact
from blurline.settings import load_settings
from tasks.work import TASK, Item, Output, Work


@task(name="blur", timeout_seconds=600, **TASK)
def blur(work: Work) -> None:
    """Faces from the threshold up -> a checked file; the decoded picture is let go."""
    look, settings = work.look, load_settings()

    def step(item: Item) -> None:
        assert item.original is not None and item.faces is not None and look is not None
        photo = item.photo or open_photo(item.original.data, settings.limits)
        data = redact(photo, to_faces(item.faces[item.faces[:, 4] >= look.threshold]), work.policy)
        format_ = photo.encoding.format
        key = f"{item.attempt.image_id}/{item.attempt.id}.{EXTENSIONS[format_]}"
        item.output = Output(data, hashlib.sha256(data).hexdigest(), MEDIA_TYPES[format_], key)
        item.photo = None

    work.advance(lambda item: item.output is not None, step)
