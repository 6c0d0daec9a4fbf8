"""The least policy: what the installation's settings demand of every policy."""

from __future__ import annotations

import json
from typing import Any

import pytest

from blurline.policy import Policy
from blurline.policy.least_policy import PolicyBelowLeast, UnknownClass, at_least, check_asked, is_looser, resolve
from blurline.policy.presets import PRESETS
from blurline.settings import Settings

REGION = {"x1": 0, "y1": 0, "x2": 0.5, "y2": 1}

_DETECTORS = json.dumps(
    [
        {"name": "plates", "file": "plates.onnx", "classes": {"0": "plate"}, "policies": "all"},
        {"name": "signs", "file": "signs.onnx", "classes": {"0": "sign"}},
    ]
)

LIMITS: list[tuple[str, Any, str, Any, Any]] = [
    ("LEAST_REVIEW", "doubtful", "review", "never", "doubtful"),
    ("LEAST_REVIEW", "always", "review", "doubtful", "always"),
    ("HIGHEST_MAX_DOUBT", "0.4", "max_doubt", 0.5, 0.4),
    ("LEAST_REVIEWERS", "2", "reviewers", 1, 2),
    ("LEAST_PROFILE", "standard", "profile", "fast", "standard"),
    ("HIGHEST_MIN_SCORE", "0.25", "min_score", 0.9, 0.25),
    ("LEAST_PADDING", "0.5", "padding", 0.3, 0.5),
    ("ALLOWED_STYLES", "solid,emoji", "style", "blur", "solid"),
    ("MOST_CELLS_PER_FACE", "3", "cells_per_face", 4, 3),
    ("ALLOW_KEEP_REGIONS", "false", "keep_regions", [REGION], []),
    ("ALLOW_SIZE_LIMITS", "false", "size_limits", {"min_side": 0.1}, None),
    ("REQUIRED_CLASSES", "0,2", "classes", [1, 2], [1, 2, 0]),
    ("DETECTORS", _DETECTORS, "other_classes", {}, {"plate": "pixelate"}),
    ("DETECTORS", _DETECTORS, "other_classes", {"sign": "blur"}, {"sign": "blur", "plate": "pixelate"}),
    ("MOST_METADATA", "safe", "metadata", "mapping", "safe"),
]
"""A setting and its value, a field and a value that is less, and the value that it is raised to."""


def settings_of(name: str, value: Any) -> Settings:
    return Settings.of({f"BLURLINE_{name}": value})


@pytest.mark.parametrize(("name", "limit", "field", "less", "raised"), LIMITS)
def test_what_a_request_asks_for_is_refused_and_everything_else_is_raised(
    name: str, limit: Any, field: str, less: Any, raised: Any
) -> None:
    settings, policy = settings_of(name, limit), Policy.model_validate_json(json.dumps({field: less}))
    with pytest.raises(PolicyBelowLeast, match=f"`{field}`.*BLURLINE_{name}.*leave it out"):
        check_asked(policy, settings)
    with pytest.raises(PolicyBelowLeast):
        resolve(Policy(), policy, settings)
    stored = at_least(policy, settings).model_dump(mode="json")
    assert stored == policy.model_dump(mode="json") | {field: raised}
    assert resolve(policy, Policy(), settings).model_dump(mode="json") == stored
    check_asked(Policy.model_validate(stored), settings)


@pytest.mark.parametrize("base", [policy for _, policy in PRESETS.values()])
def test_without_settings_no_policy_changes_and_raising_twice_changes_nothing(base: Policy) -> None:
    assert at_least(base, Settings()) == base
    for name, limit, *_ in LIMITS:
        once = at_least(base, settings_of(name, limit))
        assert at_least(once, settings_of(name, limit)) == once
        assert not is_looser(once, base, Settings())


def test_every_field_that_can_leave_a_face_visible_has_a_limit() -> None:
    limited = {field for _, _, field, _, _ in LIMITS}
    assert set(Policy.model_fields) - limited == {"always_regions", "output_format", "exact"}


def test_the_threshold_of_the_profile_or_of_an_own_model_is_raised_too() -> None:
    settings = settings_of("HIGHEST_MIN_SCORE", "0.4")
    assert at_least(Policy(), settings).min_score is None
    assert at_least(Policy.model_validate({"profile": "fast"}), settings).min_score == 0.4
    check_asked(Policy(min_score=None), settings)
    own = settings.replace(model_file="own.onnx", model_threshold=0.6)
    assert at_least(Policy(), own).min_score == 0.4


@pytest.mark.parametrize(
    ("change", "looser"),
    [
        ({"profile": "fast"}, True),
        ({"profile": "thorough"}, False),
        ({"min_score": 0.5}, True),
        ({"min_score": 0.2}, False),
        ({"padding": 0.3}, True),
        ({"cells_per_face": 6}, True),
        ({"classes": (1,)}, True),
        ({"classes": (0, 1)}, False),
        ({"other_classes": {"plate": "solid"}}, False),
        ({"keep_regions": [REGION]}, True),
        ({"always_regions": [REGION]}, False),
        ({"size_limits": {"min_side": 0.1}}, True),
        ({"style": "solid", "review": "never", "max_doubt": 1.0}, False),
    ],
)
def test_a_policy_is_looser_when_it_may_find_or_destroy_less(change: dict[str, Any], looser: bool) -> None:
    policy = Policy.model_validate(change)
    assert is_looser(policy, Policy(), Settings()) is looser
    if "always_regions" in change:
        assert is_looser(Policy(), policy, Settings())


def test_a_policy_without_a_class_of_another_is_looser() -> None:
    both, one = ({"other_classes": dict.fromkeys(names, "solid")} for names in (("plate", "sign"), ("plate",)))
    assert is_looser(Policy.model_validate(one), Policy.model_validate(both), Settings())
    assert not is_looser(Policy.model_validate(both), Policy.model_validate(one), Settings())


def test_a_class_that_no_detector_finds_is_refused_with_the_known_ones() -> None:
    settings = settings_of("DETECTORS", _DETECTORS)
    unknown = Policy.model_validate({"other_classes": {"plate": "solid", "bird": "solid"}})
    with pytest.raises(UnknownClass, match=r"'bird'.*face, plate, sign.*BLURLINE_DETECTORS"):
        check_asked(unknown, settings)
    with pytest.raises(UnknownClass, match=r"it knows face\."):
        resolve(Policy(), unknown, Settings())


def test_classes_have_an_allowed_style_and_a_request_can_drop_those_it_may() -> None:
    settings = Settings.of({"BLURLINE_DETECTORS": _DETECTORS, "BLURLINE_ALLOWED_STYLES": "solid"})
    stored = Policy.model_validate({"other_classes": {"plate": "blur", "sign": "emoji"}})
    assert at_least(stored, settings).other_classes == {"plate": "solid", "sign": "solid"}
    with pytest.raises(PolicyBelowLeast, match="allowed styles are solid"):
        check_asked(stored, settings)
    fewer = Policy.model_validate({"other_classes": {"plate": "solid"}})
    assert resolve(stored, fewer, settings).other_classes == {"plate": "solid"}
    unlimited = settings_of("DETECTORS", _DETECTORS.replace("all", "named"))
    assert resolve(stored, Policy(other_classes={}), unlimited).other_classes == {}
    assert resolve(stored, Policy(other_classes=None), unlimited).other_classes == stored.other_classes


def test_a_policy_without_other_classes_is_stored_as_the_previous_release_reads_it() -> None:
    assert "other_classes" not in at_least(Policy(), Settings()).model_dump(mode="json")
    assert Policy.model_validate(Policy().model_dump(mode="json")) == Policy()
