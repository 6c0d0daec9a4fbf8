from __future__ import annotations

from deployments.worker.intake import BACKLOG, EXPRESS, INTERACTIVE, Intake


def test_interactive_goes_first_and_backlog_keeps_its_share() -> None:
    intake: Intake[str] = Intake()
    intake.add(INTERACTIVE, [f"i{at}" for at in range(6)], 10, 1)
    intake.add(BACKLOG, ["b0", "b1", "b2"], 10, 1)
    assert [intake.pick() for _ in range(10)] == ["i0", "i1", "i2", "b0", "i3", "i4", "i5", "b1", "b2", None]


def test_every_queue_has_its_share_while_all_have_runs() -> None:
    intake: Intake[str] = Intake()
    for queue in (BACKLOG, INTERACTIVE, EXPRESS):
        intake.add(queue, [f"{queue[0]}{at}" for at in range(8)], 10, 1)
    picked = [str(intake.pick()) for _ in range(8)]
    assert picked == ["e0", "i0", "e1", "b0", "e2", "i1", "e3", "b1"]


def test_a_queue_is_polled_when_its_buffer_is_empty_and_it_may_have_more() -> None:
    intake: Intake[str] = Intake()
    assert intake.queues_to_poll(0) == [EXPRESS, INTERACTIVE, BACKLOG]
    intake.add(EXPRESS, [], asked=2, next_tick_s=5)
    intake.add(INTERACTIVE, [], asked=2, next_tick_s=5)
    intake.add(BACKLOG, ["b0", "b1"], asked=2, next_tick_s=5)
    assert intake.queues_to_poll(1) == []
    assert (intake.pick(), intake.pick()) == ("b0", "b1")
    assert intake.queues_to_poll(1) == [BACKLOG], "a full page says that there may be more"
    assert intake.queues_to_poll(5) == [EXPRESS, INTERACTIVE, BACKLOG]


def test_stale_buffered_runs_are_requested_again() -> None:
    intake: Intake[str] = Intake()
    intake.add(EXPRESS, [], asked=10, next_tick_s=5)
    intake.add(INTERACTIVE, [], asked=10, next_tick_s=5)
    intake.add(BACKLOG, ["b0", "b1"], asked=10, next_tick_s=5)
    assert intake.pick() == "b0"
    assert intake.queues_to_poll(9) == [EXPRESS, INTERACTIVE, BACKLOG]
    assert intake.pick() is None


def test_a_new_run_has_empty_queues_polled_before_the_next_tick() -> None:
    intake: Intake[str] = Intake()
    intake.add(EXPRESS, [], asked=10, next_tick_s=5)
    intake.add(INTERACTIVE, [], asked=10, next_tick_s=5)
    intake.add(BACKLOG, ["b0", "b1"], asked=10, next_tick_s=5)
    intake.poll_now()
    assert intake.queues_to_poll(1) == [EXPRESS, INTERACTIVE]
