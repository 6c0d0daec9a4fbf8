"""The supervisor starts parts in the order in which they need each other."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from blurline.errors import ConfigurationError
from deployments.embedded.home import Home
from deployments.embedded.supervisor import Part, Supervisor


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path)
    yield home
    home.release()


def _part(home: Home, name: str, code: str, *needs: str, ready_timeout_s: float = 300) -> Part:
    """A part that is ready when it has written a file of its name."""
    mark = home.path / name
    command = [
        sys.executable,
        "-c",
        f"import pathlib, time; path = pathlib.Path({str(mark)!r}); {code}; time.sleep(999)",
    ]
    return Part(name, command, mark.exists, dict(os.environ), needs=frozenset(needs), ready_timeout_s=ready_timeout_s)


def test_a_part_starts_once_those_that_it_needs_are_ready(home: Home) -> None:
    ready: list[str] = []
    supervisor = Supervisor(
        home,
        [
            _part(home, "last", "path.touch()", "first", "second"),
            _part(home, "first", "time.sleep(1); path.touch()"),
            _part(home, "second", "path.touch() if path.with_name('first').exists() else None", "first"),
        ],
    )
    try:
        supervisor.start(lambda name, _after_s: ready.append(name))
    finally:
        supervisor.stop()
    assert ready == ["first", "second", "last"]


def test_a_part_that_keeps_dying_ends_the_start_with_a_sentence(home: Home) -> None:
    supervisor = Supervisor(home, [_part(home, "broken", "raise SystemExit('no room')", ready_timeout_s=3)])
    try:
        with pytest.raises(ConfigurationError, match="The broken did not become ready") as raised:
            supervisor.start()
    finally:
        supervisor.stop()
    assert "no room" in str(raised.value)


def test_a_part_cannot_need_an_unknown_one(home: Home) -> None:
    with pytest.raises(ValueError, match="No part is called ghost"):
        Supervisor(home, [_part(home, "first", "path.touch()", "ghost")])
