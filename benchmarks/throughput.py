"""The whole stack of this checkout against that of another one, which BEFORE_CHECKOUT names (from `a01ffa1` on).

Each checkout runs a stack of its own in this environment, and they take turns (A B A B …): a backlog of photographs of
2 MP, one of 12 MP, single photographs one after the other, and `blurline submit` of files of 0.5 MP. A ratio whose
quartiles lie further apart than it is from 1 is no claim. THROUGHPUT_ROUNDS says how often (5). With EVAL_DIR, a
backlog of photographs of ``street/`` there is measured too: the group photograph of the other works, with its eleven
faces, leaves a detector little to skip.
"""

from __future__ import annotations

import io
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
from PIL import Image

from benchmarks.checkouts import checkouts, program_of
from benchmarks.photos import HALF_MP, TWELVE_MP, TWO_MP, photo_of
from benchmarks.ratios import of_slices
from benchmarks.stack import running_stack
from blurline.ids import new_id
from tests.acceptance.stack import Stack, finished, submit
from tests.pictures import encoded

_ROUNDS = int(os.environ.get("THROUGHPUT_ROUNDS", "5"))
_BACKLOG, _LARGE, _SINGLES = 96, 24, 8
_FILES = int(os.environ.get("THROUGHPUT_FILES", "120"))


def run() -> dict[str, Any]:
    """How many times as fast this checkout is in each kind of work: median and quartiles of the rounds."""
    folders = checkouts("the whole stack")
    photo, large, small = photo_of(TWO_MP), photo_of(TWELVE_MP), photo_of(HALF_MP)
    works: dict[str, Callable[[Stack, httpx.Client], float]] = {
        "backlog_2mp": lambda _, client: _backlog_s(client, [photo] * _BACKLOG),
        "backlog_12mp": lambda _, client: _backlog_s(client, [large] * _LARGE),
        "single_2mp": lambda _, client: _single_s(client, photo),
        "submit_0.5mp": lambda stack, _: _submit_s(stack, small),
    }
    if "EVAL_DIR" in os.environ:
        street = [path.read_bytes() for path in sorted((Path(os.environ["EVAL_DIR"]) / "street").glob("*.jpg"))]
        works["backlog_street"] = lambda _, client: _backlog_s(client, street[:_BACKLOG])
    with ExitStack() as running:
        stacks = {name: running.enter_context(running_stack(program_of(folder))) for name, folder in folders.items()}
        clients = {name: running.enter_context(stack.client()) for name, stack in stacks.items()}
        for client in clients.values():
            _backlog_s(client, [photo] * 8)
        rounds = [
            {work: {name: measure(stacks[name], clients[name]) for name in stacks} for work, measure in works.items()}
            for _ in range(_ROUNDS)
        ]
    return {"rounds": _ROUNDS} | {work: _compared([each[work] for each in rounds]) for work in works}


def _compared(seconds: list[dict[str, float]]) -> dict[str, Any]:
    return {
        "before_s": round(statistics.median(each["before"] for each in seconds), 2),
        "after_s": round(statistics.median(each["after"] for each in seconds), 2),
        **of_slices(each["before"] / each["after"] for each in seconds),
    }


def _backlog_s(client: httpx.Client, photos: list[bytes]) -> float:
    """Seconds from the request to the last published result of a job."""
    started = time.monotonic()
    finished(client, submit(client, [(f"{at}.jpg", photo) for at, photo in enumerate(photos)]))
    return time.monotonic() - started


def _single_s(client: httpx.Client, photo: bytes) -> float:
    """The median of single photographs."""
    return statistics.median(_backlog_s(client, [photo]) for _ in range(_SINGLES))


def _submit_s(stack: Stack, photo: bytes) -> float:
    """Seconds of the command from its start until every result lies in its folder."""
    with tempfile.TemporaryDirectory() as folder:
        photos = Path(folder) / "photos"
        photos.mkdir()
        for at in range(_FILES):
            comment = str(new_id())  # no two files are the same
            (photos / f"{at}.jpg").write_bytes(encoded(Image.open(io.BytesIO(photo)), "JPEG", comment=comment))
        started = time.monotonic()
        stack.command("submit", str(photos), "-o", str(Path(folder) / "results"), "--user", "ann")
        return time.monotonic() - started
