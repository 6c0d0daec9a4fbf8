"""Traces (OpenTelemetry), sent over OTLP/HTTP where the environment names an endpoint.

The variables are OpenTelemetry's own: OTEL_EXPORTER_OTLP_ENDPOINT or OTEL_EXPORTER_OTLP_TRACES_ENDPOINT switches
traces on, OTEL_TRACES_SAMPLER and the others tune them. Without an endpoint the SDK is not even imported. The global
tracer provider stays unset, so that the hooks of libraries (Prefect has some) add nothing.
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
    """Send this process's spans as those of ``service``, if the environment says where to; who makes them, if so."""
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
    """Send what is left, unless that takes long, and stop; to be called before the process ends."""
    global _provider, _tracer
    if _provider is not None:
        # Without a collector the SDK tries for half a minute, whatever time limit it is given.
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
    """A span around the block, which an error marks as failed; one that records nothing where traces are off.

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
    """The W3C traceparent of the span around the caller, for whoever goes on with its work; None without one."""
    carrier: dict[str, str] = {}
    if _tracer is not None:
        _w3c.inject(carrier)
    return carrier.get("traceparent")


def current_trace_id() -> str | None:
    """The id of the trace around the caller, in hexadecimal; None without one."""
    if _tracer is None:
        return None
    context = get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else None
