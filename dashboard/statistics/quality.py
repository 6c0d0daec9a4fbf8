"""The section on reviews: the queue, the decisions, and the detector's quality estimated from them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import streamlit as st

from blurline.client import Chosen
from blurline.contract.statistics import DetectorQuality
from dashboard.access.session import client
from dashboard.states import counted, duration
from dashboard.statistics.charts import bin_names, interval_bar, intervals, side_by_side
from dashboard.statistics.headline import metric


def quality(chosen: Chosen, columns: int) -> None:
    """Show the review queue, the decisions, and the detector's quality estimated from them."""
    statistics = client().statistics
    with ThreadPoolExecutor() as threads:
        judged, load = threads.submit(statistics.quality, chosen), statistics.review_load(chosen)
    found = judged.result()
    by_kind = {each.kind: each for each in load.decisions}
    total = sum(each.decisions for each in load.decisions)
    with st.container(horizontal=True):
        metric("For review now", f"{load.held:,}", "Images that wait for a reviewer")
        metric("Decisions", f"{total:,}", "On the selected images")
        for kind in ("approved", "corrected", "rejected"):
            known = by_kind.get(kind)
            waited = known.median_wait_minutes if known else None
            how_long = f"Median wait: {duration(waited * 60)}" if waited is not None else "None yet"
            metric(kind.capitalize(), f"{known.decisions if known else 0:,}", how_long)
    if not found.images:
        st.info(
            "No reviewer has approved or corrected a selected image, so the detector's quality is unknown.",
            icon=":material/query_stats:",
        )
        return
    st.markdown(
        f"Of {counted(found.images, 'reviewed image')}: recall **{_share(found.overall, 'recall')}**, "
        f"precision **{_share(found.overall, 'precision')}**."
    )
    names = bin_names([size.to_px for size in found.by_size if size.to_px is not None])
    left, right = side_by_side(columns)
    for column, figure, note in (
        (left, "recall", "Share of the faces seen by reviewers that the detector found."),
        (right, "precision", "Share of the boxes destroyed by the detector that reviewers confirmed as faces."),
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
            "Most reviewed images are doubtful ones, so expect better values over all images. Faces that reviewers "
            "overlooked do not count as missed. The state filter does not apply to this section."
        )


def _share(quality: DetectorQuality, figure: str) -> str:
    known = quality.recall if figure == "recall" else quality.precision
    if known.share is None:
        return "unknown"
    return f"{known.share:.1%} ({known.low:.1%} to {known.high:.1%}, of {known.of:,})"
