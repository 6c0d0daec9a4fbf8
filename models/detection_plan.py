"""The detection plan: which detector and passes to run, and from which score a candidate is a face.

The tasks resize, detect and nms run its three steps; `DetectionPlan.detect` runs them in one call.
"""

from __future__ import annotations

import gc
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from blurline.box import Face
from blurline.decision.choice import choose
from blurline.errors import ConfigurationError
from blurline.faces import Faces
from blurline.picture.letterbox import scale_to_side
from blurline.picture.malloc_tuning import return_freed_memory
from blurline.picture.photo import Frame, Photo
from blurline.policy import Policy
from blurline.policy.profile import (
    EVIDENCE_SCORE,
    PLAN_VERSION,
    PROFILES,
    SCOUT_MODEL,
    SECOND_LOOK_MODEL,
    TURNED_WEIGHT,
    VIEW_CHECK,
    VIEW_CHECK_SCORE,
    Profile,
    ProfileName,
)
from blurline.settings import Settings
from models.card import Family, ModelCard, vendored_card
from models.detector import Detector
from models.int8 import int8_detector
from models.loading import custom_card, custom_detector, further_detector, vendored_detector
from models.look import PassFaces, is_known, run_pass
from models.look_run import DetectorInputs, Detectors, Look, fuse_way, prepare_inputs
from models.merge import iou, non_maximum_suppression, outermost
from models.other_classes import NO_OTHERS, ClassRows, OtherClasses, other_classes
from models.sphere import View, ViewFaces, faces_in_picture, look_around
from models.ways_up import WaysUp, ways_up


@dataclass(frozen=True, slots=True)
class Candidates:
    """The detections of each pass over each appearance of a frame, the frame's size, and the same of each class beside
    faces.

    ``ways``: the way up of the parts of each appearance, None where no scout looked. ``views``: the detections in the
    views of a sphere, in upright pixels.
    """

    passes: list[list[PassFaces]]
    ways: list[WaysUp | None]
    width_px: int
    height_px: int
    others: Mapping[str, Candidates] = field(default_factory=dict)
    views: FrameDetections | None = None


@dataclass(frozen=True, slots=True)
class FrameDetections:
    """The merged detections of a frame: ``rows`` (n, 5) in upright pixels, one per face, best first, with candidates
    down to `EVIDENCE_SCORE`; ``best_scores`` (n,): the best score of each row in a single pass; ``others``: the rows of
    each class beside faces."""

    rows: Faces
    best_scores: NDArray[np.float32]
    others: Mapping[str, ClassRows] = field(default_factory=dict)

    @property
    def with_best_scores(self) -> Faces:
        """The rows with the best scores instead of the merged ones."""
        return np.column_stack([self.rows[:, :4], self.best_scores])


@dataclass(frozen=True, slots=True)
class DetectionPlan:
    """A profile with its loaded detectors. ``threshold`` is the score from which a row is a face; ``others`` has the
    plans of other classes; ``int8``: the detector of passes over regions, None if they use the same as the others."""

    detector: Detector
    scout: Detector
    profile: Profile
    threshold: float
    classes: tuple[int, ...] = (0,)
    others: OtherClasses = NO_OTHERS
    int8: Detector | None = None

    @property
    def detectors(self) -> Detectors:
        """The detectors of a look."""
        return Detectors(self.detector, self.scout, self.int8, self.classes)

    @property
    def record(self) -> dict[str, Any]:
        """The model's identity, the version of the plan and the detectors of other classes, recorded on every image of
        this plan."""
        card = self.detector.card
        others = {"detectors": self.others.record} if self.others.plans else {}
        regions = (
            {} if self.int8 is None else {"regions": {"name": self.int8.card.name, "sha256": self.int8.card.sha256}}
        )
        return {
            "name": card.name,
            "sha256": card.sha256,
            "licence": card.licence,
            "provider": self.detector.provider,
            "threshold": self.threshold,
            "plan_version": PLAN_VERSION,
            **regions,
            **others,
        }

    def inputs(self, frame: Frame) -> list[DetectorInputs]:
        """Prepare the inputs of the passes over each appearance of the frame."""
        return [prepare_inputs(pixels, self.profile, self.detector.fixed_input) for pixels in frame.appearances]

    def candidates(self, frame: Frame, inputs: list[DetectorInputs] | None = None) -> Candidates:
        """Run the detector on a frame. ``inputs``: the result of `inputs` for this frame, if already computed."""
        prepared = inputs or self.inputs(frame)
        looks = [
            Look(self.detectors, self.profile, pixels, each).run()
            for pixels, each in zip(frame.appearances, prepared, strict=True)
        ]
        found = [passes for passes, _ in looks]
        return Candidates(
            found,
            [ways for _, ways in looks],
            frame.width_px,
            frame.height_px,
            self.others.candidates(frame),
            self._look_around(frame, found),
        )

    def merge(self, candidates: Candidates) -> FrameDetections:
        """Merge the detections of all passes, clipped to the frame.

        A face in one appearance counts even if other appearances do not show it. So does a face in one way up, with
        less weight unless its part of the picture lies that way.
        """
        merged: list[Faces] = []
        singles: list[Faces] = []
        size_px = candidates.width_px, candidates.height_px
        for found, found_ways in zip(candidates.passes, candidates.ways, strict=True):
            passes = [each for each in found if not each.step.is_scout]
            faces = [fuse_way(passes, turns, *size_px, self.profile.merge_iou) for turns in range(4)]
            ways = found_ways or ways_up(faces, *size_px)
            for turns in (1, 2, 3):
                faces[turns][ways.at(faces[turns]) != turns, 4] *= TURNED_WEIGHT
            merged += faces
            for each in passes:  # where the picture does not lie that way, a rotated pass is no witness
                turns, rows = each.step.quarter_turns, each.candidates
                singles.append(rows[ways.at(rows) == turns] if turns else rows)
        if candidates.views is not None:
            merged.append(candidates.views.rows)
            singles.append(candidates.views.with_best_scores)
        rows = merged[0]
        if len(merged) > 1:
            rows = non_maximum_suppression(np.concatenate(merged), self.profile.merge_iou)
        rows = outermost(rows[rows[:, 4] >= min(EVIDENCE_SCORE, self.threshold)])
        best = rows[:, 4].copy()
        is_weak = rows[:, 4] < self.threshold
        best[is_weak] = _best_scores(rows[is_weak], np.concatenate(singles), self.profile.merge_iou)
        return FrameDetections(rows, best, self.others.merge(candidates.others))

    def detect(self, frame: Frame) -> FrameDetections:
        """Run all three steps."""
        return self.merge(self.candidates(frame))

    def _look_around(self, frame: Frame, found: list[list[PassFaces]]) -> FrameDetections | None:
        """Look at the views of a sphere; None for a picture that is none.

        If only its shape suggests a sphere, a view is looked at where a scout sees a face that ``found``, the passes
        over the picture itself, lack.
        """
        sphere = frame.sphere
        if sphere is None:
            return None
        plan = replace(self, profile=self.profile.for_views(), others=NO_OTHERS)  # their plans look for themselves
        always_turns = any(each.quarter_turns for each in self.profile.passes)  # such a profile always looks
        is_certain = sphere.is_certain or always_turns or not self.profile.checks_turns
        known = None
        if not is_certain:
            size_px = frame.width_px, frame.height_px
            known = np.concatenate([fuse_way(passes, 0, *size_px, self.profile.merge_iou) for passes in found])

        def detect(view: View, pixels: NDArray[np.uint8]) -> tuple[Faces, NDArray[np.float32]]:
            if known is not None:
                scouted = ViewFaces(view, *self._scouted(pixels))
                rows, _ = faces_in_picture([scouted], sphere, frame.width_px, frame.height_px)
                if is_known(rows, known).all():
                    return np.zeros((0, 5), np.float32), np.zeros(0, np.float32)
            seen = plan.detect(Frame(pixels))
            return seen.rows, seen.best_scores

        return FrameDetections(*look_around(frame, detect))

    def _scouted(self, pixels: NDArray[np.uint8]) -> tuple[Faces, NDArray[np.float32]]:
        """What a scout sees in a view that may be a face, and its scores."""
        picture = scale_to_side(Image.fromarray(pixels), VIEW_CHECK.side_px)
        seen = run_pass(VIEW_CHECK, picture, None, self.scout).faces
        seen = seen[seen[:, 4] >= VIEW_CHECK_SCORE]
        return seen, seen[:, 4]


def plan_for(policy: Policy, settings: Settings | None = None) -> DetectionPlan:
    """Return the detection plan of a policy. Raises ModelRejected, DetectorMissing or ConfigurationError."""
    settings = settings or Settings()
    own, profile = settings.detector, PROFILES[policy.profile]
    scout, int8 = vendored_detector(SCOUT_MODEL, own.execution_provider), None
    if own.model_file is None:
        detector, threshold = vendored_detector(profile.model, own.execution_provider), profile.threshold
        if profile.regions_in_int8 and own.int8_regions:
            int8 = int8_detector(own.execution_provider)
    else:
        family, threshold = _family(own.model_family), own.model_threshold
        detector = custom_detector(own.model_file, family, threshold, own.execution_provider)
        profile = profile.for_unmeasured_model(threshold)

    def plan_of(further: Detector, least: float, numbers: tuple[int, ...]) -> DetectionPlan:
        return DetectionPlan(further, scout, PROFILES[policy.profile].for_unmeasured_model(least), least, numbers)

    others = other_classes(policy.classes_destroyed, settings, plan_of)
    return DetectionPlan(detector, scout, profile, threshold, policy.classes, others, int8)


def current_models(settings: Settings) -> dict[ProfileName, ModelCard]:
    """The card of the model that each profile uses; loads no detector. Raises ModelRejected or ConfigurationError."""
    if settings.detector.model_file is None:
        return {profile: vendored_card(PROFILES[profile].model) for profile in ProfileName}
    card = custom_card(
        settings.detector.model_file, _family(settings.detector.model_family), settings.detector.model_threshold
    )
    return dict.fromkeys(ProfileName, card)


def further_models(settings: Settings) -> dict[str, ModelCard]:
    """The card of each detector of BLURLINE_DETECTORS, by its name; loads none. Raises ModelRejected."""
    return {
        spec.name: custom_card(spec.file, Family(spec.family), spec.threshold) for spec in settings.detector.detectors
    }


def load_detectors(settings: Settings) -> None:
    """Load the detector of every profile, of the second look and of every other class. Raises ModelRejected or
    ConfigurationError."""
    for spec in settings.detector.detectors:
        further_detector(spec, settings.detector.execution_provider)
    for profile in ProfileName:
        plan_for(Policy(profile=profile), settings)
    vendored_detector(SECOND_LOOK_MODEL, settings.detector.execution_provider)


def release_memory(settings: Settings) -> None:
    """Return the memory that finished pictures used, freed but kept for the next one, to the system.

    Costs 50 ms, and the next picture takes about a quarter longer.
    """
    gc.collect()
    vendored_detector(SECOND_LOOK_MODEL, settings.detector.execution_provider).release_memory()
    return_freed_memory()


def find_faces(
    photo: Photo, policy: Policy | None = None, settings: Settings | None = None
) -> tuple[tuple[Face, ...], ...]:
    """Return the faces that the policy destroys in each frame of a picture, best first."""
    policy = policy or Policy()
    plan = plan_for(policy, settings)
    return tuple(
        choose(
            plan.detect(frame).rows,
            policy,
            plan.threshold,
            frame.width_px,
            frame.height_px,
            is_sphere=frame.sphere is not None,
        ).faces
        for frame in photo.frames
    )


def _best_scores(rows: Faces, singles: Faces, min_iou: float) -> NDArray[np.float32]:
    """For each of ``rows``, the best score of the same face in a single pass."""
    best = rows[:, 4].copy()
    for at in range(len(rows)):
        x1, y1, x2, y2 = rows[at, :4]
        near = singles[(singles[:, 0] < x2) & (singles[:, 2] > x1) & (singles[:, 1] < y2) & (singles[:, 3] > y1)]
        same = iou(rows[at : at + 1], near)[0] >= min_iou
        best[at] = near[same, 4].max(initial=best[at])
    return best


def _family(name: str) -> Family:
    try:
        return Family(name)
    except ValueError as error:
        known = ", ".join(Family)
        raise ConfigurationError(f"BLURLINE_MODEL_FAMILY is {name!r}; it must be one of {known}.") from error
