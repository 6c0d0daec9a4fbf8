"""Charts for light and dark themes, each with a note on what it counts.

They are Vega-Lite specifications, because importing Altair takes longer than all pages together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pandas
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from blurline.client import Chosen
from blurline.contract.statistics import Histogram, Interval, Point, Proportion
from dashboard.states import IMAGE_STATES
from dashboard.tables import frame, pivot

_HEIGHT_PX = 320
_BAR = "#4f83cc"
_NAMES = {"labelAngle": -40, "labelOverlap": False, "labelLimit": 140}
_DATA = "rows"
_STEP_MS = {Interval.HOUR: 3_600_000, Interval.DAY: 86_400_000}
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
    """One bar of a chart, or one point with its interval."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    of: int | None = None


def side_by_side(columns: int) -> tuple[DeltaGenerator, DeltaGenerator]:
    """The places for the left and the right charts: two columns, or one column for both."""
    made = st.columns(columns)
    return made[0], made[-1]


def over_time(title: str, points: Sequence[Point], figure: str, interval: Interval, within: Chosen, note: str) -> None:
    """Show stacked bars of ``figure`` (images or faces) by state, over the whole time range."""
    rows = [
        {"start": point.start.isoformat(), "State": IMAGE_STATES[point.state].word, "count": getattr(point, figure)}
        for point in points
    ]
    present = {point.state for point in points}
    words = {badge.word: _COLOURS[state] for state, badge in IMAGE_STATES.items() if state in present}
    when = _field("start", "temporal", timeUnit=f"utcyearmonthdate{'hours' if interval is Interval.HOUR else ''}")
    scale = {"type": "utc", "domain": [each and each.isoformat() for each in (within.since, within.until)]}
    axis = {"format": "%b %-d" if interval is Interval.DAY else "%b %-d, %H:%M", "tickMinStep": _STEP_MS[interval]}
    how_many = _field("count", "quantitative", aggregate="sum", title=figure.capitalize(), axis={"tickMinStep": 1})
    colours = {"domain": list(words), "range": list(words.values())}
    chart = {
        "mark": "bar",
        "encoding": {
            "x": when | {"title": f"Time (UTC), by {interval}", "scale": scale, "axis": axis | {"labelOverlap": True}},
            "y": how_many,
            "color": _field("State", "nominal", scale=colours, legend={"orient": "top", "title": None}),
            "tooltip": [when | {"title": "From"}, _field("State", "nominal"), how_many | {"format": ","}],
        },
    }
    table = pivot(rows, "start", "State", "count").rename(columns={"start": "From (UTC)"}) if rows else None
    _show(title, chart, rows, note, table)


def histogram(title: str, given: Histogram, counted: str, note: str, factor: float = 1, unit: str = "") -> None:
    """Show a histogram. Its edges are multiplied by ``factor`` and labelled in ``unit``."""
    names = bin_names([edge * factor for edge in given.edges], are_counts=given.unit == "faces")
    shown = [Bar(name, count) for name, count in zip(names, given.counts, strict=True)]
    bars(title, shown, unit or given.unit, counted, note)


def bars(title: str, given: Sequence[Bar], x: str, y: str, note: str) -> None:
    """Show bars in the given order."""
    rows = [{"name": bar.name, "value": bar.value} for bar in given]
    name, value = _field("name", "nominal", title=x), _field("value", "quantitative", title=y)
    chart = {
        "mark": {"type": "bar", "color": _BAR},
        "encoding": {
            "x": name | {"sort": [bar.name for bar in given], "axis": _NAMES},
            "y": value,
            "tooltip": [name, value | {"format": ",.4~g"}],
        },
    }
    is_empty = not any(bar.value for bar in given)
    _show(title, chart, rows, note, None if is_empty else frame(rows, {"name": x, "value": y}))


def intervals(title: str, given: Sequence[Bar], x: str, y: str, note: str) -> None:
    """Show points from 0 to 1 with their confidence intervals."""
    rows = [{"name": bar.name, "value": bar.value, "low": bar.low, "high": bar.high, "of": bar.of} for bar in given]
    name, scale, percent = _field("name", "nominal", title=x), {"domain": [0, 1]}, {"format": ".1%"}
    tooltip = [
        name,
        _field("value", "quantitative", title=y) | percent,
        _field("low", "quantitative", title="95 % from") | percent,
        _field("high", "quantitative", title="95 % to") | percent,
        _field("of", "quantitative", title="of", format=","),
    ]
    low = _field("low", "quantitative", title=y, scale=scale, axis={"format": "%"})
    chart = {
        "encoding": {"x": name | {"sort": [bar.name for bar in given], "axis": _NAMES}, "tooltip": tooltip},
        "layer": [
            {
                "mark": {"type": "rule", "strokeWidth": 2, "color": _BAR},
                "encoding": {"y": low, "y2": {"field": "high"}},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 90, "color": _BAR, "opacity": 1},
                "encoding": {"y": _field("value", "quantitative", scale=scale)},
            },
        ],
    }
    names = {"name": x, "value": y, "low": "95 % from", "high": "95 % to", "of": "of"}
    _show(title, chart, rows, note, frame(rows, names) if rows else None)


def interval_bar(name: str, share: Proportion) -> Bar | None:
    """The bar of a share for `intervals`; None if the share is unknown."""
    return None if share.share is None else Bar(name, share.share, share.low, share.high, share.of)


def bin_names(edges: Sequence[float], *, are_counts: bool = False) -> list[str]:
    """The names of the bins between these edges. With ``are_counts``, a bin is named by the counts in it."""
    if are_counts:
        between = [f"{low:g}" if high - low <= 1 else f"{low:g}-{high - 1:g}" for low, high in pairwise([0.0, *edges])]
        return [*between, f"{edges[-1]:g}+"]
    return [f"< {edges[0]:g}", *(f"{low:g}-{high:g}" for low, high in pairwise(edges)), f"≥ {edges[-1]:g}"]


def _field(name: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"field": name, "type": kind, **more}


def _show(
    title: str,
    chart: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    note: str,
    table: pandas.DataFrame | None,
) -> None:
    """Show the chart with its table; without a table, that there is nothing."""
    with st.container(border=True):
        st.markdown(f"**{title}**")
        if table is None:
            st.info("The selected images have no such data.", icon=":material/query_stats:")
        else:
            data = {"datasets": {_DATA: rows}, "data": {"name": _DATA}}
            st.vega_lite_chart({**data, **chart, "height": _HEIGHT_PX})
            with st.expander("Table", icon=":material/table:"):
                st.dataframe(table, hide_index=True)
        st.caption(note)
