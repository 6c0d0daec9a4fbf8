"""The whole stack as a user starts it: `blurline up` on an empty data folder, once for all acceptance tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.acceptance.stack import Stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A running stack."""
    stack = Stack(tmp_path_factory.mktemp("home"))
    stack.start()
    yield stack
    stack.stop()
