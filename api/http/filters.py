"""Filters that several endpoints share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Depends, Query

from api.dependencies import Who
from api.http.problems import ApiProblem
from api.visibility import listed_owner
from blurline.contract import ImageState, Time
from blurline.policy.profile import ProfileName

LabelFilter = Annotated[
    list[str] | None, Query(max_length=20, description="A label as `name:value`. Repeat it to require several labels.")
]
OwnerFilter = Annotated[str | None, Query(max_length=512, description="For reviewers and operators.")]
ModelFilter = Annotated[
    str | None,
    Query(min_length=1, max_length=64, description="The SHA-256 of the model that made the current result."),
]
ReleaseFilter = Annotated[
    str | None,
    Query(min_length=1, max_length=64, description="The Blurline release that made the current result, as in `0.2.0`."),
]

_DEFAULT_RANGE = timedelta(days=30)


def parse_labels(given: list[str] | None) -> dict[str, str] | None:
    """The labels of a filter, by name. Raises ApiProblem."""
    if given is None:
        return None
    pairs = [each.partition(":") for each in given]
    if not all(colon for _, colon, _ in pairs):
        raise ApiProblem("invalid_request", "A label filter must have the form `name:value`.")
    return {name: value for name, _, value in pairs}


@dataclass(frozen=True, slots=True)
class ImageSelection:
    """A filter of images, submitted from ``since`` up to ``until``. A field that is None does not restrict."""

    since: datetime
    until: datetime
    owner: str | None
    profile: str | None
    state: str | None
    labels: dict[str, str] | None
    model_sha256: str | None
    made_by_version: str | None


def _selection(
    who: Who,
    since: Annotated[Time | None, Query(description="30 days before `until` when absent.")] = None,
    until: Annotated[Time | None, Query(description="Now when absent.")] = None,
    owner: OwnerFilter = None,
    profile: ProfileName | None = None,
    state: ImageState | None = None,
    label: LabelFilter = None,
    model_sha256: ModelFilter = None,
    made_by_version: ReleaseFilter = None,
) -> ImageSelection:
    until = until or datetime.now(UTC)
    if since is None:
        since = max(until, datetime.min.replace(tzinfo=until.tzinfo) + _DEFAULT_RANGE) - _DEFAULT_RANGE
    labels = parse_labels(label)
    return ImageSelection(since, until, listed_owner(who, owner), profile, state, labels, model_sha256, made_by_version)


SelectedImages = Annotated[ImageSelection, Depends(_selection)]
