"""The whole pipeline without a server: from a photograph to a publishable file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blurline.access.noise_key import NoiseKey, load_noise_key
from blurline.decision.choice import Choice, choose, choose_others
from blurline.decision.doubt import Doubt, estimate_doubt
from blurline.decision.finding import Findings, VisibleFace, findings_message
from blurline.errors import OutputCheckFailed
from blurline.picture.gain_map_result import HDR_SHOWS_FACE
from blurline.picture.photo import Format, Frame, Photo, PictureNote
from blurline.picture.redact import FileFailedCheck, write
from blurline.policy import Policy
from blurline.policy.strengthened import STRENGTHENED_FIELDS, strengthened
from blurline.settings import Settings
from models.detection_plan import DetectionPlan, FrameDetections, plan_for
from models.made_with import STRONGER, made_with
from models.second_look import SURE, is_face_in_map, visible_faces

_NONE = np.zeros(0, np.float32)


@dataclass(frozen=True, slots=True)
class Anonymized:
    """A checked file, its format, the decision on each row of each frame, the doubt of the result, notes for the owner,
    and whether the compressed data is identical to the source's.

    ``made_with``: what the bytes depend on besides original, policy and model (`models.made_with`).
    """

    data: bytes
    format: Format
    choices: tuple[Choice, ...]
    doubt: Doubt
    notes: tuple[PictureNote, ...]
    is_copied: bool
    made_with: dict[str, Any]

    @property
    def faces(self) -> int:
        """How many faces were destroyed in all frames."""
        return sum(len(choice.faces) for choice in self.choices)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A checked file, its decoded first frame, and the (n,) scores of the second look."""

    result: Anonymized
    first_frame: Frame
    visible_scores: NDArray[np.float32]


class FileRefused(OutputCheckFailed):
    """The written file failed its check. ``refused``: that file, which must never be published. ``findings``: the faces
    that are visible in it for sure, or the place where it is not what was meant."""

    def __init__(self, why: str, refused: Rendered, findings: Findings = ()) -> None:
        super().__init__(why)
        self.refused, self.findings = refused, findings


def anonymize(photo: Photo, policy: Policy | None = None, settings: Settings | None = None) -> Anonymized:
    """Find the faces in a picture and destroy them according to the policy.

    Raises ModelRejected or ConfigurationError if the detector is not available, CannotBeWritten if the output format
    cannot hold the frames, and OutputCheckFailed if the written file fails its check or still shows a face; nothing may
    be published then.
    """
    policy, settings = policy or Policy(), settings or Settings()
    plan = plan_for(policy, settings)
    return render_detections(photo, [plan.detect(frame) for frame in photo.frames], plan, policy, settings).result


def render_detections(
    photo: Photo, found: Sequence[FrameDetections], plan: DetectionPlan, policy: Policy, settings: Settings
) -> Rendered:
    """The second half of `anonymize`: from the detections in each frame to the checked file."""
    choices = tuple(
        _choice(each, policy, plan.threshold, frame) for frame, each in zip(photo.frames, found, strict=True)
    )
    weak, best = [_NONE], [_NONE]
    for frame, choice, each in zip(photo.frames, choices, found, strict=True):
        is_open = ~choice.is_destroyed & ~choice.is_left
        is_open[is_open] = choice.uncovered(each.rows[is_open], policy, frame.width_px, frame.height_px)
        weak.append(each.rows[is_open, 4])
        best.append(each.best_scores[is_open])
    least = plan.threshold if policy.min_score is None else min(plan.threshold, policy.min_score)
    rendered = render_choices(photo, choices, policy, settings)
    in_doubt = estimate_doubt(
        np.concatenate(weak),
        np.concatenate(best),
        least,
        rendered.visible_scores,
        is_projection_unknown=not photo.layout.is_understood,
    )
    return replace(rendered, result=replace(rendered.result, doubt=in_doubt))


def render_choices(photo: Photo, choices: tuple[Choice, ...], policy: Policy, settings: Settings) -> Rendered:
    """Destroy the chosen faces of each frame, and check the written file with the second look, which alone decides the
    doubt. A file that fails its check is written and checked once more with a stronger policy.

    Raises what `anonymize` raises.
    """
    try:
        return _render(photo, choices, policy, settings)
    except OutputCheckFailed:
        stronger = strengthened(policy, settings.least_policy.allowed_styles)
        if stronger is None or not any(choice.destroyed for choice in choices):
            raise
    rendered = _render(photo, choices, stronger, settings)
    done = rendered.result
    note = PictureNote(
        "style_strengthened",
        f"The result did not pass its check in the policy's style, so its faces are destroyed as `{stronger.style}`.",
    )
    record = done.made_with | {STRONGER: stronger.model_dump(mode="json", include=STRENGTHENED_FIELDS)}
    return replace(rendered, result=replace(done, notes=(*done.notes, note), made_with=record))


def _render(photo: Photo, choices: tuple[Choice, ...], policy: Policy, settings: Settings) -> Rendered:
    noise_key = load_noise_key(settings.home)
    faces = [choice.destroyed for choice in choices]
    try:
        written = write(photo, faces, policy, noise_key.secret)
        if is_face_in_map(written.photo, choices[0], policy, settings):
            written = write(replace(photo, gain_map=None), faces, policy, noise_key.secret)
            others = tuple(note for note in written.notes if note.code != HDR_SHOWS_FACE.code)
            written = replace(written, notes=(*others, HDR_SHOWS_FACE))
    except FileFailedCheck as error:
        raise _refused(error, choices, noise_key) from error
    shown, findings = [_NONE], list[VisibleFace]()
    first = len(choices) - len(written.photo.frames)  # only PNG keeps a poster frame
    sources = zip(written.photo.frames, photo.frames[first:], choices[first:], strict=True)
    for number, (frame, source, choice) in enumerate(sources, start=first):
        seen = replace(frame, sphere=source.sphere)  # the written file may have lost its metadata
        rows = visible_faces(seen, choice, policy, settings)
        shown.append(rows[:, 4])
        findings += [VisibleFace(number, *row) for row in rows[rows[:, 4] >= SURE].tolist()]
    scores = np.concatenate(shown)
    format_ = written.photo.encoding.format
    notes = written.notes + _layout_notes(photo) + _policy_notes(photo, choices, policy)
    in_doubt = estimate_doubt(_NONE, _NONE, 1, scores)
    done = Anonymized(written.data, format_, choices, in_doubt, notes, written.is_copied, made_with(noise_key))
    rendered = Rendered(done, written.photo.frames[0], scores)
    if findings:
        raise FileRefused(findings_message(findings, len(choices)), rendered, tuple(findings))
    return rendered


def _refused(error: FileFailedCheck, choices: tuple[Choice, ...], noise_key: NoiseKey) -> FileRefused:
    """The refusal of a file that failed its check before anything looked for faces in it."""
    written = error.written
    format_ = written.photo.encoding.format
    in_doubt = estimate_doubt(_NONE, _NONE, 1, _NONE)
    done = Anonymized(written.data, format_, choices, in_doubt, written.notes, written.is_copied, made_with(noise_key))
    first = len(choices) - len(written.photo.frames)  # a poster frame is not written
    places = () if error.place is None else (replace(error.place, frame=first + error.place.frame),)
    return FileRefused(str(error), Rendered(done, written.photo.frames[0], _NONE), places)


def _choice(found: FrameDetections, policy: Policy, threshold: float, frame: Frame) -> Choice:
    """The decision on each row of a frame, of faces and of other classes."""
    size_px = frame.width_px, frame.height_px
    others = {name: (each.rows, each.threshold) for name, each in found.others.items()}
    choice = choose(found.rows, policy, threshold, *size_px, is_sphere=frame.sphere is not None)
    return replace(choice, others=choose_others(others, policy, *size_px))


def _layout_notes(photo: Photo) -> tuple[PictureNote, ...]:
    if photo.layout.is_understood:
        return ()
    message = f"The picture looks like {photo.layout}, which Blurline does not support; it may have missed faces."
    return (PictureNote("projection_unknown", message),)


def _policy_notes(photo: Photo, choices: Sequence[Choice], policy: Policy) -> tuple[PictureNote, ...]:
    """Notes on faces that stay visible, and on regions that destroy nothing."""
    notes = []
    left = sum(int(choice.is_left.sum()) for choice in choices)
    if left:
        why = "because of the policy or a reviewer"
        notes.append(PictureNote("faces_left", f"{left} of the detected faces stay visible {why}."))
    regions = [region.box(photo.width_px, photo.height_px) for region in policy.always_regions]
    if any(box.width_px <= 0 or box.height_px <= 0 for box in regions):
        notes.append(
            PictureNote("region_outside", "An always-region lies outside the picture; nothing was destroyed there.")
        )
    return tuple(notes)
