"""The sample picture under a policy, as the form of a policy shows it."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

import dashboard
from blurline.limits import Limits
from blurline.picture.decode import open_photo
from blurline.policy import Policy, Style
from blurline.policy.region import Region, SizeLimits, Unit
from blurline.settings import Settings
from dashboard.policy.preview import SAMPLE_FACES, redacted_sample
from models.detection_plan import plan_for

_FOLDER = Path(dashboard.__file__).parent / "policy" / "sample"
_SAMPLE = _FOLDER / "group.jpg"


def test_the_sample_is_the_one_that_its_readme_names() -> None:
    (named,) = re.findall(r"^\| `group.jpg` \| `([0-9a-f]{64})` \|$", (_FOLDER / "README.md").read_text(), re.MULTILINE)
    assert named == sha256(_SAMPLE.read_bytes()).hexdigest()


def test_its_recorded_faces_are_those_that_the_detector_finds() -> None:
    photo = open_photo(_SAMPLE.read_bytes(), Limits(file_bytes=1 << 20, pixels=1 << 20, frames=1))
    plan = plan_for(Policy(), Settings().replace(int8_regions=False))
    rows = plan.detect(photo.frames[0]).rows
    found = rows[rows[:, 4] >= plan.threshold]
    assert len(found) == len(SAMPLE_FACES)
    np.testing.assert_allclose(found[:, :4], SAMPLE_FACES[:, :4], atol=2)


def test_every_style_and_strength_looks_different_and_never_changes_by_itself() -> None:
    policies = [Policy(style=style) for style in Style] + [Policy(cells_per_face=2), Policy(padding=1.0)]
    shown = [redacted_sample(policy)[0].tobytes() for policy in policies]
    assert len(set(shown)) == len(policies)
    assert shown == [redacted_sample(policy)[0].tobytes() for policy in policies]


@pytest.mark.parametrize(
    ("policy", "destroyed"),
    [
        (Policy(), 11),
        (Policy(profile="fast"), 10),
        (Policy(min_score=0.9), 2),
        (Policy(keep_regions=(Region(x1=0, y1=0, x2=1, y2=1),)), 0),
        (Policy(size_limits=SizeLimits(min_side=30, unit=Unit.PIXEL)), 5),
    ],
)
def test_it_follows_scores_regions_and_sizes(policy: Policy, destroyed: int) -> None:
    assert redacted_sample(policy)[1] == destroyed


def test_a_region_to_destroy_changes_the_sample() -> None:
    shown, _ = redacted_sample(Policy(always_regions=(Region(x1=0.9, y1=0.9, x2=1, y2=1),)))
    usual, _ = redacted_sample(Policy())
    assert (shown != usual).any() and (shown[:500] == usual[:500]).all()
