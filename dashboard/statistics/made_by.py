"""The releases and the models that made results, as choices of filters and comparisons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

from blurline.client import Chosen
from dashboard.access.session import client

_EVER = Chosen(since=datetime.fromtimestamp(0, UTC))
_HASH_DIGITS = 8


@dataclass(frozen=True, slots=True)
class MadeBy:
    """The releases, newest first, and the names of the models by their SHA-256, the most used first."""

    releases: Sequence[str]
    models: Mapping[str, str]


def list_made_by() -> MadeBy:
    """The releases and models of all current results that the user can view."""
    statistics = client().statistics
    with ThreadPoolExecutor() as threads:
        models, releases = threads.submit(statistics.models, _EVER), statistics.releases(_EVER)
    return MadeBy(
        [each.made_by_version for each in releases.releases],
        {each.sha256: f"{each.name} ({each.sha256[:_HASH_DIGITS]})" for each in models.result().models},
    )
