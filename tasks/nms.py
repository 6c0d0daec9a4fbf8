"""nms: merge scales and overlaps into one row a face."""

from __future__ import annotations

from prefect import task

from tasks.work import TASK, Item, Work


@task(name="nms", timeout_seconds=120, **TASK)
def nms(work: Work) -> None:
    """Candidates -> faces, best first, inside the photograph."""
    look = work.look

    def step(item: Item) -> None:
        assert item.candidates is not None and item.original is not None and look is not None
        header = item.original.header
        item.found = look.merge(item.candidates, header.width_px, header.height_px)
        item.candidates = []

    work.advance(lambda item: item.found is not None, step)
