"""Structured logs: one JSON object per line on standard error, with known ids and without secrets.

Code that knows an id binds it with ``structlog.contextvars``: request_id, or flow_run_id, batch_id and job_id.
"""

from __future__ import annotations

import logging
import sys
from contextlib import suppress
from typing import TextIO

import structlog
from structlog.types import EventDict, Processor

from blurline.errors import ConfigurationError
from blurline.observability.masking import masked
from blurline.observability.traces import current_trace_id

_to_json = structlog.processors.JSONRenderer()


class _BestEffortStream:
    """A stream whose write errors are ignored: a full disk or a closed pipe must not fail the work that is logged."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError, ValueError):
            return self._stream.write(text)
        return 0

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._stream.flush()


def configure_logs(level: str) -> None:
    """Write Blurline's events from ``level`` up, and those of libraries from WARNING up, as JSON lines.

    A line that cannot be written is dropped without an error. Console handlers of libraries (uvicorn, Prefect) are
    removed, so call this after those libraries are imported. Raises ConfigurationError for an unknown level.
    """
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise ConfigurationError(f"BLURLINE_LOG_LEVEL is {level!r}. Set it to DEBUG, INFO, WARNING or ERROR.")
    steps: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        _add_trace_id,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*steps, _render],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        # A PrintLogger would write a line and its end apart, and other threads between them.
        logger_factory=lambda *_: structlog.WriteLogger(_BestEffortStream(sys.stderr)),  # type: ignore[arg-type]
    )
    console = logging.StreamHandler(_BestEffortStream(sys.stderr))
    console.setLevel(max(number, logging.WARNING))
    console.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *steps],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _render],
        )
    )
    logging.getLogger().handlers = [console]
    for name in list(logging.root.manager.loggerDict):
        logger = logging.getLogger(name)
        others = [handler for handler in logger.handlers if not isinstance(handler, logging.StreamHandler)]
        if len(others) < len(logger.handlers):
            logger.handlers, logger.propagate = others, True


def _add_trace_id(_logger: object, _method: str, event: EventDict) -> EventDict:
    trace_id = current_trace_id()
    if trace_id is not None:
        event["trace_id"] = trace_id
    return event


def _render(logger: object, method: str, event: EventDict) -> str:
    """Render the JSON line, masking everything that looks like a secret."""
    return masked(str(_to_json(logger, method, event)))
