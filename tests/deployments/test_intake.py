from __future__ import annotations

from deployments.worker.intake import BACKLOG, INTERACTIVE, Intake


def test_interactive_goes_first_and_backlog_keeps_its_share() -> None:
    intake: Intake[str] = Intake()
    intake.add(INTERACTIVE, [f"i{at}" for at in range(6)], 10, 1)
    intake.add(BACKLOG, ["b0", "b1", "b2"], 10, 1)
    assert [intake.pick() for _ in range(10)] == ["i0", "i1", "i2", "b0", "i3", "i4", "i5", "b1", "b2", None]


def test_a_queue_is_polled_when_its_buffer_is_empty_and_it_may_have_more() -> None:
    intake: Intake[str] = Intake()
    assert intake.queues_to_poll(0) == [INTERACTIVE, BACKLOG]
    intake.add(INTERACTIVE, [], asked=2, next_tick_s=5)
    intake.add(BACKLOG, ["b0", "b1"], asked=2, next_tick_s=5)
    assert intake.queues_to_poll(1) == []
    assert (intake.pick(), intake.pick()) == ("b0", "b1")
    assert intake.queues_to_poll(1) == [BACKLOG], "a full page says that there may be more"
    assert intake.queues_to_poll(5) == [INTERACTIVE, BACKLOG]


def test_stale_buffered_runs_are_requested_again() -> None:
    intake: Intake[str] = Intake()
    intake.add(INTERACTIVE, [], asked=10, next_tick_s=5)
    intake.add(BACKLOG, ["b0", "b1"], asked=10, next_tick_s=5)
    assert intake.pick() == "b0"
    assert intake.queues_to_poll(9) == [INTERACTIVE, BACKLOG]
    assert intake.pick() is None
