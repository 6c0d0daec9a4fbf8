"""OpenTelemetry traces, sent over OTLP/HTTP if the environment sets an endpoint.

The variables are OpenTelemetry's own: OTEL_EXPORTER_OTLP_ENDPOINT or OTEL_EXPORTER_OTLP_TRACES_ENDPOINT enables traces,
and OTEL_TRACES_SAMPLER and others tune them. Without an endpoint the SDK is not imported. The global tracer provider
stays unset, so that hooks of libraries such as Prefect add no spans.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from opentelemetry.trace import INVALID_SPAN, Link, Span, SpanKind, Tracer, get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import AttributeValue

from blurline.version import VERSION

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_EXPORT_EVERY_MS = 1000
_END_TIMEOUT_S = 3

_w3c = TraceContextTextMapPropagator()
_provider: TracerProvider | None = None
_tracer: Tracer | None = None


def configure_traces(service: str) -> TracerProvider | None:
    """Send this process's spans as ``service`` if the environment sets an endpoint; return the provider, if any."""
    global _provider, _tracer
    if _provider is not None or not any(map(os.environ.get, _ENDPOINTS)):
        return _provider
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    resource = Resource.create({"service.name": service, "service.version": VERSION})
    _provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    _provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(), schedule_delay_millis=_EXPORT_EVERY_MS))
    _tracer = _provider.get_tracer("blurline", VERSION)
    return _provider


def end_traces() -> None:
    """Send the remaining spans within a time limit, and stop. Call it before the process ends."""
    global _provider, _tracer
    if _provider is not None:
        # Without a collector the SDK retries for half a minute, regardless of the time limit.
        ending = threading.Thread(target=_provider.shutdown, name="traces", daemon=True)
        ending.start()
        ending.join(_END_TIMEOUT_S)
    _provider = _tracer = None


@contextmanager
def span(
    name: str,
    *,
    parent: str | None = None,
    link: str | None = None,
    kind: SpanKind = SpanKind.INTERNAL,
    attributes: Mapping[str, AttributeValue] | None = None,
) -> Iterator[Span]:
    """A span around the block, which an error marks as failed. It records nothing if traces are disabled.

    ``parent`` and ``link`` are W3C traceparents; without ``parent`` the span belongs to the one around it, if any.
    """
    if _tracer is None:
        yield INVALID_SPAN
        return
    context = _w3c.extract({"traceparent": parent}) if parent else None
    linked = get_current_span(_w3c.extract({"traceparent": link})).get_span_context() if link else None
    with _tracer.start_as_current_span(
        name,
        context,
        kind,
        attributes,
        links=[Link(linked)] if linked is not None and linked.is_valid else None,
    ) as started:
        yield started


def current_traceparent() -> str | None:
    """The W3C traceparent of the caller's span, to continue the trace elsewhere; None without a span."""
    carrier: dict[str, str] = {}
    if _tracer is not None:
        _w3c.inject(carrier)
    return carrier.get("traceparent")


def current_trace_id() -> str | None:
    """The id of the caller's trace, in hexadecimal; None without a trace."""
    if _tracer is None:
        return None
    context = get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else None
