"""From a photograph to the file that may be published: the whole of the work, without a server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from blurline.decision.choice import Choice, choose
from blurline.decision.doubt import Doubt, estimate_doubt
from blurline.picture.photo import WITH_ALPHA, Format, Frame, Note, Photo
from blurline.picture.redact import write
from blurline.policy import Policy
from blurline.settings import Settings
from models.detection_plan import DetectionPlan, FrameDetections, plan_for
from models.second_look import visible_faces

_NONE = np.zeros(0, np.float32)


@dataclass(frozen=True, slots=True)
class Anonymized:
    """A checked file of a format, the decision on each row that was found in each frame, the doubt in the result,
    what its owner should know, and whether the compressed data is the source's, bit for bit."""

    data: bytes
    format: Format
    choices: tuple[Choice, ...]
    doubt: Doubt
    notes: tuple[Note, ...]
    is_copied: bool

    @property
    def faces(self) -> int:
        """How many faces were destroyed, in all frames together."""
        return sum(len(choice.faces) for choice in self.choices)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A checked file, its first frame as it was read back, and the (n,) scores of what the second look saw in it."""

    result: Anonymized
    first_frame: Frame
    visible_scores: NDArray[np.float32]


def anonymize(photo: Photo, policy: Policy | None = None, settings: Settings | None = None) -> Anonymized:
    """Find the faces of a picture and destroy them by the policy.

    Raises ModelRejected or ConfigurationError when there is no such detector, CannotBeWritten when the wanted format
    has no place for the frames, OutputCheckFailed when a face still shows in the written file or it is not what was
    meant: then nothing may be published.
    """
    policy, settings = policy or Policy(), settings or Settings()
    plan = plan_for(policy, settings)
    return render_detections(photo, [plan.detect(frame) for frame in photo.frames], plan, policy, settings).result


def render_detections(
    photo: Photo, found: Sequence[FrameDetections], plan: DetectionPlan, policy: Policy, settings: Settings
) -> Rendered:
    """The second half of `anonymize`: from what a look has found in each frame to the checked file."""
    choices = tuple(
        choose(each.rows, policy, plan.threshold, frame.width_px, frame.height_px)
        for frame, each in zip(photo.frames, found, strict=True)
    )
    weak, best = [_NONE], [_NONE]
    for frame, choice, each in zip(photo.frames, choices, found, strict=True):
        is_open = ~choice.is_destroyed & ~choice.is_left
        is_open[is_open] = choice.uncovered(each.rows[is_open], policy, frame.width_px, frame.height_px)
        weak.append(each.rows[is_open, 4])
        best.append(each.best_scores[is_open])
    least = plan.threshold if policy.min_score is None else min(plan.threshold, policy.min_score)
    rendered = render_choices(photo, choices, policy, settings)
    in_doubt = estimate_doubt(np.concatenate(weak), np.concatenate(best), least, rendered.visible_scores)
    return replace(rendered, result=replace(rendered.result, doubt=in_doubt))


def render_choices(photo: Photo, choices: tuple[Choice, ...], policy: Policy, settings: Settings) -> Rendered:
    """Destroy what was chosen in each frame, whoever chose it, and look at the written file once more. The doubt rests
    on that look alone.

    Raises as `anonymize` does.
    """
    written = write(photo, [choice.faces for choice in choices], policy)
    shown = [_NONE]
    shown_choices = choices[len(choices) - len(written.photo.frames) :]  # a poster has no place but in a PNG
    for frame, choice in zip(written.photo.frames, shown_choices, strict=True):
        shown.append(visible_faces(frame, choice, policy, settings)[:, 4])
    scores = np.concatenate(shown)
    format_ = written.photo.encoding.format
    changed = () if written.is_copied else photo.notes
    notes = changed + _format_notes(photo, format_) + _policy_notes(photo, choices, policy)
    in_doubt = estimate_doubt(_NONE, _NONE, 1, scores)
    done = Anonymized(written.data, format_, choices, in_doubt, notes, written.is_copied)
    return Rendered(done, written.photo.frames[0], scores)


def _format_notes(photo: Photo, written: Format) -> tuple[Note, ...]:
    notes = []
    if photo.encoding.format is Format.HEIC and written is Format.JPEG:
        notes.append(Note("heic_to_jpeg", "The HEIC picture comes back as JPEG."))
    if written not in WITH_ALPHA and any(frame.is_transparent for frame in photo.frames):
        notes.append(Note("alpha_flattened", "The transparent picture comes back over white."))
    return tuple(notes)


def _policy_notes(photo: Photo, choices: Sequence[Choice], policy: Policy) -> tuple[Note, ...]:
    """What shows in the result, or is not destroyed, because somebody wanted it so."""
    notes = []
    left = sum(int(choice.is_left.sum()) for choice in choices)
    if left:
        why = "as the policy or a reviewer says"
        notes.append(Note("faces_left", f"{left} of the faces that were found are left as they are, {why}."))
    regions = [region.box(photo.width_px, photo.height_px) for region in policy.always_regions]
    if any(box.width_px <= 0 or box.height_px <= 0 for box in regions):
        notes.append(Note("region_outside", "An always-region lies outside the picture; nothing was destroyed there."))
    return tuple(notes)
