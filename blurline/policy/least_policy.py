"""The least policy: what the installation's settings demand of every policy.

A request that sets a field to less is refused (`check_asked`). Fields from a default, a preset or a stored policy are
raised (`at_least`): when a policy is resolved, and once more by the worker.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from blurline.detected_class import FACE
from blurline.errors import PermanentError
from blurline.policy.metadata_policy import MetadataPolicy
from blurline.policy.policy import Policy, Review, Style
from blurline.policy.profile import PROFILES, ProfileName
from blurline.settings import Settings

_REVIEWS, _PROFILES, _METADATA = tuple(Review), tuple(ProfileName), tuple(MetadataPolicy)  # from the least to the most

_VARIABLES = {
    "review": "BLURLINE_LEAST_REVIEW",
    "max_doubt": "BLURLINE_HIGHEST_MAX_DOUBT",
    "reviewers": "BLURLINE_LEAST_REVIEWERS",
    "profile": "BLURLINE_LEAST_PROFILE",
    "min_score": "BLURLINE_HIGHEST_MIN_SCORE",
    "padding": "BLURLINE_LEAST_PADDING",
    "style": "BLURLINE_ALLOWED_STYLES",
    "cells_per_face": "BLURLINE_MOST_CELLS_PER_FACE",
    "keep_regions": "BLURLINE_ALLOW_KEEP_REGIONS",
    "size_limits": "BLURLINE_ALLOW_SIZE_LIMITS",
    "classes": "BLURLINE_REQUIRED_CLASSES",
    "other_classes": "BLURLINE_DETECTORS",
    "metadata": "BLURLINE_MOST_METADATA",
}
"""The fields that the installation can limit, and the setting of each."""


class PolicyBelowLeast(PermanentError):
    """A request asks for less than the installation demands of every policy."""

    code = "policy_below_least"


class UnknownClass(PermanentError):
    """A request names a class that no detector of this installation finds."""

    code = "unknown_class"


def resolve(base: Policy, asked: Policy, settings: Settings) -> Policy:
    """Return ``base`` with the fields that ``asked`` sets, raised to the least policy.

    Raises PolicyBelowLeast when ``asked`` sets a field to less, UnknownClass when it names an unknown class, and
    ValidationError when the fields do not go together.
    """
    check_asked(asked, settings)
    return at_least(Policy.model_validate(base.model_dump() | asked.model_dump(exclude_unset=True)), settings)


def check_asked(asked: Policy, settings: Settings) -> None:
    """Raise PolicyBelowLeast when a field that ``asked`` sets is less than the least policy, and UnknownClass when it
    names a class that no detector finds. Null asks for nothing."""
    check_classes(asked.classes_destroyed, settings)
    for name, value in _raised(asked, settings).items():
        given = getattr(asked, name)
        if name in asked.model_fields_set and given is not None and given != value:
            demand = _demand(_VARIABLES[name], settings)
            raise PolicyBelowLeast(
                f"This installation does not allow the policy's `{name}` ({_shown(given)}): {demand}. "
                "Change the field, or leave it out."
            )


def check_classes(names: Iterable[str], settings: Settings) -> None:
    """Raise UnknownClass when one of the classes is neither the face nor found by a detector of BLURLINE_DETECTORS."""
    known = (FACE, *settings.detector.other_classes)
    unknown = sorted(set(names).difference(known))
    if unknown:
        raise UnknownClass(
            f"No detector of this installation finds the class {unknown[0]!r}; it knows {', '.join(known)}. "
            "Name one of these, or ask the operator to add a detector to BLURLINE_DETECTORS."
        )


def at_least(policy: Policy, settings: Settings) -> Policy:
    """Return the policy, with every field raised to the least policy."""
    return policy.model_copy(update=dict(_raised(policy, settings)))


def is_looser(policy: Policy, than: Policy, settings: Settings) -> bool:
    """Whether ``policy`` may find or destroy less than another policy. What they say of reviews does not count."""
    return (
        _PROFILES.index(policy.profile) < _PROFILES.index(than.profile)
        or _threshold(policy, settings) > _threshold(than, settings)
        or policy.padding < than.padding
        or policy.cells_per_face > than.cells_per_face
        or not set(than.classes) <= set(policy.classes)
        or not set(than.classes_destroyed) <= set(policy.classes_destroyed)
        or not set(than.always_regions) <= set(policy.always_regions)
        or not set(policy.keep_regions) <= set(than.keep_regions)
        or (policy.size_limits is not None and policy.size_limits != than.size_limits)
    )


def _raised(policy: Policy, settings: Settings) -> Mapping[str, Any]:
    """The value of each limited field of the policy, raised."""
    least = settings.least_policy
    styles = tuple(map(Style, least.allowed_styles)) or tuple(Style)
    preferred = (policy.style, Policy().style, styles[0])
    style = next(style for style in preferred if style in styles)
    highest = least.highest_min_score
    is_above = highest is not None and _threshold(policy, settings) > highest
    return {
        "review": max(policy.review, Review(least.least_review), key=_REVIEWS.index),
        "max_doubt": min(policy.max_doubt, least.highest_max_doubt),
        "reviewers": policy.reviewers if policy.approvals >= least.least_reviewers else least.least_reviewers,
        "profile": max(policy.profile, ProfileName(least.least_profile), key=_PROFILES.index),
        "min_score": highest if is_above else policy.min_score,
        "padding": max(policy.padding, least.least_padding),
        "style": style,
        "cells_per_face": min(policy.cells_per_face, least.most_cells_per_face),
        "keep_regions": policy.keep_regions if least.allow_keep_regions else (),
        "size_limits": policy.size_limits if least.allow_size_limits else None,
        "classes": (*policy.classes, *(each for each in least.required_classes if each not in policy.classes)),
        "other_classes": _raised_classes(policy, style, styles, settings.detector.required_classes),
        "metadata": min(policy.metadata, MetadataPolicy(least.most_metadata), key=_METADATA.index),
    }


def _raised_classes(
    policy: Policy, style: Style, styles: Sequence[Style], required: Sequence[str]
) -> dict[str, Style] | None:
    """The policy's other classes and those that belong to every policy; ``style`` replaces styles not allowed."""
    given = policy.classes_destroyed
    raised = {name: each if each in styles else style for name, each in given.items()}
    raised |= {name: style for name in required if name not in given}
    return raised if raised or policy.other_classes is not None else None


def _demand(variable: str, settings: Settings) -> str:
    """What the setting demands of every policy."""
    if variable == _VARIABLES["other_classes"]:
        styles = _shown(settings.least_policy.allowed_styles or tuple(Style))
        required = _shown(settings.detector.required_classes) or "no other class"
        return f"by {variable}, every policy destroys {required}, and the allowed styles are {styles}"
    limit = getattr(settings.least_policy, variable.removeprefix("BLURLINE_").lower())
    return f"its setting {variable} is {_shown(limit)}"


def _threshold(policy: Policy, settings: Settings) -> float:
    """The score from which the policy destroys a face."""
    if policy.min_score is not None:
        return policy.min_score
    own = settings.detector
    return PROFILES[policy.profile].threshold if own.model_file is None else own.model_threshold


def _shown(value: Any) -> str:
    """A field's value as in JSON, without what makes a list of regions long."""
    if isinstance(value, dict):
        return ", ".join(f"{name}: {each}" for name, each in value.items()) or "none"
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) if all(isinstance(each, (str, int)) for each in value) else f"{len(value)}"
    return str(value).lower() if isinstance(value, bool) else str(value)
