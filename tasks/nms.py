"""nms: merge scales and overlaps into one row a face."""

from __future__ import annotations

from prefect import task

from blurline.profile import EVIDENCE_SCORE
from tasks.work import TASK, Item, Work


@task(name="nms", timeout_seconds=120, **TASK)
def nms(work: Work) -> None:
    """Candidates -> faces, best first, inside the photograph."""
    look = work.look

    def step(item: Item) -> None:
        assert item.candidates is not None and item.original is not None and look is not None
        header = item.original.header
        faces = look.merge(item.candidates, header.width_px, header.height_px)
        item.faces = faces[faces[:, 4] >= min(EVIDENCE_SCORE, look.threshold)]

    work.advance(lambda item: item.faces is not None, step)
