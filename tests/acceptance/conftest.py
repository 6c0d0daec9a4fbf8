"""The whole stack as a user starts it: `blurline up` on an empty data folder, once for all acceptance tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.acceptance.stack import Stack
from tests.otlp import Receiver, receiving_traces


@pytest.fixture(scope="session")
def traces() -> Iterator[Receiver]:
    """Where the stack sends its traces."""
    with receiving_traces() as receiver:
        yield receiver


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, traces: Receiver) -> Iterator[Stack]:
    """A running stack."""
    stack = Stack(tmp_path_factory.mktemp("home"), OTEL_EXPORTER_OTLP_ENDPOINT=traces.url)
    stack.start()
    yield stack
    stack.stop()
