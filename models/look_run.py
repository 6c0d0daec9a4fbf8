"""Runs a look over one appearance of a frame: the passes of a profile, one after the other, then closer ones, and the
same over the parts of the picture that lie another way up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from blurline.faces import Faces
from blurline.picture.letterbox import ScaledImage, scale_of_side, scale_to_fit, scale_to_side
from blurline.policy.profile import (
    CHECK_SCORE,
    CHECK_SUM,
    CONFIRMED_SUM,
    SMALL_FACE_PX,
    UNSEEN_SCORE,
    Pass,
    Profile,
    Where,
    closer_sides_px,
    turn_check,
)
from models.detector import Detector
from models.fine_look import fine_passes, small_questions
from models.look import Focus, PassFaces, PicturePart, focus_of, run_pass, small_faces
from models.merge import fuse
from models.ways_up import WaysUp, all_upright, sees_more, ways_up


@dataclass(frozen=True, slots=True)
class Detectors:
    """The loaded detectors of a look. ``int8``: that of passes over regions, None if it is the usual one."""

    usual: Detector
    scout: Detector
    int8: Detector | None = None
    classes: tuple[int, ...] = (0,)

    def of(self, step: Pass) -> tuple[Detector, tuple[int, ...]]:
        """The detector of a pass, and the numbers of the classes that it detects."""
        if step.is_scout:
            return self.scout, (0,)
        if self.int8 is not None and step.where is not Where.WHOLE:
            return self.int8, self.classes
        return self.usual, self.classes


@dataclass(frozen=True, slots=True)
class DetectorInputs:
    """The passes over one appearance of a frame, and the frame scaled to the long sides of those that surely run; other
    sizes are added when a pass needs them."""

    passes: tuple[Pass, ...]
    sizes: dict[int, ScaledImage]
    long_side_px: int


def prepare_inputs(
    pixels: NDArray[np.uint8], profile: Profile, fixed_input: tuple[int, int] | None = None
) -> DetectorInputs:
    """Choose the passes over an upright RGB picture, and scale it for them. ``fixed_input``: (height, width) of a
    detector with one input size."""
    height, width = pixels.shape[:2]
    long_side_px = max(height, width)
    passes = profile.passes_for(width, height)
    if profile.looks_finely:
        passes += fine_passes(passes, width, height)
    image = Image.fromarray(pixels)
    if fixed_input is not None:
        side_px = max(fixed_input)
        views = dict.fromkeys(replace(each, side_px=side_px) for each in passes)
        return DetectorInputs(tuple(views), {side_px: scale_to_fit(image, *fixed_input)}, long_side_px)
    sides_px = {each.side_px for each in passes if each.where is Where.WHOLE}
    if profile.checks_turns:
        sides_px.add(turn_check(long_side_px, 1)[0].side_px)
    return DetectorInputs(passes, {side_px: scale_to_side(image, side_px) for side_px in sides_px}, long_side_px)


def fuse_way(passes: Sequence[PassFaces], turns: int, width_px: int, height_px: int, merge_iou: float) -> Faces:
    """Merge the passes that saw the picture turned by ``turns``, clipped to the picture."""
    same = [each for each in passes if each.step.quarter_turns == turns and not each.step.is_scout]
    return fuse(
        [_inside(each.candidates, width_px, height_px) for each in same],
        [each.scale for each in same],
        merge_iou,
        [each.max_face_px for each in same],
        [each.areas for each in same],
    )


@dataclass(frozen=True, slots=True)
class Look:
    """A look at one appearance of a frame. ``pixels``: (height, width, 3) uint8 RGB, upright."""

    detectors: Detectors
    profile: Profile
    pixels: NDArray[np.uint8]
    inputs: DetectorInputs

    def run(self) -> tuple[list[PassFaces], WaysUp | None]:
        """Run the passes, and then the same passes over the parts that lie another way up. Return the detections of
        each, and the way up of each part, None where no scout looked."""
        found = self._run_all(self.inputs.passes)
        if not self.profile.checks_turns:
            return found, None
        upright = cache(partial(self._fused, tuple(found), 0))  # merged only if a scout sees a face
        scouted, ways = self._ways_up(upright)
        for turns in sorted({1, 2, 3} - {each.quarter_turns for each in self.inputs.passes}):
            cells = ways.cells(turns)
            if len(cells):
                turned = tuple(replace(step, quarter_turns=turns) for step in self.inputs.passes)
                found += self._run_all(turned, PicturePart(cells, upright()))
        return found + scouted, ways

    @property
    def _size_px(self) -> tuple[int, int]:
        height, width = self.pixels.shape[:2]
        return width, height

    def _ways_up(self, upright: Callable[[], Faces]) -> tuple[list[PassFaces], WaysUp]:
        """Look with a scout at the picture turned each way, with a finer one where it sees more, and, if that one sees
        more too, with the finer one every way: then some part lies another way up."""
        checks = {turns: turn_check(self.inputs.long_side_px, turns) for turns in (1, 2, 3)}
        coarse = {turns: self._run(first, []) for turns, (first, _) in checks.items()}
        asked = [turns for turns, each in coarse.items() if sees_more(each.faces, upright, CHECK_SCORE, CHECK_SUM)]
        fine = {turns: self._run(checks[turns][1], []) for turns in asked}
        if not any(sees_more(each.faces, upright, UNSEEN_SCORE, CONFIRMED_SUM) for each in fine.values()):
            return [*coarse.values(), *fine.values()], all_upright(*self._size_px)
        fine |= {turns: self._run(checks[turns][1], []) for turns in checks.keys() - fine.keys()}
        seen = [upright(), *(fine[turns].faces for turns in (1, 2, 3))]
        return [*coarse.values(), *fine.values()], ways_up(seen, *self._size_px)

    def _run_all(self, passes: tuple[Pass, ...], part: PicturePart | None = None) -> list[PassFaces]:
        """Run passes one after the other, each with what the earlier ones found, and then the closer passes that the
        candidates are worth, the way up of the first pass.

        ``part``: all that they show, None for the whole picture. For passes that lie another way than the first one,
        what the passes before them show is known.
        """
        found: list[PassFaces] = []
        turns = passes[0].quarter_turns
        first_way: PicturePart | None = None
        for step in passes:
            is_first_way = step.quarter_turns == turns
            if not is_first_way and first_way is None:
                first_way = PicturePart(None, self._fused(found, turns))
            found.append(self._run(step, found, part if is_first_way else first_way))
        coarser = [each for each in found if each.step.quarter_turns == turns and not each.step.is_scout]
        return found + self._look_closer(coarser, part)

    def _look_closer(self, coarser: list[PassFaces], part: PicturePart | None) -> list[PassFaces]:
        closer: list[PassFaces] = []
        largest_px = max(each.side_px for each in self.inputs.passes)
        for side_px in closer_sides_px(largest_px, self.inputs.long_side_px):
            if max(each.scale for each in coarser + closer) * 1.5 > 1:  # a long picture is scaled less
                break
            step = Pass(side_px, self.profile.closer_where, quarter_turns=coarser[0].step.quarter_turns)
            scale = scale_of_side(side_px, *self._size_px)
            focus = small_faces(coarser + closer, scale, self.profile.closer_score, SMALL_FACE_PX)
            if len(focus.rows) < self.profile.crowd:
                break
            if step.where is Where.WHOLE:
                closer.append(self._run(step, [], part))
            else:
                closer.append(self._run_over(focus, step))
        return closer

    def _run(self, step: Pass, found: list[PassFaces], part: PicturePart | None = None) -> PassFaces:
        """Run a pass after the passes ``found``."""
        scale = scale_of_side(step.side_px, *self._size_px)
        focus: Focus | None
        if step.where is Where.SCOUTED:
            same_way = [each for each in found if each.step.quarter_turns == step.quarter_turns]
            focus = small_questions(same_way, scale, *self._size_px, None if part is None else part.known)
        else:
            focus = focus_of(step, scale, found, self.inputs.long_side_px, part, self.profile.closer_score)
        return self._run_over(focus, step)

    def _run_over(self, focus: Focus | None, step: Pass) -> PassFaces:
        """Run a pass over its focus, None for the whole picture, which is scaled only if there is something to see."""
        if focus is not None and not len(focus.rows):
            scale = scale_of_side(step.side_px, *self._size_px)
            return PassFaces(step, focus.rows, scale, focus.max_face_px, np.zeros((0, 4)))
        return run_pass(step, self._picture(step), focus, *self.detectors.of(step))

    def _picture(self, step: Pass) -> ScaledImage:
        sizes = self.inputs.sizes
        if step.side_px in sizes:
            return sizes[step.side_px]
        picture = scale_to_side(Image.fromarray(self.pixels), step.side_px)
        if step.where is not Where.SCOUTED:  # that one is large, and used once
            sizes[step.side_px] = picture
        return picture

    def _fused(self, passes: Sequence[PassFaces], turns: int) -> Faces:
        return fuse_way(passes, turns, *self._size_px, self.profile.merge_iou)


def _inside(faces: Faces, width_px: int, height_px: int) -> Faces:
    inside = faces.copy()
    inside[:, [0, 2]] = inside[:, [0, 2]].clip(0, width_px)
    inside[:, [1, 3]] = inside[:, [1, 3]].clip(0, height_px)
    return inside[(inside[:, 2] > inside[:, 0]) & (inside[:, 3] > inside[:, 1])]
