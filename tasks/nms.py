"""nms: merge scales and overlaps into one row per face."""

from __future__ import annotations

from prefect import task

from tasks.work import TASK, Item, Work


@task(name="nms", timeout_seconds=120, **TASK)
def nms(work: Work) -> None:
    """Candidates -> faces, best first, inside the photograph."""
    plan = work.plan

    def step(item: Item) -> None:
        assert item.candidates is not None and plan is not None
        item.detections = [plan.merge(each) for each in item.candidates]
        item.candidates = []

    work.advance("nms", lambda item: item.skips_detection or item.detections is not None, step)
