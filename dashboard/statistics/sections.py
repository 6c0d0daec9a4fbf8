"""The sections of the page Statistics. Each requests only the data that it shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import streamlit as st

from blurline.client import Chosen
from blurline.contract.statistics import Durations, FigureName, Interval, Point
from dashboard.access.session import client
from dashboard.jobs.error_advice import meaning
from dashboard.states import IMAGE_STATES, ago, counted
from dashboard.statistics.charts import Bar, bars, histogram, over_time, side_by_side
from dashboard.statistics.headline import mean_time, metric
from dashboard.statistics.quality import quality
from dashboard.tables import frame

_NO_RESULT = "None of the selected images has a result."
_BY_HOUR = timedelta(days=3)
_OF_FACES = (
    FigureName.FACES_PER_IMAGE,
    FigureName.FACE_SCORES,
    FigureName.CANDIDATE_SCORES,
    FigureName.FACE_SIZES,
    FigureName.FACE_SHARES,
)
_OF_TIMES = (FigureName.WAITS, FigureName.PROCESSING_TIMES, FigureName.TURNAROUNDS)
_STAGES = {
    "download": "Download and open",
    "resize": "Prepare",
    "detect": "Detect",
    "nms": "Merge",
    "blur": "Destroy and check",
    "upload": "Store",
}


def overview(chosen: Chosen, columns: int) -> None:
    """Show images and faces by time and state, in up to two columns, as every section."""
    statistics, interval = client().statistics, _interval(chosen)
    with ThreadPoolExecutor() as threads:
        mean_times = threads.submit(statistics.durations, chosen)
        points = statistics.timeline(chosen, interval).points
        _numbers(points, mean_times.result())
    over_time(
        "Images by time of submission",
        points,
        "images",
        interval,
        chosen,
        "Every image that is not deleted, by its current state.",
    )
    left, right = side_by_side(columns)
    with left:
        over_time(
            "Faces", points, "faces", interval, chosen, "Faces destroyed in their latest results, rejected or not."
        )
    with right:
        over_time(
            "Throughput",
            statistics.throughput(chosen, interval).points,
            "images",
            interval,
            chosen,
            "Images by the time at which they first finished. Re-runs do not count.",
        )


def faces(chosen: Chosen, columns: int) -> None:
    """Show the number, size and score of faces."""
    with ThreadPoolExecutor() as threads:
        asked = {figure: threads.submit(client().statistics.histogram, figure, chosen) for figure in _OF_FACES}
    found = {figure: each.result() for figure, each in asked.items()}
    left, right = side_by_side(columns)
    with left:
        histogram(
            "Faces per image",
            found[FigureName.FACES_PER_IMAGE],
            "Images",
            "Images with a result, by the number of destroyed faces.",
        )
        histogram(
            "Scores of destroyed boxes",
            found[FigureName.FACE_SCORES],
            "Boxes",
            "By the detector's score. A box drawn by a reviewer has the score 1.",
        )
        histogram(
            "Scores of candidates not destroyed",
            found[FigureName.CANDIDATE_SCORES],
            "Boxes",
            "Candidates below the threshold, and those excluded by the policy or a reviewer.",
        )
    with right:
        histogram(
            "Face sizes",
            found[FigureName.FACE_SIZES],
            "Faces",
            "Longer side of each destroyed box, in pixels of the upright photograph.",
        )
        histogram(
            "Face sizes within the picture",
            found[FigureName.FACE_SHARES],
            "Faces",
            "Longer side of each destroyed box as a share of the picture's longer side.",
            factor=100,
            unit="%",
        )


def speed(chosen: Chosen, columns: int) -> None:
    """Show how long processing takes, and what waits now."""
    statistics = client().statistics
    with ThreadPoolExecutor() as threads:
        asked = {figure: threads.submit(statistics.histogram, figure, chosen) for figure in _OF_TIMES}
        mean_times, waiting = threads.submit(statistics.durations, chosen), threads.submit(statistics.queue, chosen)
    durations, queue = mean_times.result(), waiting.result()
    found = {figure: each.result() for figure, each in asked.items()}
    with st.container(horizontal=True):
        metric("Waiting now", f"{queue.queued.images:,}", "Regardless of the time range")
        metric("Oldest", ago(queue.queued.oldest_at) if queue.queued.oldest_at else "none", "Oldest waiting image")
        metric("Processing now", f"{queue.processing.images:,}", "Regardless of the time range")
        metric("Mean wait", mean_time(durations.wait), f"Of {counted(durations.wait.images, 'image')}")
        metric(
            "Mean processing", mean_time(durations.processing), f"Of {counted(durations.processing.images, 'image')}"
        )
    left, right = side_by_side(columns)
    with left:
        stages = [Bar(_STAGES.get(stage, stage), (time.mean_s or 0) * 1000) for stage, time in durations.stages.items()]
        staged = next(iter(durations.stages.values())).images if durations.stages else 0
        bars(
            "Processing by stage",
            stages,
            "Stage",
            "Mean ms",
            f"Mean processing time of the current result, over {counted(staged, 'image')}.",
        )
        histogram(
            "Waiting",
            found[FigureName.WAITS],
            "Images",
            "From submission to the first start, in seconds.",
        )
    with right:
        histogram(
            "Processing time",
            found[FigureName.PROCESSING_TIMES],
            "Images",
            "All stages of the current result, in milliseconds.",
        )
        histogram(
            "Turnaround",
            found[FigureName.TURNAROUNDS],
            "Images",
            "From submission until first published, for review or failed, in seconds.",
        )


def failures(chosen: Chosen, columns: int) -> None:
    """Show failures by code, and results by model and release."""
    statistics = client().statistics
    with ThreadPoolExecutor() as threads:
        failed, made = threads.submit(statistics.failures, chosen), threads.submit(statistics.models, chosen)
        releases = statistics.releases(chosen).releases
    left, right = side_by_side(columns)
    with left:
        _table(
            "Failed images and images for review",
            [
                {
                    "What happened": meaning(each.error_code),
                    "State": IMAGE_STATES[each.state].word,
                    "Images": each.images,
                    "Code": each.error_code,
                }
                for each in failed.result().failures
            ],
            "None of the selected images failed or needs review.",
            "Images in this state now. A successful re-run removes the image from this table.",
        )
    with right:
        _table(
            "Models",
            [
                {
                    "Model": model.name,
                    "Profile": model.profile,
                    "Images": model.images,
                    "Faces": model.faces,
                    "sha256": model.sha256,
                }
                for model in made.result().models
            ],
            _NO_RESULT,
            "The models that made the current results.",
        )
        _table(
            "Releases",
            [{"Release": each.made_by_version, "Images": each.images, "Faces": each.faces} for each in releases],
            _NO_RESULT,
            "The Blurline releases that made the current results.",
        )


SECTIONS: dict[str, Callable[[Chosen, int], None]] = {
    "Overview": overview,
    "Faces": faces,
    "Speed": speed,
    "Failures and models": failures,
    "Review and quality": quality,
}


def _table(title: str, rows: Sequence[Mapping[str, Any]], without: str, note: str) -> None:
    """Show a table, or the sentence ``without`` when it has no rows."""
    with st.container(border=True):
        st.markdown(f"**{title}**")
        if rows:
            st.dataframe(frame(rows), hide_index=True)
        else:
            st.info(without, icon=":material/query_stats:")
        st.caption(note)


def _interval(chosen: Chosen) -> Interval:
    assert chosen.since is not None and chosen.until is not None
    return Interval.HOUR if chosen.until - chosen.since <= _BY_HOUR else Interval.DAY


def _numbers(points: Sequence[Point], durations: Durations) -> None:
    images: Counter[str] = Counter()
    for point in points:
        images[point.state] += point.images
    with st.container(horizontal=True):
        metric("Images", f"{images.total():,}", "Submitted in the time range")
        metric("Faces", f"{sum(point.faces for point in points):,}", "Destroyed, also in rejected results")
        for state in ("published", "needs_review", "failed"):
            metric(IMAGE_STATES[state].word, f"{images[state]:,}", "Current state")
        metric("Turnaround", mean_time(durations.turnaround), "Mean time from submission to the first outcome")
