"""detect: run the ONNX model on every input."""

from __future__ import annotations

from prefect import task

from blurline.settings import load_settings
from tasks.work import TASK, Item, Work


@task(name="detect", timeout_seconds=1200, **TASK)
def detect(work: Work) -> None:
    """Inputs -> candidates in upright pixels. Releases the inputs."""
    plan, limits = work.plan, load_settings().pictures.limits

    def step(item: Item) -> None:
        assert item.inputs is not None and plan is not None
        first, *others = item.opened(limits).frames
        item.candidates = [plan.candidates(first, item.inputs), *map(plan.candidates, others)]
        item.inputs = []

    work.advance("detect", lambda item: item.skips_detection or item.candidates is not None, step)
