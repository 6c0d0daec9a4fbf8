"""The confidence interval of a proportion."""

from __future__ import annotations

from math import sqrt

_Z = 1.959963984540054  # 95 %


def wilson(hits: int, trials: int) -> tuple[float, float]:
    """The 95 % confidence interval of a proportion (Wilson, 1927), accurate also for few trials and near 0 and 1.

    Assumes independent trials. Without trials the interval is (0, 1).
    """
    if trials == 0:
        return 0.0, 1.0
    share = hits / trials
    middle = (share + _Z**2 / (2 * trials)) / (1 + _Z**2 / trials)
    half = _Z / (1 + _Z**2 / trials) * sqrt(share * (1 - share) / trials + _Z**2 / (4 * trials**2))
    return max(0.0, middle - half), min(1.0, middle + half)
