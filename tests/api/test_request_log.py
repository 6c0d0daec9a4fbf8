"""What is logged and counted for requests, on an application with a few routes; tests/acceptance has the real one."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import structlog
from fastapi import APIRouter, FastAPI, Request, WebSocket
from fastapi.responses import StreamingResponse
from starlette.routing import NoMatchFound
from websockets.sync.client import connect

from api.http.problems import ApiProblem, install_error_handlers
from api.middleware.request_log import RequestLog
from api.middleware.tracing import tracing
from blurline.observability import metrics
from blurline.observability.logs import configure_logs
from blurline.observability.traces import configure_traces, end_traces
from tests.api_server import serving
from tests.otlp_receiver import receiving_traces
from tests.waiting import TIMEOUT_S, wait_for

SECRET = "s3cret-s3cret-s3cret-s3cret"


def make_app() -> FastAPI:
    app, router = FastAPI(telemetry=tracing(configure_traces("blurline-api"))), APIRouter(prefix="/v1")
    install_error_handlers(app)

    @router.get("/jobs/{job_id}")
    def job(job_id: str, request: Request) -> str:
        request.state.owner = "ann"
        structlog.get_logger().info("looked_up", job_id=job_id)
        return job_id

    @router.post("/jobs")
    async def create(request: Request) -> int:
        return len(await request.body())

    @router.get("/limited")
    def limited() -> None:
        raise ApiProblem("rate_limited", "Too many.")

    @router.get("/broken")
    def broken() -> None:
        raise NoMatchFound("broken", {})

    @router.get("/broken-stream")
    def broken_stream() -> StreamingResponse:
        def body() -> Iterator[bytes]:
            yield b"begun"
            raise NoMatchFound("broken", {})

        return StreamingResponse(body())

    @app.get("/liveness")
    def liveness() -> None:
        """Log nothing."""

    @router.websocket("/events")
    async def events(socket: WebSocket) -> None:
        await socket.accept()
        await socket.receive_text()
        await socket.close()

    app.include_router(router)
    app.add_middleware(RequestLog)
    return app


@pytest.fixture
def client(capsys: pytest.CaptureFixture[str]) -> Iterator[httpx.Client]:
    handlers = logging.getLogger().handlers
    app = make_app()
    with serving(app) as url:
        configure_logs("DEBUG")
        capsys.readouterr()
        with httpx.Client(base_url=url, timeout=TIMEOUT_S) as client:
            yield client
    logging.getLogger().handlers = handlers
    structlog.reset_defaults()


class Log:
    """What was logged since the start; a request logs its own event only after the end of its answer."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys, self.text = capsys, ""

    def wait_for(self, event: str, times: int = 1) -> list[dict[str, Any]]:
        """Wait for this many events of that name."""

        def ask() -> list[dict[str, Any]]:
            self.text += self._capsys.readouterr().err
            found = [each for each in map(json.loads, self.text.splitlines()) if each["event"] == event]
            return found if len(found) >= times else []

        found = wait_for(event, ask, every_s=0.01)
        assert len(found) == times
        return found


@pytest.fixture
def log(capsys: pytest.CaptureFixture[str]) -> Log:
    return Log(capsys)


def count(route: str, status: int, method: str = "GET") -> float:
    labels = {"method": method, "route": route, "status": str(status)}
    return metrics.API.get_sample_value("blurline_http_request_duration_seconds_count", labels) or 0


def test_a_request_has_one_id_in_header_log_and_problem(client: httpx.Client, log: Log) -> None:
    answer = client.get("/v1/limited")
    request_id = answer.headers["X-Request-Id"]
    assert answer.json()["request_id"] == request_id
    (event,) = log.wait_for("request")
    assert (event["request_id"], event["level"]) == (request_id, "info")
    assert (event["method"], event["route"], event["status"]) == ("GET", "/v1/limited", 429)
    assert client.get("/v1/limited").headers["X-Request-Id"] != request_id


def test_an_event_within_a_request_has_its_id_and_the_request_its_owner(client: httpx.Client, log: Log) -> None:
    client.get("/v1/jobs/4711", headers={"X-Request-Id": "of-the-caller"})
    (looked_up,), (event,) = log.wait_for("looked_up"), log.wait_for("request")
    assert looked_up["request_id"] == event["request_id"] == "of-the-caller"
    assert (event["route"], event["owner"]) == ("/v1/jobs/{job_id}", "ann")


@pytest.mark.parametrize("given", ["x" * 65, "two words", "caf\xe9", ""])
def test_an_invalid_request_id_is_replaced(client: httpx.Client, given: str) -> None:
    answer = client.get("/liveness", headers={b"X-Request-Id": given.encode("latin-1")})
    assert len(answer.headers["X-Request-Id"]) == 32


def test_nothing_secret_of_a_request_is_logged(client: httpx.Client, log: Log) -> None:
    form = {"x-amz-signature": SECRET, "url": f"https://ann:{SECRET}@example.org/a.jpg"}
    headers = {"Authorization": f"Bearer {SECRET}"}
    client.post("/v1/jobs", params={"token": SECRET}, headers=headers, data=form)
    client.post("/v1/nowhere", params={"token": SECRET}, headers=headers, data=form)
    client.get("/v1/broken", params={"token": SECRET}, headers=headers)
    log.wait_for("request", 3)
    assert SECRET not in log.text


def test_requests_are_counted_by_the_template_of_their_route(client: httpx.Client) -> None:
    before = count("/v1/jobs/{job_id}", 200), count("none", 404), count("none", 404, "other")
    client.get("/v1/jobs/1")
    client.get("/v1/jobs/2")
    client.get("/v1/nowhere/1")
    client.request("PURGE", "/v1/nowhere/2")
    wait_for("all are noted", lambda: count("none", 404, "other") == before[2] + 1)
    assert (count("/v1/jobs/{job_id}", 200), count("none", 404)) == (before[0] + 2, before[1] + 1)


def test_problems_are_counted_by_code(client: httpx.Client) -> None:
    def refusals() -> float:
        return metrics.API.get_sample_value("blurline_http_problems_total", {"code": "rate_limited"}) or 0

    before = refusals()
    client.get("/v1/limited")
    assert refusals() == before + 1


def test_an_unexpected_error_is_answered_and_logged(client: httpx.Client, log: Log) -> None:
    before = count("/v1/broken", 500)
    answer = client.get("/v1/broken")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert answer.json()["request_id"] == answer.headers["X-Request-Id"]
    (event,) = log.wait_for("request_broke")
    assert "NoMatchFound" in event["exception"] and event["request_id"] == answer.headers["X-Request-Id"]
    wait_for("it is noted", lambda: count("/v1/broken", 500) == before + 1)


def test_an_interrupted_answer_does_not_look_complete(client: httpx.Client) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        client.get("/v1/broken-stream")


def test_probes_and_scrapes_are_logged_at_debug(client: httpx.Client, log: Log) -> None:
    client.get("/liveness")
    (event,) = log.wait_for("request")
    assert event["level"] == "debug"


def test_websockets_are_counted_while_they_are_open(client: httpx.Client, log: Log) -> None:
    def clients() -> float:
        return metrics.API.get_sample_value("blurline_websocket_clients") or 0

    before = clients()
    with connect(str(client.base_url).replace("http", "ws") + "/v1/events") as socket:
        wait_for("it is counted", lambda: clients() == before + 1)
        socket.send("enough")
    wait_for("it is no longer counted", lambda: clients() == before)
    (event,) = log.wait_for("websocket")
    assert event["route"] == "/v1/events"


def test_a_request_continues_the_trace_of_its_caller(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    trace_id, parent_id = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
    with receiving_traces() as receiver:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", f"{receiver.url}/v1/traces")
        with serving(make_app()) as url:
            configure_logs("INFO")
            httpx.get(f"{url}/v1/jobs/1", headers={"traceparent": f"00-{trace_id}-{parent_id}-01"}, timeout=TIMEOUT_S)
            httpx.get(f"{url}/v1/broken", timeout=TIMEOUT_S)
            httpx.get(f"{url}/liveness", timeout=TIMEOUT_S)
        end_traces()
    found, broken = receiver.spans
    assert (found.name, found.trace_id, found.parent_id) == ("GET /v1/jobs/{job_id}", trace_id, parent_id)
    assert (found.attributes["http.response.status_code"], found.is_failed) == (200, False)
    assert (broken.parent_id, broken.is_failed) == ("", True)
    events = map(json.loads, capsys.readouterr().err.splitlines())
    assert trace_id in [event.get("trace_id") for event in events if event["event"] == "request"]
