"""How long a job's parts are kept: a field for each, with what the installation allows."""

from __future__ import annotations

import streamlit as st

from blurline.contract import JobRetention

_FIELDS = {
    "originals_days": ("Originals", "Days after an image was last settled."),
    "results_days": ("Results", "Days after an image was last settled."),
    "rows_days": ("The whole job", "Days after its last image was settled. Then the job is deleted."),
    "audit_days": ("Deletion records", "Days after the deletion."),
}
_MOST_DAYS = 36_500.0


def retention_form(allowed: JobRetention, key: str) -> dict[str, float]:
    """Show the fields. Return the days that were filled in."""
    given: dict[str, float] = {}
    for column, (name, (title, meaning)) in zip(st.columns(len(_FIELDS), gap="medium"), _FIELDS.items(), strict=True):
        most: float | None = getattr(allowed, name)
        with column:
            days = st.number_input(
                f"{title} (days, 0 to {_MOST_DAYS if most is None else most:g})",
                0.0,
                _MOST_DAYS if most is None else most,
                None,
                1.0,
                format="%g",
                key=f"{key}-{name}",
                help=f"{meaning} Leave it empty to keep the installation's time.",
                placeholder="Until deleted" if most is None else f"{most:g}",
            )
        if days is not None:
            given[name] = days
    return given
