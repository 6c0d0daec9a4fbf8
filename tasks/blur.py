"""blur: destroy the faces, write the file, check what was written, and decide whether a reviewer must see it.

A file that fails its check is kept for the reviewers with its ``refusal``, if it can be opened. Nothing publishes it.
"""

from __future__ import annotations

import hashlib

import structlog
from prefect import task

from blurline.contract.corrections import Correction
from blurline.decision.correction import check_regions, corrected_choices
from blurline.decision.finding import Refusal
from blurline.picture.photo import Photo
from blurline.picture.preview import preview
from blurline.policy import Policy
from blurline.settings import Settings, load_settings
from blurline.storage.preview_keys import PreviewSize, preview_key
from models import FileRefused, Rendered, render_choices, render_detections
from models.made_with import STRONGER
from tasks.review_gate import review_reason
from tasks.work import TASK, Item, Output, Preview, Work

log = structlog.get_logger()


@task(name="blur", timeout_seconds=600, **TASK)
def blur(work: Work) -> None:
    """Detections from the threshold up, or a reviewer's boxes -> a checked file. Releases the picture."""
    plan, settings = work.plan, load_settings()

    def step(item: Item) -> None:
        assert plan is not None
        photo, correction = item.opened(settings.pictures.limits), item.attempt.correction
        refusal: Refusal | None = None
        try:
            if correction is None:
                assert item.detections is not None
                rendered = render_detections(photo, item.detections, plan, work.policy, settings)
            else:
                rendered = _corrected(photo, correction, work.policy, settings)
        except FileRefused as error:
            rendered, refusal = error.refused, Refusal(str(error), error.findings)
        done = rendered.result
        if STRONGER in done.made_with:
            log.info("style_strengthened", image_id=str(item.attempt.image_id), attempt=item.attempt.number)
        key = f"{item.attempt.image_id}/{item.attempt.id}.{done.format.extension}"
        reason = review_reason(work.policy, done.doubt, correction, refusal)
        previews = _previews(photo, rendered, key, item.attempt.original_key, is_held=reason is not None)
        item.output = Output(done, hashlib.sha256(done.data).hexdigest(), key, reason, previews, refusal)
        item.photo = None

    work.advance("blur", lambda item: item.output is not None, step)


def _corrected(photo: Photo, correction: Correction, policy: Policy, settings: Settings) -> Rendered:
    sizes_px = [(frame.width_px, frame.height_px) for frame in photo.frames]
    correction.check_marks(sizes_px)
    check_regions(correction, sizes_px, policy)
    return render_choices(photo, corrected_choices(correction, len(photo.frames)), policy, settings)


def _previews(photo: Photo, rendered: Rendered, key: str, original_key: str, *, is_held: bool) -> tuple[Preview, ...]:
    """Thumbnails of the result and its original; for images at the review gate also larger views."""
    made = []
    for size in PreviewSize:
        if size is PreviewSize.THUMB or is_held:
            made.append(Preview(preview_key(key, size), preview(rendered.first_frame, size), is_result=True))
            shown = preview(photo.frames[0], size)
            made.append(Preview(preview_key(original_key, size), shown, is_result=False))
    return tuple(made)
