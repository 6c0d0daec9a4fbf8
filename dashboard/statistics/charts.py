"""Charts, readable in light and dark, each with a note under it on what it counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import altair as alt
import streamlit as st

from blurline.figures import Bucket, Histogram, Point, Proportion
from dashboard.states import IMAGE_STATES

_HEIGHT_PX = 320
_BAR = "#4f83cc"
_NAMES = alt.Axis(labelAngle=-40, labelOverlap=False, labelLimit=140)
_COLOURS = {
    "queued": "#9aa3b2",
    "processing": "#4f83cc",
    "published": "#3fa66b",
    "needs_review": "#e39a3c",
    "failed": "#d9534f",
    "deleted": "#6b7280",
}


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart, or one point with the interval around it."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    of: int | None = None


def over_time(title: str, points: Sequence[Point], figure: str, bucket: Bucket, note: str) -> None:
    """Stacked bars of ``figure`` (images or faces) by state."""
    rows = [
        {"start": point.start.isoformat(), "State": IMAGE_STATES[point.state].word, "count": getattr(point, figure)}
        for point in points
    ]
    present = {point.state for point in points}
    words = {look.word: _COLOURS[state] for state, look in IMAGE_STATES.items() if state in present}
    unit: Literal["utcyearmonthdatehours", "utcyearmonthdate"] = (
        "utcyearmonthdatehours" if bucket is Bucket.HOUR else "utcyearmonthdate"
    )
    chart = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_bar()
        .encode(
            x=alt.X("start:T", timeUnit=unit, title=f"Time (UTC), by {bucket}"),
            y=alt.Y("sum(count):Q", title=figure.capitalize()),
            color=alt.Color(
                "State:N",
                scale=alt.Scale(domain=list(words), range=list(words.values())),
                legend=alt.Legend(orient="top", title=None),
            ),
            tooltip=[
                alt.Tooltip("start:T", timeUnit=unit, title="From"),
                alt.Tooltip("State:N"),
                alt.Tooltip("sum(count):Q", title=figure.capitalize(), format=","),
            ],
        )
    )
    _show(title, chart, note, is_empty=not rows)


def histogram(title: str, given: Histogram, counted: str, note: str, factor: float = 1, unit: str = "") -> None:
    """Bars of a histogram; its edges are shown times ``factor``, in ``unit``."""
    names = bin_names([edge * factor for edge in given.edges], are_counts=given.unit == "faces")
    shown = [Bar(name, count) for name, count in zip(names, given.counts, strict=True)]
    bars(title, shown, unit or given.unit, counted, note)


def bars(title: str, given: Sequence[Bar], x: str, y: str, note: str) -> None:
    """Bars in the order in which they are given."""
    rows = [{"name": bar.name, "value": bar.value} for bar in given]
    chart = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_bar(color=_BAR)
        .encode(
            x=alt.X("name:N", sort=[bar.name for bar in given], title=x, axis=_NAMES),
            y=alt.Y("value:Q", title=y),
            tooltip=[alt.Tooltip("name:N", title=x), alt.Tooltip("value:Q", title=y, format=",.4~g")],
        )
    )
    _show(title, chart, note, is_empty=not any(bar.value for bar in given))


def intervals(title: str, given: Sequence[Bar], x: str, y: str, note: str) -> None:
    """Points from 0 to 1 with their confidence intervals."""
    rows = [{"name": bar.name, "value": bar.value, "low": bar.low, "high": bar.high, "of": bar.of} for bar in given]
    names = [bar.name for bar in given]
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        x=alt.X("name:N", sort=names, title=x, axis=_NAMES),
        tooltip=[
            alt.Tooltip("name:N", title=x),
            alt.Tooltip("value:Q", title=y, format=".1%"),
            alt.Tooltip("low:Q", title="95 % from", format=".1%"),
            alt.Tooltip("high:Q", title="95 % to", format=".1%"),
            alt.Tooltip("of:Q", title="of", format=","),
        ],
    )
    scale = alt.Scale(domain=[0, 1])
    whiskers = base.mark_rule(strokeWidth=2, color=_BAR).encode(
        y=alt.Y("low:Q", scale=scale, title=y, axis=alt.Axis(format="%")), y2="high:Q"
    )
    points = base.mark_point(filled=True, size=90, color=_BAR, opacity=1).encode(y=alt.Y("value:Q", scale=scale))
    _show(title, whiskers + points, note, is_empty=not rows)


def interval_bar(name: str, share: Proportion) -> Bar | None:
    """What `intervals` shows of a share; nothing where nothing is known."""
    return None if share.share is None else Bar(name, share.share, share.low, share.high, share.of)


def bin_names(edges: Sequence[float], *, are_counts: bool = False) -> list[str]:
    """What the bins between these edges are called; whole counts by those that they hold."""
    if are_counts:
        between = [f"{low:g}" if high - low <= 1 else f"{low:g}-{high - 1:g}" for low, high in pairwise([0.0, *edges])]
        return [*between, f"{edges[-1]:g}+"]
    return [f"< {edges[0]:g}", *(f"{low:g}-{high:g}" for low, high in pairwise(edges)), f"≥ {edges[-1]:g}"]


def _show(title: str, chart: alt.Chart | alt.LayerChart, note: str, *, is_empty: bool) -> None:
    with st.container(border=True):
        st.markdown(f"**{title}**")
        if is_empty:
            st.info("Nothing of this in the chosen images.", icon=":material/query_stats:")
        else:
            st.altair_chart(chart.properties(height=_HEIGHT_PX))
        st.caption(note)
