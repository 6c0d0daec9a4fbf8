"""A few images, everything that people and the machine can do to them, and what must hold after each step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx

from blurline.decision.choice import Choice
from blurline.decision.correction import corrected_choices
from blurline.decision.doubt import Doubt
from blurline.decision.finding import Refusal, VisibleFace
from blurline.orchestration.flow_runs import RunState
from blurline.policy import Policy
from flows.reconcile import judge
from sql.deletion.retention import expire_part, expire_rows, terms
from sql.jobs.attempts import Attempt, start_batch
from sql.jobs.cancellations import cancel_flow_runs
from sql.jobs.publishing import hold_refused, publish
from sql.jobs.retries import cancel_attempts, retry_or_fail
from sql.jobs.settlement import Settled, fail, send_to_review, withdraw
from sql.upkeep.reconcile import list_underway
from tasks.review_gate import review_reason
from tests.clock import age_job
from tests.factories import RETRY_POLICY, dispatched, result
from tests.pictures import HOPPER
from tests.state_machine.documented import DELETED, NONE, Transition, documented
from tests.state_machine.house import ANN, OLGA, REVIEWERS, House, Snapshot

MACHINE = "machine"
BOXES = tuple({"frame": 0, "x1": float(x), "y1": 10.0, "x2": x + 8.0, "y2": 20.0} for x in (10, 30, 50))
"""The boxes that reviewers draw; `x1` names them."""

_FINDING = VisibleFace(0, 10, 10, 18, 20, 0.9)
_OF_IMAGES, _OF_ATTEMPTS = documented("Image"), documented("Attempt")
_REFUSED = {403, 404, 409, 410, 422}
_ENDED = ("published", "needs_review", "failed")


@dataclass(slots=True)
class Work:
    """What one worker has started and not settled."""

    policy: Policy = Policy()
    attempts: list[Attempt] = field(default_factory=list)


class World:
    """The model beside the database: what reviewers marked, which results wait for a person, what the store holds."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.job_ids: list[UUID] = []
        self.workers = [Work(), Work()]
        self.marks: dict[UUID, set[float]] = {}
        self.needs_a_person: set[UUID] = set()
        self.first_reviewers: dict[UUID, str] = {}
        self.correctors: dict[UUID, str] = {}
        self.holds: set[UUID] = set()
        self.stored: set[str] = set()
        self.observed: set[tuple[str, Transition]] = set()
        self.now = Snapshot()
        self.is_broken = False

    # --- people

    def submit(self, who: str, policy: dict[str, Any]) -> None:
        """Submit two pictures."""
        if who in (ANN, "bob") and len(self.now.images) > 4:
            return
        files = [("files", (f"{at}.jpg", HOPPER.read_bytes())) for at in range(2)]
        before = self.house.look(self.job_ids)
        response = self.house.ask(who, "POST", "/v1/jobs", files=files, data={"policy": _json(policy)})
        assert response.is_success == (who in (ANN, "bob")), response.text
        if response.is_success:
            self.job_ids.append(UUID(response.json()["id"]))
        self._check("owner", before)

    def cancel_job(self, who: str, image: UUID) -> None:
        """Cancel the image's job."""
        self._ask(who, "POST", f"/v1/jobs/{self._job(image)}/cancel", image, self._role(who, image))

    def rerun(self, who: str, image: UUID, policy: dict[str, Any]) -> None:
        """Re-run what has ended in the image's job."""
        body = {"states": list(_ENDED), "policy": policy}
        self._ask(who, "POST", f"/v1/jobs/{self._job(image)}/rerun", image, self._role(who, image), json=body)

    def rerun_backlog(self, who: str, image: UUID) -> None:
        """Re-run what has ended in the image's job, as a backlog."""
        body = {"states": list(_ENDED), "job_id": str(self._job(image)), "dry_run": False}
        self._ask(who, "POST", "/v1/reruns", image, who == OLGA and "operator", json=body)

    def approve(self, who: str, image: UUID) -> None:
        """Approve the result that is stored now."""
        before = self.now.images[image]
        body = {"result_sha256": _sha256(before["result_attempt_id"])}

        def note() -> None:
            first = self.first_reviewers.pop(image, None)
            assert first != who or before["approvals"] == 1, "one person gave both approvals"
            if first is None and before["approvals"] == 2:
                self.first_reviewers[image] = who
            else:
                self.needs_a_person.discard(image)

        self._decide(who, image, "approve", body, note)

    def reject(self, who: str, image: UUID) -> None:
        """Reject the image."""
        self._decide(who, image, "reject", {}, lambda: self.needs_a_person.add(image))

    def correct(self, who: str, image: UUID, boxes: Sequence[dict[str, Any]], *, hold: bool) -> None:
        """Destroy exactly these boxes."""

        def mark() -> None:
            self.marks[image] = {box["x1"] for box in boxes}
            self.correctors[image] = who

        self._decide(who, image, "correct", {"destroy": list(boxes), "hold": hold}, mark)

    def send_to_review(self, who: str, image: UUID) -> None:
        """Send the image to review; a reviewer takes back a rejection with it."""
        role = "reviewer" if who in REVIEWERS else self._role(who, image)
        self._ask(who, "POST", f"/v1/jobs/{self._job(image)}/review", image, role, json={"image_ids": [str(image)]})

    def delete_image(self, who: str, image: UUID) -> None:
        """Delete the image."""
        self._ask(who, "DELETE", f"/v1/images/{image}", image, self._role(who, image))

    def delete_job(self, who: str, image: UUID) -> None:
        """Delete the image's job."""
        self._ask(who, "DELETE", f"/v1/jobs/{self._job(image)}", image, self._role(who, image))

    def hold(self, who: str, image: UUID, *, whole_job: bool) -> None:
        """Place a legal hold."""
        subject = self._job(image) if whole_job else image
        path = f"/v1/{'jobs' if whole_job else 'images'}/{subject}/hold"
        if self._ask(who, "PUT", path, image, who == OLGA and "operator", json={"reason": "Complaint."}).is_success:
            self.holds.add(subject)

    def release(self, who: str, image: UUID, *, whole_job: bool) -> None:
        """Release a legal hold."""
        subject = self._job(image) if whole_job else image
        path = f"/v1/{'jobs' if whole_job else 'images'}/{subject}/hold"
        if self._ask(who, "DELETE", path, image, who == OLGA and "operator").is_success:
            self.holds.discard(subject)

    # --- the machine

    def dispatch(self) -> None:
        """Turn the outbox into flow runs, and cancel those with nothing left to do."""
        self._step(MACHINE, lambda: cancel_flow_runs(self.house.database, lambda *_: None))
        self._step(MACHINE, lambda: dispatched(self.house.database))

    def claim(self, worker: int, image: UUID, *, is_retry: bool = False) -> None:
        """Let a worker start the image's last batch, or start it again as an operator retries its flow run."""
        ours = [each for each in self.now.attempts.values() if each["image_id"] == image]
        last = max(ours, key=lambda each: each["number"])
        if not last["will_run"] and not is_retry:
            return
        before = self.now
        batch = start_batch(self.house.database, last["batch_id"], is_retry=is_retry)
        self._check("operator" if is_retry else MACHINE, before)
        if batch is not None and batch.attempts:
            self.workers[worker] = Work(batch.policy, list(batch.attempts))

    def finish(self, worker: int, end: str) -> None:
        """Let a worker end one of its attempts, as the task `notify` does: `good`, `doubtful`, `broken`, `unchecked`
        (the written file fails its check), `refused` (it shows a face, and is kept) or `misses` (a mark covers no
        pixel)."""
        work = self.workers[worker]
        if not work.attempts:
            return
        attempt = work.attempts.pop()
        self._step(MACHINE, lambda: self._settle(work.policy, attempt, end))

    def crash(self, worker: int) -> None:
        """A worker dies with its work."""
        self.workers[worker] = Work()

    def give_back(self, worker: int, code: str) -> None:
        """A task of the worker's flow run fails for good."""
        ids = [attempt.id for attempt in self.workers[worker].attempts]
        self.workers[worker] = Work()

        def retry() -> None:
            with self.house.database.transaction() as transaction:
                retry_or_fail(transaction, ids, code, "It failed.", RETRY_POLICY)

        self._step(MACHINE, retry)

    def reconcile(self, state: RunState | None, deadline_s: float = 1e9) -> None:
        """All flow runs are in this state; settle the batches that they will not finish."""
        ours = {attempt["batch_id"] for attempt in self.now.attempts.values()}

        def settle() -> None:
            for batch in list_underway(self.house.database):
                verdict = judge(batch, state, deadline_s, 60) if batch.batch_id in ours else None
                if verdict is None:
                    continue
                with self.house.database.transaction() as transaction:
                    if verdict.is_final:
                        cancel_attempts(transaction, batch.attempt_ids, verdict.code, verdict.message)
                    else:
                        retry_or_fail(transaction, batch.attempt_ids, verdict.code, verdict.message, RETRY_POLICY)

        is_cancelled = state is not None and state.type == "CANCELLED"
        self._step("operator" if is_cancelled else MACHINE, settle)

    def retain(self, image: UUID, part: str) -> None:
        """Let the image's job get old, and expire originals, results or rows."""
        settings, database = self.house.settings, self.house.database
        kept = terms(settings.replace(keep_originals_days=30, keep_results_days=30, keep_rows_days=30))
        job_id = self._job(image)

        def expire() -> None:
            age_job(settings.database.conninfo, job_id, timedelta(days=40))
            if part == "rows":
                expire_rows(database, job_id, kept)
            elif part == "results":
                expire_part(database, "results", kept)
            else:
                expire_part(database, "originals", kept)

        self._step(MACHINE, expire)

    # --- what must hold

    def drain(self) -> None:
        """Without any worker, the reconciler ends every attempt: nothing stays over its deadline."""
        for _ in range(RETRY_POLICY.max_attempts + 1):
            self.dispatch()
            self.reconcile(None)
        assert [image for image in self.now.images.values() if image["open_attempt_id"]] == []

    def _step(self, by: str, act: Callable[[], object]) -> None:
        before = self.now
        act()
        self._check(by, before)

    def _ask(
        self,
        who: str,
        method: str,
        path: str,
        image: UUID,
        role: str | bool,
        accepted: Callable[[], object] = bool,
        **options: Any,
    ) -> httpx.Response:
        """Send a request. ``role``: in which the person may do that, or false when they must be refused. ``accepted``
        changes the model before it is compared with the rows."""
        before = self.now
        response = self.house.ask(who, method, path, **options)
        assert response.is_success or response.status_code in _REFUSED, response.text
        if not role:
            assert response.status_code in (403, 404), (who, method, path, response.text)
        if response.is_success:
            accepted()
        self._check(str(role), before)
        if not response.is_success:
            assert self.now == before, (who, method, path, response.text)
        if image in self.now.images:
            self._check_fetching(image)
        return response

    def _decide(
        self, who: str, image: UUID, verb: str, body: dict[str, Any], accepted: Callable[[], object]
    ) -> httpx.Response:
        path = f"/v1/images/{image}/{verb}"
        return self._ask(who, "POST", path, image, who in REVIEWERS and "reviewer", accepted, json=body)

    def _role(self, who: str, image: UUID) -> str | bool:
        """The role in which the person manages the image's job."""
        if who == OLGA:
            return "operator"
        return who == self.now.images[image]["owner"] and "owner"

    def _job(self, image: UUID) -> UUID:
        job_id: UUID = self.now.images[image]["job_id"]
        return job_id

    def _settle(self, policy: Policy, attempt: Attempt, end: str) -> None:
        before = self.now.images.get(attempt.image_id)
        with self.house.database.transaction() as transaction:
            if end == "broken":
                fail(transaction, attempt, "unreadable_picture", "Broken.")
            elif end == "unchecked":
                send_to_review(transaction, attempt, "output_check_failed", "A face shows.")
            elif end == "misses" and attempt.correction is not None:
                withdraw(transaction, attempt, "mark_misses", "It covers no pixel.")
            else:
                doubt = Doubt(0.95 if end == "doubtful" else 0.1)
                done = replace(
                    result(f"{attempt.image_id}/{attempt.id}.jpg"),
                    doubt=doubt,
                    policy=policy,
                    sha256=_sha256(attempt.id),
                )
                if attempt.correction is not None:
                    choices: tuple[Choice, ...] = corrected_choices(attempt.correction, 1)
                    done = replace(done, choices=choices)
                self.stored.add(done.key)
                refusal = Refusal("A face shows.", (_FINDING,)) if end == "refused" else None
                reason = review_reason(policy, doubt, attempt.correction, refusal)
                if refusal is not None and reason is not None:
                    settled = hold_refused(transaction, attempt, done, refusal.findings, reason)
                else:
                    settled = publish(transaction, attempt, done, reason)
                if not settled.is_won or settled.replaced_key == done.key:
                    self.stored.discard(done.key)
                elif before is not None and before["open_attempt_id"] == attempt.id:  # else it had won before
                    self._is_replaced(settled, before)
                    if reason is None:
                        self._is_published(before, attempt, policy)

    def _is_replaced(self, settled: Settled, before: dict[str, Any]) -> None:
        """The worker removes the earlier result, unless a legal hold protects its image."""
        if before["result_key"] is not None:
            is_protected = bool(self.holds & {before["id"], before["job_id"]})
            assert settled.replaced_key == (None if is_protected else before["result_key"])
            self.stored.discard(before["result_key"])

    def _is_published(self, before: dict[str, Any], attempt: Attempt, policy: Policy) -> None:
        """The machine has published a result: a reviewer's decision, or nothing that waits for a person."""
        made = self.now.attempts[attempt.id]
        if attempt.correction is not None and made["rerun_id"] is None:
            self.needs_a_person.discard(before["id"])
        assert before["id"] not in self.needs_a_person, "published without a reviewer's decision"
        if before["state"] == "needs_review" and attempt.correction is None:
            assert policy.review != "never", "a re-run loosened the review"

    def _check(self, by: str, before: Snapshot) -> None:
        """Check the transitions since ``before``, and everything that must hold at any time."""
        self.is_broken = True
        self.now = now = self.house.look(self.job_ids)
        for image_id in before.images.keys() | now.images.keys():
            was, is_ = (each.images.get(image_id) for each in (before, now))
            self._check_image(image_id, was, is_, by)
        for attempt_id in before.attempts.keys() | now.attempts.keys():
            old, new = (each.attempts.get(attempt_id) for each in (before, now))
            self._check_attempt(old, new, by)
        for image in now.images.values():
            self._check_first_reviewer(before.images.get(image["id"]), image)
            self.check_rows(image)
        kept = {image["result_key"] for image in now.images.values() if image["result_key"]}
        gone = {key for key in self.stored if UUID(key.partition("/")[0]) not in now.images}
        self.stored -= gone
        assert self.stored == kept, "exactly one result is stored for each image that has one"
        self.is_broken = False

    def _check_image(self, image_id: UUID, was: dict[str, Any] | None, is_: dict[str, Any] | None, by: str) -> None:
        states = (was["state"] if was else NONE, is_["state"] if is_ else DELETED)
        is_replaced = was and is_ and is_["result_attempt_id"] not in (None, was["result_attempt_id"])
        if was and is_ and was["state"] == is_["state"] and was["error_code"] == is_["error_code"] and not is_replaced:
            return
        if states == ("queued", "processing"):
            by = MACHINE  # also when an operator retries the flow run
        if states[0] != states[1] or is_replaced:
            self._observe("Image", Transition(*states, by), _OF_IMAGES)
        if is_ is None:
            assert not self.holds & {image_id, was and was["job_id"]}, "deleted under a legal hold"
        elif is_["state"] == "needs_review" and is_["error_code"] != "doubtful":
            self.needs_a_person.add(image_id)

    def _check_first_reviewer(self, was: dict[str, Any] | None, is_: dict[str, Any]) -> None:
        """The first of two approvals is that of the one who approved or corrected this result."""
        image_id = is_["id"]
        if is_["state"] != "needs_review" or is_["error_code"] != "second_approval":
            self.first_reviewers.pop(image_id, None)
        elif was is not None and was["result_attempt_id"] != is_["result_attempt_id"]:
            self.first_reviewers[image_id] = self.correctors[image_id]
        if is_["error_code"] == "second_approval":
            assert image_id in self.first_reviewers, "nobody has approved it"

    def _check_attempt(self, old: dict[str, Any] | None, new: dict[str, Any] | None, by: str) -> None:
        states = [old["state"] if old else NONE, new["state"] if new else DELETED]
        if states[0] == states[1] or (new is None and old and old["outcome"]):
            return
        if states == [NONE, "started"]:  # a Retry starts what it opens
            self._observe("Attempt", Transition(NONE, "waiting", by), _OF_ATTEMPTS)
            states[0], by = "waiting", MACHINE
        if by == "operator" and states == ["waiting", "started"]:
            by = MACHINE
        self._observe("Attempt", Transition(states[0], states[1], by), _OF_ATTEMPTS)

    def _observe(self, what: str, transition: Transition, allowed: frozenset[Transition]) -> None:
        assert transition in allowed, f"{what}: docs/state-machine.md does not list {transition}"
        self.observed.add((what, transition))

    def check_rows(self, image: dict[str, Any]) -> None:
        """Check what must hold for an image at any time."""
        ours = [each for each in self.now.attempts.values() if each["image_id"] == image["id"]]
        unsettled = [each["id"] for each in ours if each["outcome"] is None]
        assert unsettled == [each for each in [image["open_attempt_id"]] if each], "one open attempt, or none"
        assert all(each["will_run"] for each in ours if each["outcome"] is None), "nothing will settle the attempt"
        if image["state"] in ("queued", "processing"):
            assert unsettled, "nothing processes the image"
        if image["state"] == "failed":
            assert image["error_code"]
        if image["result_attempt_id"] is None:
            assert image["result_key"] is None
            assert image["state"] != "published"
            return
        made = self.now.attempts[image["result_attempt_id"]]
        is_refused = made["outcome"] == "needs_review"
        assert is_refused or made["outcome"] in ("published", "held")
        assert not is_refused or image["state"] != "published", "a file that failed its check is published"
        assert image["result_key"] == f"{image['id']}/{made['id']}.jpg"
        if image["state"] == "published":
            assert self.marks.get(image["id"], set()) <= set(made["destroyed"]), "a marked face can be fetched"
            assert image["id"] not in self.needs_a_person, "published without a reviewer's decision"

    def _check_fetching(self, image_id: UUID) -> None:
        """Its owner can fetch a published result, and nothing else."""
        image = self.now.images[image_id]
        is_sent = self.house.ask(image["owner"], "HEAD", f"/v1/images/{image_id}/result").is_success
        assert is_sent == (image["state"] == "published" and not image["is_result_gone"])


def _json(policy: dict[str, Any]) -> str:
    return Policy.model_validate(policy).model_dump_json(exclude_unset=True)


def _sha256(attempt_id: UUID | None) -> str:
    """The hash of an attempt's result in this world."""
    return "0" if attempt_id is None else attempt_id.hex
