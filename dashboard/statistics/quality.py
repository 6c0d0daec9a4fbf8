"""The section on reviews: what there is to do, what was decided, and what that says of the detector."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import streamlit as st

from blurline.client import Chosen
from blurline.contract.figures import DetectorQuality
from dashboard.access.session import client
from dashboard.states import counted, duration
from dashboard.statistics.charts import bin_names, interval_bar, intervals
from dashboard.statistics.headline import metric


def quality(chosen: Chosen) -> None:
    """What reviewers have to do and have done, and what that says of the detector."""
    figures = client().figures
    with ThreadPoolExecutor() as threads:
        judged, load = threads.submit(figures.quality, chosen), figures.review_load(chosen)
    found = judged.result()
    by_kind = {each.kind: each for each in load.decisions}
    total = sum(each.decisions for each in load.decisions)
    with st.container(horizontal=True):
        metric("Held now", f"{load.held:,}", "Images that wait for a reviewer")
        metric("Decisions", f"{total:,}", "On the chosen images")
        for kind in ("approved", "corrected", "rejected"):
            known = by_kind.get(kind)
            waited = known.median_wait_minutes if known else None
            how_long = f"Held for {duration(waited * 60)} (median)" if waited is not None else "None yet"
            metric(kind.capitalize(), f"{known.decisions if known else 0:,}", how_long)
    if not found.images:
        st.info(
            "No reviewer has approved or corrected any of the chosen images, so nothing is known of the detector here.",
            icon=":material/query_stats:",
        )
        return
    st.markdown(
        f"Of {counted(found.images, 'reviewed image')}: recall **{_share(found.overall, 'recall')}**, "
        f"precision **{_share(found.overall, 'precision')}**."
    )
    names = bin_names([size.to_px for size in found.by_size if size.to_px is not None])
    left, right = st.columns(2)
    for column, figure, note in (
        (left, "recall", "Share of the faces that reviewers saw which the detector had found."),
        (right, "precision", "Share of the boxes that the detector destroyed which reviewers left as faces."),
    ):
        with column:
            sizes = [interval_bar(name, getattr(size, figure)) for name, size in zip(names, found.by_size, strict=True)]
            intervals(
                f"{figure.capitalize()} by face size",
                [bar for bar in sizes if bar],
                "Longer side (px)",
                figure.capitalize(),
                f"{note} Lines are 95 % confidence intervals (Wilson).",
            )
    with st.container(border=True):
        st.markdown("**By profile**")
        st.dataframe(
            [
                {
                    "Profile": each.profile,
                    "Images": each.images,
                    "Found": each.found,
                    "Missed": each.missed,
                    "False": each.mistaken,
                    "Recall": _share(each, "recall"),
                    "Precision": _share(each, "precision"),
                }
                for each in found.by_profile
            ],
            hide_index=True,
        )
        st.caption(
            "Reviewed images are mostly doubtful ones: expect both figures to be better for all images together. "
            "What a reviewer overlooked counts as found. The filter of states does not apply to this page."
        )


def _share(quality: DetectorQuality, figure: str) -> str:
    known = quality.recall if figure == "recall" else quality.precision
    if known.share is None:
        return "unknown"
    return f"{known.share:.1%} ({known.low:.1%} to {known.high:.1%}, of {known.of:,})"
