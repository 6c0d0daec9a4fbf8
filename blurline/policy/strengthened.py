"""The policy of the second attempt at a result that failed its check: less of each face is left, and more around it
is destroyed."""

from __future__ import annotations

from collections.abc import Collection

from blurline.policy.policy import Policy, Style

STRENGTHENED_FIELDS = {"style", "cells_per_face", "padding"}
"""The fields that may differ in a strengthened policy."""

_PADDING = 0.6


def strengthened(policy: Policy, allowed_styles: Collection[str] = ()) -> Policy | None:
    """Return the policy with its strongest allowed style, or None if it cannot be strengthened.

    ``allowed_styles``: as in the settings; empty for all.
    """
    style = Style.SOLID if not allowed_styles or Style.SOLID in allowed_styles else policy.style
    padding = max(policy.padding, _PADDING)
    stronger = policy.model_copy(update={"style": style, "cells_per_face": 1, "padding": padding})
    return None if stronger == policy else stronger
