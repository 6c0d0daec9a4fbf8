"""The server span of every request, made by FastAPI. It continues the trace in the request's `traceparent`."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from fastapi.telemetry import TelemetryConfig
from opentelemetry.trace import TracerProvider

from api.middleware.request_log import QUIET_PATHS


def tracing(provider: TracerProvider | None) -> TelemetryConfig:
    """Configure FastAPI's tracing, with its own metrics and logs off. Without a provider, nothing is traced."""
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
    """Leave out WebSockets, which last for hours, and probes."""
    return scope["type"] != "http" or scope["path"] in QUIET_PATHS
