"""What an operator sees of a job: its trace, the metrics, the logs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.acceptance.stack import Stack, finished, submit
from tests.otlp_receiver import ReceivedSpan, Receiver
from tests.pictures import ASTRONAUT
from tests.waiting import wait_for

TASKS = ["download", "resize", "detect", "nms", "blur", "upload", "notify"]
BROKEN = ASTRONAUT.read_bytes()[:100_000]


@pytest.fixture(scope="module")
def client(stack: Stack) -> Iterator[httpx.Client]:
    with stack.client() as client:
        yield client


def figures(stack: Stack, url: str) -> dict[str, float]:
    """The samples of a process: ``name{labels in alphabetical order}`` -> value."""
    lines = (line.rsplit(" ", 1) for line in stack.metrics(url) if not line.startswith("#"))
    return {name: float(value) for name, value in lines}


def events(stack: Stack, part: str) -> list[dict[str, Any]]:
    """The log events of a part."""
    return [json.loads(line) for line in (stack.home / "logs" / f"{part}.log").read_text().splitlines()]


def test_one_trace_leads_from_the_request_to_the_settled_image(
    stack: Stack, client: httpx.Client, traces: Receiver
) -> None:
    trace_id, caller_id = uuid4().hex, uuid4().hex[:16]
    client.headers["traceparent"] = f"00-{trace_id}-{caller_id}-01"
    job_id = submit(client, [("a.png", ASTRONAUT.read_bytes())])
    del client.headers["traceparent"]
    (image,) = finished(client, job_id).values()

    def arrived() -> dict[str, ReceivedSpan] | None:
        spans = {span.name: span for span in traces.spans if span.trace_id == trace_id}
        return spans if {"POST /v1/jobs", "anonymize", *TASKS} <= set(spans) else None

    spans = wait_for("the spans arrive", arrived)
    request, run = spans["POST /v1/jobs"], spans["anonymize"]
    assert (request.service, request.parent_id) == ("blurline-api", caller_id)
    assert (run.service, run.parent_id) == ("blurline-worker", request.id)
    for task in TASKS:
        assert spans[task].parent_id == run.id
        assert spans[task].attributes["blurline.job_id"] == job_id
        assert spans[task].attributes["blurline.image_ids"] == [image["id"]]
    assert not any(span.is_failed for span in spans.values())

    (settled,) = [event for event in events(stack, "worker") if event.get("image_id") == image["id"]]
    assert (settled["event"], settled["job_id"], settled["trace_id"]) == ("image_settled", job_id, trace_id)
    assert settled["batch_id"] == run.attributes["blurline.batch_id"]
    assert settled["flow_run_id"]
    (accepted,) = [event for event in events(stack, "api") if event.get("trace_id") == trace_id]
    assert (accepted["event"], accepted["route"], accepted["status"]) == ("request", "/v1/jobs", 202)
    assert accepted["owner"] == "ann" and accepted["request_id"]


def test_the_metrics_report_a_job_with_a_failed_image(stack: Stack, client: httpx.Client) -> None:
    api_url, worker_url = stack.metrics_urls()
    service, worker = figures(stack, api_url), figures(stack, worker_url)
    images = finished(client, submit(client, [("a.png", ASTRONAUT.read_bytes()), ("b.png", BROKEN)]))
    assert [images[name]["state"] for name in ("a.png", "b.png")] == ["published", "failed"]

    def more_of_worker(name: str) -> float:
        return figures(stack, worker_url).get(name, 0) - worker.get(name, 0)

    def settled(outcome: str, error_code: str) -> float:
        return more_of_worker(f'blurline_images_settled_total{{error_code="{error_code}",outcome="{outcome}"}}')

    wait_for("published", lambda: settled("published", "") == 1)
    wait_for("failed", lambda: settled("failed", "unreadable_picture") == 1)
    assert more_of_worker("blurline_faces_found_total") == 1
    images_of_stages = [more_of_worker(f'blurline_stage_duration_seconds_count{{stage="{task}"}}') for task in TASKS]
    assert images_of_stages == [2, 2, 1, 1, 1, 1, 2]
    assert more_of_worker('blurline_worker_runs_total{outcome="completed"}') >= 2
    shown = figures(stack, worker_url)
    assert shown["blurline_worker_slots"] >= 1 and shown["blurline_worker_slots_busy"] <= shown["blurline_worker_slots"]
    assert len([name for name in shown if name.startswith("blurline_model_info{")]) == 3

    def more_of_service(name: str) -> float:
        return figures(stack, api_url).get(name, 0) - service.get(name, 0)

    of_failed = 'blurline_images_failed{error_code="unreadable_picture"}'
    wait_for("the failure is shown", lambda: more_of_service(of_failed) == 1)
    assert more_of_service('blurline_images{state="failed"}') == 1
    assert more_of_service('blurline_images{state="published"}') == 1
    shown = figures(stack, api_url)
    assert (shown["blurline_database_up"], shown['blurline_queue_images{queue="interactive"}']) == (1, 0)
    of_submissions = 'blurline_http_request_duration_seconds_count{method="POST",route="/v1/jobs",status="202"}'
    assert more_of_service(of_submissions) == 1


def test_logs_are_json_and_have_no_token_in_them(stack: Stack, client: httpx.Client) -> None:
    _, _, token = client.headers["Authorization"].partition(" ")
    client.get("/v1/jobs", params={"access_token": token})
    for part in ("api", "worker"):
        assert events(stack, part)
        assert token not in (stack.home / "logs" / f"{part}.log").read_text()
