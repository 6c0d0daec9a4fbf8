"""A batch in work: the time of each stage is recorded for each image."""

from __future__ import annotations

import pytest
from prefect.cache_policies import NO_CACHE
from prefect.tasks import Task

from blurline.errors import StoreUnavailable
from blurline.ids import new_id
from sql.jobs.attempts import Attempt
from tasks.blur import blur
from tasks.detect import detect
from tasks.download import download
from tasks.nms import nms
from tasks.notify import notify
from tasks.resize import resize
from tasks.upload import upload
from tasks.work import Item, Work


def test_the_time_of_each_stage_is_added_up_over_its_tries() -> None:
    attempt = Attempt(new_id(), new_id(), 1, "a.jpg", "key", "etag", 10, None, None)
    work = Work(new_id())
    work.items = [Item(attempt)]
    tries: list[float] = []

    def step(item: Item) -> None:
        tries.append(item.stage_ms.get("upload", 0))
        if len(tries) < 3:
            raise StoreUnavailable("It is away.")

    work.advance("detect", lambda _: False, lambda _: None)
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            work.advance("upload", lambda _: False, step)
    work.advance("upload", lambda _: False, step)
    (item,) = work.items
    assert list(item.stage_ms) == ["detect", "upload"]
    assert tries[0] == 0 and tries[0] < tries[1] < tries[2] < item.stage_ms["upload"]


@pytest.mark.parametrize("task", [download, resize, detect, nms, blur, upload, notify], ids=lambda task: task.name)
def test_no_task_keeps_what_another_run_or_release_could_take_over(task: Task[[Work], None]) -> None:
    """A result, and whether it must be reviewed, live in the memory of one flow run only."""
    assert task.cache_policy is NO_CACHE
    assert task.persist_result is False
