"""The server span of every request, which goes on with the trace that its `traceparent` names. FastAPI makes it."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from fastapi.telemetry import TelemetryConfig
from opentelemetry.trace import TracerProvider

from api.middleware.request_log import QUIET_PATHS


def tracing(provider: TracerProvider | None) -> TelemetryConfig:
    """What FastAPI is to trace, and that its own metrics and logs stay off. Without a provider it traces nothing."""
    return {
        "tracing": provider is not None,
        "tracer_provider": provider,
        "operation_spans": False,
        "metrics": False,
        "logs": False,
        "auto_configure": False,
        "exclude": _is_excluded,
    }


def _is_excluded(scope: MutableMapping[str, Any]) -> bool:
    """A WebSocket lasts for hours, and nobody wants to read of a probe."""
    return scope["type"] != "http" or scope["path"] in QUIET_PATHS
