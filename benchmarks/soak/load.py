"""Submits and reviews at a steady pace, and records the answers."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from threading import Event
from uuid import UUID

from blurline import Policy
from blurline.client import ApiError, ApiUnreachable, Client
from blurline.contract import CorrectionRequest, JobOptions
from blurline.contract.corrections import MarkedBox
from tests.acceptance.stack import Stack
from tests.pictures import HOPPER

_JOB_EVERY_S = 3.0
_IMAGES_A_JOB = 2
_REVIEWED_EVERY = 8
_PATIENCE_S = 300
_TOKEN_TTL_S = 6 * 3600
FACE = MarkedBox(frame=0, x1=190, y1=130, x2=320, y2=320)
ADDED = MarkedBox(frame=0, x1=300, y1=430, x2=380, y2=520)


@dataclass
class Ledger:
    """What the API accepted: jobs by idempotency key, the time of each request, decisions by kind."""

    jobs: dict[str, UUID] = field(default_factory=dict)
    requests_s: list[tuple[float, float]] = field(default_factory=list)
    decisions: Counter[str] = field(default_factory=Counter)
    rejected: set[UUID] = field(default_factory=set)
    corrected: set[UUID] = field(default_factory=set)
    troubles: list[str] = field(default_factory=list)

    @property
    def images(self) -> int:
        """How many images these jobs have."""
        return len(self.jobs) * _IMAGES_A_JOB


def until(seconds: float) -> None:
    """Wait while the other threads work."""
    time.sleep(seconds)


@contextmanager
def every(interval_s: float, act: Callable[[], None]) -> Iterator[None]:
    """Repeat ``act`` in a thread during the block; its errors fail the block."""
    is_over = Event()

    def run() -> None:
        due_at = time.monotonic()
        while not is_over.wait(max(0.0, due_at - time.monotonic())):
            act()
            due_at = max(due_at + interval_s, time.monotonic())

    with ThreadPoolExecutor(1) as threads:
        acting = threads.submit(run)
        try:
            yield
        finally:
            is_over.set()
        acting.result()


@contextmanager
def submitting(stack: Stack, ledger: Ledger) -> Iterator[None]:
    """Submit a job of two photographs every three seconds; every eighth is for review."""
    numbers = count()
    with _client(stack, "ann", "submit") as client:

        def submit() -> None:
            number = next(numbers)
            review = "always" if number % _REVIEWED_EVERY == 0 else "never"
            began_at = time.time()
            created = client.submit_files(
                [Path(HOPPER)] * _IMAGES_A_JOB,
                JobOptions(policy=Policy.model_validate({"review": review})),
                idempotency_key=f"soak-{number}",
            )
            ledger.requests_s.append((began_at, time.time() - began_at))
            ledger.jobs[f"soak-{number}"] = created.id

        with every(_JOB_EVERY_S, submit):
            yield


@contextmanager
def reviewing(stack: Stack, ledger: Ledger) -> Iterator[None]:
    """Approve two of three results that wait; reject or correct the others in turn."""
    numbers = count()
    with _client(stack, "rita", "review") as client:

        def review() -> None:
            try:
                task = client.next_review()
                if task is None:
                    return
                image, turn = task.image, next(numbers) % 6
                if turn == 2:
                    client.reject(image.id, "Not to be shown.")
                    ledger.rejected.add(image.id)
                elif turn == 5:
                    client.correct(image.id, CorrectionRequest(destroy=[FACE, ADDED]))
                    ledger.corrected.add(image.id)
                else:
                    client.approve(image.id, image.result_sha256 or "", range(image.frames or 1))
                ledger.decisions[{2: "reject", 5: "correct"}.get(turn, "approve")] += 1
            except (ApiError, ApiUnreachable) as error:  # a decision is not repeated; its image comes again
                ledger.troubles.append(f"{type(error).__name__}: {error}")

        with every(_JOB_EVERY_S, review):
            yield


@contextmanager
def _client(stack: Stack, user: str, scope: str) -> Iterator[Client]:
    token = stack.command("token", "--user", user, "--scope", scope, "--ttl", str(_TOKEN_TTL_S))
    with Client(stack.variables()["BLURLINE_API_URL"], token, patience_s=_PATIENCE_S) as client:
        client.me()
        yield client
