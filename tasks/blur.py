"""blur: destroy the faces, write the file, check what was written."""

from __future__ import annotations

import hashlib

from prefect import task

from blurline.settings import load_settings
from models import finish
from tasks.work import TASK, Item, Output, Work


@task(name="blur", timeout_seconds=600, **TASK)
def blur(work: Work) -> None:
    """Faces from the threshold up -> a checked file; the decoded picture is let go."""
    look, settings = work.look, load_settings()

    def step(item: Item) -> None:
        assert item.found is not None and look is not None
        photo = item.opened(settings.limits)
        done = finish(photo, item.found, look, work.policy, settings)
        key = f"{item.attempt.image_id}/{item.attempt.id}.{done.format.extension}"
        item.output = Output(done, hashlib.sha256(done.data).hexdigest(), key)
        item.photo = None

    work.advance("blur", lambda item: item.output is not None, step)
