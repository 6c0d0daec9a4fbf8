"""upload: store the results, each under its attempt's own key. Nobody can fetch them yet."""

from __future__ import annotations

from prefect import task

from blurline.storage.preview_keys import PREVIEW_MEDIA_TYPE
from tasks.resources import store
from tasks.work import TASK, Item, Work


@task(name="upload", timeout_seconds=600, **TASK)
def upload(work: Work) -> None:
    """Written files -> the results bucket, and their previews beside them."""

    def step(item: Item) -> None:
        assert item.output is not None
        for each in item.output.previews:
            put = store().put_result if each.is_result else store().put_original_preview
            put(each.key, each.data, PREVIEW_MEDIA_TYPE)
        store().put_result(item.output.key, item.output.done.data, item.output.done.format.media_type)
        item.is_stored = True

    work.advance("upload", lambda item: item.is_stored, step)
