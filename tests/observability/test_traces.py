from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from blurline.observability.traces import configure_traces, current_trace_id, current_traceparent, end_traces, span
from tests.otlp_receiver import Receiver, receiving_traces
from tests.waiting import TIMEOUT_S

TRACE_ID, PARENT_ID = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACEPARENT = f"00-{TRACE_ID}-{PARENT_ID}-01"


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    with receiving_traces() as receiver:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url)
        configure_traces("blurline-test")
        yield receiver
        end_traces()


def test_a_span_continues_the_given_trace_and_propagates_it(receiver: Receiver) -> None:
    with span("request", parent=TRACEPARENT):
        handed_on = current_traceparent()
        assert current_trace_id() == TRACE_ID
        with span("inner", attributes={"blurline.images": 3}):
            pass
    assert current_traceparent() is None
    with span("flow run", parent=handed_on):
        pass
    end_traces()
    request, inner, flow_run = (receiver.named(name)[0] for name in ("request", "inner", "flow run"))
    assert (request.service, request.trace_id, request.parent_id) == ("blurline-test", TRACE_ID, PARENT_ID)
    assert (inner.trace_id, inner.parent_id, inner.attributes) == (TRACE_ID, request.id, {"blurline.images": 3})
    assert (flow_run.trace_id, flow_run.parent_id) == (TRACE_ID, request.id)


def test_a_linked_span_has_its_own_trace(receiver: Receiver) -> None:
    with span("re-run", link=TRACEPARENT):
        pass
    end_traces()
    (rerun,) = receiver.named("re-run")
    assert rerun.trace_id != TRACE_ID
    assert rerun.linked_trace_ids == (TRACE_ID,)


def test_an_error_fails_its_span_and_propagates(receiver: Receiver) -> None:
    with pytest.raises(ValueError, match="broken"), span("work"):
        raise ValueError("broken")
    end_traces()
    assert receiver.named("work")[0].is_failed


@pytest.mark.parametrize("nonsense", ["", "nonsense", "00-0-0-01"])
def test_an_invalid_parent_is_ignored(receiver: Receiver, nonsense: str) -> None:
    with span("request", parent=nonsense, link=nonsense):
        pass
    end_traces()
    (request,) = receiver.named("request")
    assert request.parent_id == "" and request.linked_trace_ids == ()


def test_an_unavailable_collector_does_not_delay_shutdown() -> None:
    code = """
from blurline.observability.traces import configure_traces, end_traces, span
configure_traces("blurline-test")
with span("request"):
    pass
end_traces()
"""
    patient = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_EXPORTER_OTLP_TIMEOUT": "600"}
    subprocess.run(
        [sys.executable, "-c", code], env={"PATH": ""} | patient, capture_output=True, check=True, timeout=TIMEOUT_S
    )


def test_without_an_endpoint_there_are_no_traces_and_no_sdk() -> None:
    code = f"""
import sys
from blurline.observability.traces import configure_traces, current_traceparent, span
configure_traces("blurline-test")
with span("request", parent="{TRACEPARENT}") as nothing:
    nothing.set_attribute("blurline.images", 1)
    print(current_traceparent(), "opentelemetry.sdk" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PATH": ""})
    assert done.stdout.strip() == "None False"
