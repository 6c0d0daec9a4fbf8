"""Random transitions of images and attempts by five roles over two workers, checked after each.

`TRANSITIONS=20000 pytest -s tests/state_machine/test_random_transitions.py` takes as many as you name.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from blurline.orchestration.flow_runs import RunState, RunStateType
from blurline.settings import Settings
from blurline.storage.store import Store
from sql.engine.database import Database
from tests.state_machine.documented import Transition, documented
from tests.state_machine.house import ANN, BOB, OLGA, PEOPLE, RITA, RUTH, House, open_house
from tests.state_machine.world import BOXES, World

_FEW, _AT_ONCE, _STEPS = 600, 2000, 50
_NEVER = {"review": "never"}

people = st.sampled_from(sorted(PEOPLE))
submitters = st.sampled_from([ANN, ANN, BOB, OLGA, RITA])
reviewers = st.sampled_from([RITA, RITA, RUTH, RUTH, ANN, OLGA])
managers = st.sampled_from([ANN, ANN, OLGA, OLGA, BOB, RITA])
operators = st.sampled_from([OLGA, OLGA, ANN, RITA])
places = st.integers(0, 5)
workers = st.integers(0, 1)
policies: Any = st.sampled_from(
    [_NEVER, {"review": "doubtful"}, {"review": "always"}, {"review": "always", "reviewers": 2}, {}]
)
ends = st.sampled_from(["good", "good", "good", "doubtful", "broken", "unchecked", "refused", "misses"])
box_sets = st.lists(st.sampled_from(BOXES), max_size=3, unique_by=lambda box: box["x1"])
states = st.sampled_from(
    [None, RunState(RunStateType.CRASHED, 1), RunState(RunStateType.CANCELLED, 1), RunState(RunStateType.PENDING, 99)]
)

observed: set[tuple[str, Transition]] = set()
counts = {"transitions": 0}


class Transitions(RuleBasedStateMachine):
    """Takes the steps of a `World`."""

    house: House

    def __init__(self) -> None:
        super().__init__()
        self.world = World(self.house)

    def _image(self, at: int) -> Any:
        counts["transitions"] += 1
        images = sorted(self.world.now.images)
        return images[at % len(images)]

    def _has_images(self) -> bool:
        return bool(self.world.now.images)

    def _being_processed(self) -> Iterator[UUID]:
        """The images that a worker has; other people may have deleted some."""
        attempts = [attempt for work in self.world.workers for attempt in work.attempts]
        return (attempt.image_id for attempt in attempts if attempt.image_id in self.world.now.images)

    @initialize(policy=policies)
    def first(self, policy: dict[str, Any]) -> None:
        self.world.submit(ANN, policy)
        self.world.dispatch()

    @rule(who=submitters, policy=policies)
    def submit(self, who: str, policy: dict[str, Any]) -> None:
        counts["transitions"] += 1
        self.world.submit(who, policy)

    @precondition(_has_images)
    @rule(who=managers, at=places)
    def cancel_job(self, who: str, at: int) -> None:
        self.world.cancel_job(who, self._image(at))

    @precondition(_has_images)
    @rule(who=managers, at=places, policy=policies)
    def rerun(self, who: str, at: int, policy: dict[str, Any]) -> None:
        self.world.rerun(who, self._image(at), policy)

    @precondition(_has_images)
    @rule(who=operators, at=places)
    def rerun_backlog(self, who: str, at: int) -> None:
        self.world.rerun_backlog(who, self._image(at))

    @precondition(_has_images)
    @rule(who=reviewers, at=places)
    def approve(self, who: str, at: int) -> None:
        self.world.approve(who, self._image(at))

    @precondition(_has_images)
    @rule(who=reviewers, at=places)
    def reject(self, who: str, at: int) -> None:
        self.world.reject(who, self._image(at))

    @precondition(_has_images)
    @rule(who=people, at=places)
    def send_to_review(self, who: str, at: int) -> None:
        self.world.send_to_review(who, self._image(at))

    @precondition(_has_images)
    @rule(who=reviewers, at=places, boxes=box_sets, hold=st.booleans())
    def correct(self, who: str, at: int, boxes: list[dict[str, Any]], hold: bool) -> None:
        self.world.correct(who, self._image(at), boxes, hold=hold)

    @precondition(_has_images)
    @rule(who=managers, at=places, whole_job=st.booleans())
    def delete(self, who: str, at: int, whole_job: bool) -> None:
        image = self._image(at)
        (self.world.delete_job if whole_job else self.world.delete_image)(who, image)

    @precondition(lambda self: any(self._being_processed()))
    @rule(
        by=st.sampled_from([None, OLGA, RITA]),
        at=places,
        how=st.sampled_from(["cancel_job", "delete_job", "delete_image"]),
    )
    def interrupt(self, by: str | None, at: int, how: str) -> None:
        """A person, or the owner (None), ends what a worker is processing; by chance alone that is rare."""
        counts["transitions"] += 1
        images = list(self._being_processed())
        image = images[at % len(images)]
        getattr(self.world, how)(by or self.world.now.images[image]["owner"], image)

    @precondition(_has_images)
    @rule(who=operators, at=places, whole_job=st.booleans())
    def hold(self, who: str, at: int, whole_job: bool) -> None:
        self.world.hold(who, self._image(at), whole_job=whole_job)

    @precondition(_has_images)
    @rule(who=operators, at=places, whole_job=st.booleans())
    def release(self, who: str, at: int, whole_job: bool) -> None:
        self.world.release(who, self._image(at), whole_job=whole_job)

    @rule()
    def dispatch(self) -> None:
        counts["transitions"] += 1
        self.world.dispatch()

    @precondition(_has_images)
    @rule(worker=workers, at=places, is_retry=st.sampled_from([False, False, True]))
    def claim(self, worker: int, at: int, is_retry: bool) -> None:
        self.world.claim(worker, self._image(at), is_retry=is_retry)

    @precondition(lambda self: any(work.attempts for work in self.world.workers))
    @rule(worker=workers, end=ends)
    def finish(self, worker: int, end: str) -> None:
        counts["transitions"] += 1
        self.world.finish(worker if self.world.workers[worker].attempts else 1 - worker, end)

    @precondition(_has_images)
    @rule(worker=workers, at=places, end=ends)
    def process_one(self, worker: int, at: int, end: str) -> None:
        """Like `process`, so that hypothesis chooses it more often."""
        self._process(worker, at, end)

    @precondition(_has_images)
    @rule(worker=workers, at=places, end=ends)
    def process(self, worker: int, at: int, end: str) -> None:
        """A worker takes an image from start to end."""
        self._process(worker, at, end)

    def _process(self, worker: int, at: int, end: str) -> None:
        self.world.dispatch()
        self.world.claim(worker, self._image(at))
        while self.world.workers[worker].attempts:
            counts["transitions"] += 1
            self.world.finish(worker, end)

    @precondition(lambda self: any(work.attempts for work in self.world.workers))
    @rule(worker=workers)
    def crash(self, worker: int) -> None:
        counts["transitions"] += 1
        self.world.crash(worker)

    @precondition(lambda self: any(work.attempts for work in self.world.workers))
    @rule(worker=workers, code=st.sampled_from(["task_failed", "store_unavailable"]))
    def give_back(self, worker: int, code: str) -> None:
        counts["transitions"] += 1
        self.world.give_back(worker, code)

    @rule(state=states)
    def reconcile(self, state: RunState | None) -> None:
        counts["transitions"] += 1
        self.world.reconcile(state)

    @rule()
    def reconcile_after_the_deadline(self) -> None:
        counts["transitions"] += 1
        self.world.reconcile(RunState(RunStateType.RUNNING, 1), deadline_s=-1)

    @precondition(_has_images)
    @rule(at=places, part=st.sampled_from(["originals", "results", "rows"]))
    def retain(self, at: int, part: str) -> None:
        self.world.retain(self._image(at), part)

    def teardown(self) -> None:
        if not self.world.is_broken:
            self.world.drain()
        observed.update(self.world.observed)


@pytest.fixture
def house(settings: Settings, database: Database, store: Store) -> Iterator[House]:
    quiet = settings.replace(log_level="CRITICAL", prefect_api_url="http://127.0.0.1:9/api")
    with open_house(quiet, database, store) as house:
        Transitions.house = house
        observed.clear()
        counts["transitions"] = 0
        yield house


def walk(transitions: int, *, is_random: bool) -> None:
    """Take at least this many transitions, or (not random) about as many."""
    while counts["transitions"] < transitions:
        options = hypothesis_settings(
            max_examples=max(1, min(transitions, _AT_ONCE) // _STEPS),
            stateful_step_count=_STEPS,
            deadline=None,
            database=None,
            report_multiple_bugs=False,
            derandomize=not is_random,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        )
        run_state_machine_as_test(Transitions, settings=options)
        print(
            f"{counts['transitions']} transitions; not observed yet: {sorted(map(str, _documented() - observed))}",
            flush=True,
        )
        if not is_random:
            break


def test_random_transitions(house: House) -> None:
    asked = os.environ.get("TRANSITIONS")
    walk(int(asked or _FEW), is_random=asked is not None)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_many_transitions_take_every_documented_one(house: House) -> None:
    walk(20_000, is_random=True)
    assert _documented() - observed == set()


def _documented() -> set[tuple[str, Transition]]:
    return {(what, each) for what in ("Image", "Attempt") for each in documented(what)}
