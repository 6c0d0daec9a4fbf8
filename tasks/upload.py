"""upload: store the results, each under a key of its own attempt. Nobody can fetch them yet."""

from __future__ import annotations

from prefect import task

from tasks.resources import store
from tasks.work import TASK, Item, Work


@task(name="upload", timeout_seconds=600, **TASK)
def upload(work: Work) -> None:
    """Written files -> the results bucket."""

    def step(item: Item) -> None:
        assert item.output is not None
        store().put_result(item.output.key, item.output.done.data, item.output.done.format.media_type)
        item.output.stored = True

    work.advance("upload", lambda item: item.output is not None and item.output.stored, step)
