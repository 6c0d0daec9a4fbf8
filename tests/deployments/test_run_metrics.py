from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest

from deployments.worker.run_metrics import RunMetrics, Totals


def totals(faces: float, blurred: float = 0) -> Totals:
    return {
        "blurline_faces_found": {("blurline_faces_found_total", ()): faces},
        "blurline_stage_duration_seconds": {
            ("blurline_stage_duration_seconds_bucket", (("stage", "blur"), ("le", "+Inf"))): blurred,
            ("blurline_stage_duration_seconds_count", (("stage", "blur"),)): blurred,
        },
    }


def shown(figures: RunMetrics) -> dict[str, float]:
    registry = CollectorRegistry()
    registry.register(figures)
    lines = generate_latest(registry).decode().splitlines()
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))}


def of_children(figures: RunMetrics) -> dict[str, float]:
    """The exported values, less what this process has counted in other tests."""
    own = shown(RunMetrics())
    return {name: value - own.get(name, 0) for name, value in shown(figures).items()}


def test_the_worker_reports_the_sum_over_its_processes() -> None:
    figures = RunMetrics()
    figures.report("a", totals(faces=2, blurred=5))
    figures.report("b", totals(faces=3, blurred=7))
    figures.report("a", totals(faces=4, blurred=6))
    found = of_children(figures)
    assert found["blurline_faces_found_total"] == 7
    assert found['blurline_stage_duration_seconds_count{stage="blur"}'] == 13
    assert found['blurline_stage_duration_seconds_bucket{le="+Inf",stage="blur"}'] == 13


def test_the_work_of_an_ended_process_counts_once() -> None:
    figures = RunMetrics()
    figures.report("a", totals(faces=2))
    figures.end("a")
    figures.end("a")
    assert of_children(figures)["blurline_faces_found_total"] == 2
    figures.report("a", totals(faces=1))
    assert of_children(figures)["blurline_faces_found_total"] == 3


def test_events_that_have_not_happened_are_reported_as_zero() -> None:
    assert "blurline_faces_found_total" in shown(RunMetrics())
