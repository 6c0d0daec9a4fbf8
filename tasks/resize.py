"""resize: make the picture upright and RGB, and scale it to the detector's inputs of the profile."""

from __future__ import annotations

from prefect import task

from blurline.picture.decode import open_photo
from blurline.settings import load_settings
from tasks.work import TASK, Item, Work


@task(name="resize", timeout_seconds=600, **TASK)
def resize(work: Work) -> None:
    """Decode every original and scale its first frame. An animation's other frames are scaled in `detect`.

    Decoded pictures beyond the resident limit are released, and decoded again by the tasks that need them.
    """
    settings = load_settings()
    plan, items = work.plan, work.items or []

    def step(item: Item) -> None:
        assert item.original is not None and plan is not None
        photo = open_photo(item.original.data, settings.pictures.limits)
        item.inputs = plan.inputs(photo.frames[0])
        resident = sum(other.original.header.pixels for other in items if other.photo and other.original)
        if resident + item.original.header.pixels <= settings.pictures.resident_megapixels * 1e6:
            item.photo = photo

    work.advance("resize", lambda item: item.skips_detection or item.inputs is not None, step)
