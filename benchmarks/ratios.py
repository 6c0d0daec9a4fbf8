"""Ratios of slices that alternate (A B A B …), so that noise of the machine affects both sides equally."""

from __future__ import annotations

import os
import statistics
from collections.abc import Iterable
from typing import Any


def of_slices(ratios: Iterable[float]) -> dict[str, Any]:
    """The median of the ratios of slices, their quartiles, what both say, and the load of the machine."""
    low, median, high = (round(each, 2) for each in statistics.quantiles(ratios))
    return {
        "times_as_fast": median,
        "quartiles": [low, high],
        "claim": claim(median, low, high),
        "load": [round(each, 1) for each in os.getloadavg()],
    }


def claim(times_as_fast: float, low: float, high: float) -> str:
    """What a median with its quartiles says; nothing if they lie further apart than it is from 1."""
    return "too uncertain" if high - low > abs(times_as_fast - 1) else f"{times_as_fast} times as fast"
