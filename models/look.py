"""A look at a photograph: which detector, at which scales, and from which score a face is a face.

The tasks resize, detect and nms are its three steps; `find_faces` makes them one after another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blurline.box import Face, Faces, to_faces
from blurline.errors import ConfigurationError
from blurline.letterbox import Letterbox, letterbox
from blurline.photo import Photo
from blurline.policy import Policy
from blurline.profile import CANDIDATE_SCORE, PROFILES, Profile
from blurline.settings import Settings
from models.card import Family
from models.detector import Detector
from models.loading import custom_detector, vendored_detector
from models.merge import fuse, non_maximum_suppression


@dataclass(frozen=True, slots=True)
class PassFaces:
    """What one pass found: (n, 5) unmerged rows in upright pixels. ``scale``: input pixels a picture pixel."""

    faces: Faces
    scale: float


@dataclass(frozen=True, slots=True)
class Look:
    """A profile with its loaded detector. ``threshold`` is the score from which a face is destroyed."""

    detector: Detector
    profile: Profile
    threshold: float

    @property
    def record(self) -> dict[str, Any]:
        """What is recorded on every image made with this look."""
        card = self.detector.card
        return {
            "name": card.name,
            "sha256": card.sha256,
            "licence": card.licence,
            "provider": self.detector.provider,
            "threshold": self.threshold,
        }

    def inputs(self, photo: Photo) -> list[list[Letterbox]]:
        """The detector's input of each pass, for each appearance of the photograph."""
        return [self._passes(pixels) for pixels in photo.appearances]

    def candidates(self, inputs: list[list[Letterbox]]) -> list[list[PassFaces]]:
        """Run the detector on every input -> what each pass found, in upright pixels, for each appearance."""
        return [[self._run(each) for each in passes] for passes in inputs]

    def merge(self, candidates: list[list[PassFaces]], width_px: int, height_px: int) -> Faces:
        """What the passes found -> one row a face, best first, inside a photograph of that size.

        A face of one appearance is a face, however silent the others are.
        """
        merged = [self._fuse(passes, width_px, height_px) for passes in candidates]
        return (
            merged[0] if len(merged) == 1 else non_maximum_suppression(np.concatenate(merged), self.profile.merge_iou)
        )

    def _passes(self, pixels: NDArray[np.uint8]) -> list[Letterbox]:
        sides_px = self.profile.sides_for(max(pixels.shape[:2]))
        return letterbox(pixels, sides_px, self.detector.stride_px, self.detector.fixed_input)

    def _run(self, each: Letterbox) -> PassFaces:
        return PassFaces(each.to_photo(self.detector.candidates(each.pixels, CANDIDATE_SCORE)), each.scale)

    def _fuse(self, passes: list[PassFaces], width_px: int, height_px: int) -> Faces:
        inside = [_inside(found.faces, width_px, height_px) for found in passes]
        return fuse(inside, [found.scale for found in passes], self.profile.merge_iou)


def look_for(policy: Policy, settings: Settings | None = None) -> Look:
    """The look that a policy asks for. Raises ModelRejected or ConfigurationError."""
    settings = settings or Settings.model_construct()
    profile = PROFILES[policy.profile]
    if settings.model_file is None:
        detector, threshold = vendored_detector(profile.model, settings.execution_provider), profile.threshold
    else:
        family = _family(settings.model_family)
        threshold = settings.model_threshold
        detector = custom_detector(settings.model_file, family, threshold, settings.execution_provider)
    return Look(detector, profile, policy.min_score if policy.min_score is not None else threshold)


def find_faces(photo: Photo, policy: Policy | None = None, settings: Settings | None = None) -> tuple[Face, ...]:
    """Every face of a photograph from the policy's threshold up, best first."""
    look = look_for(policy or Policy(), settings)
    faces = look.merge(look.candidates(look.inputs(photo)), photo.width_px, photo.height_px)
    return to_faces(faces[faces[:, 4] >= look.threshold])


def _inside(faces: Faces, width_px: int, height_px: int) -> Faces:
    inside = faces.copy()
    inside[:, [0, 2]] = inside[:, [0, 2]].clip(0, width_px)
    inside[:, [1, 3]] = inside[:, [1, 3]].clip(0, height_px)
    return inside[(inside[:, 2] > inside[:, 0]) & (inside[:, 3] > inside[:, 1])]


def _family(name: str) -> Family:
    try:
        return Family(name)
    except ValueError as error:
        known = ", ".join(Family)
        raise ConfigurationError(f"BLURLINE_MODEL_FAMILY is {name!r}; it must be one of {known}.") from error
