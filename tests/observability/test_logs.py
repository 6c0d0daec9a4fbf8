from __future__ import annotations

import io
import json
import logging
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import structlog

from blurline.observability.logs import configure_logs

JWT = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJlLW9mLWl0"


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    before = root.handlers
    yield
    root.handlers = before
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_an_event_has_the_ids_that_are_bound(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("INFO")
    structlog.contextvars.bind_contextvars(request_id="r1", job_id="j1")
    structlog.get_logger().info("image_settled", image_id="i1")
    structlog.get_logger().debug("not_shown")
    (event,) = lines(capsys)
    assert {
        "event": "image_settled",
        "level": "info",
        "request_id": "r1",
        "job_id": "j1",
        "image_id": "i1",
    }.items() <= (event.items())


def test_warnings_of_libraries_are_events_as_well(capsys: pytest.CaptureFixture[str]) -> None:
    library = logging.getLogger("library.with.a.console.of.its.own")
    library.addHandler(logging.StreamHandler())
    library.propagate = False
    configure_logs("DEBUG")
    structlog.contextvars.bind_contextvars(request_id="r1")
    library.warning("no answer from %s", "there")
    library.info("not shown")
    (event,) = lines(capsys)
    assert (event["event"], event["level"], event["logger"]) == ("no answer from there", "warning", library.name)
    assert event["request_id"] == "r1"


def test_an_error_has_its_traceback_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("INFO")
    try:
        int("broken")
    except ValueError:
        logging.getLogger("library").exception("it broke")
        structlog.get_logger().exception("we_broke")
    assert ["ValueError: invalid literal" in event["exception"] for event in lines(capsys)] == [True, True]


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("cannot reach postgresql://blurline:pass%2Fword@db/blurline", "word"),
        ("GET https://ann:secret@example.org/a.jpg?x=1", "secret"),
        (f"Authorization: Bearer {JWT}", JWT),
        (f"token {JWT} is refused", "eyJzdWIiOiJhbm4ifQ"),
        ("authorization: bearer 0123456789abcdef0123", "0123456789abcdef0123"),
        ("https://store/b/k?X-Amz-Credential=AKIA%2F2026&X-Amz-Signature=9d1e77", "9d1e77"),
        ("https://store/b/k?X-Amz-Credential=AKIA%2F2026&X-Amz-Signature=9d1e77", "AKIA"),
        (str({"key": "ann/1", "x-amz-signature": "9d1e77"}), "9d1e77"),
        (json.dumps({"key": "ann/1", "x-amz-signature": "9d1e77"}), "9d1e77"),
        ("signed with whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
    ],
)
def test_secrets_from_any_source_are_masked(capsys: pytest.CaptureFixture[str], text: str, secret: str) -> None:
    configure_logs("INFO")
    structlog.get_logger().warning("ours", text=text, nested={"list": [text]})
    logging.getLogger("library").warning(text)
    written = capsys.readouterr().err
    assert secret not in written
    assert written.count("***") >= 3


def test_words_that_are_not_secrets_stay(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("INFO")
    text = "The request has no bearer token. See https://example.org/a.jpg or write to ann@example.org."
    structlog.get_logger().warning("ours", text=text)
    assert lines(capsys)[0]["text"] == text


class _Unwritable(io.StringIO):
    """A stream on a full disk."""

    def write(self, _text: str) -> int:
        raise OSError(28, "No space left on device")


def _closed() -> io.StringIO:
    stream = io.StringIO()
    stream.close()
    return stream


@pytest.mark.parametrize("make_stream", [_Unwritable, _closed], ids=["full disk", "closed"])
def test_a_line_that_cannot_be_written_breaks_nothing(
    make_stream: Callable[[], io.StringIO], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", make_stream())
    monkeypatch.setattr(logging, "raiseExceptions", False)
    configure_logs("INFO")
    structlog.get_logger().info("image_settled", image_id="i1")
    structlog.get_logger().error("request_broke", exc_info=RuntimeError("an error with a traceback"))
    logging.getLogger("library").warning("no answer")


def test_lines_are_written_again_once_the_disk_has_room(monkeypatch: pytest.MonkeyPatch) -> None:
    class Disk(io.StringIO):
        is_full = True

        def write(self, text: str) -> int:
            if self.is_full:
                raise OSError(28, "No space left on device")
            return super().write(text)

    disk = Disk()
    monkeypatch.setattr(sys, "stderr", disk)
    configure_logs("INFO")
    structlog.get_logger().info("while_full")
    disk.is_full = False
    structlog.get_logger().info("afterwards")
    assert [json.loads(line)["event"] for line in disk.getvalue().splitlines() if line] == ["afterwards"]


def test_events_of_many_threads_are_a_line_each(monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow(io.StringIO):
        def write(self, text: str) -> int:
            written = super().write(text)
            time.sleep(0.001)  # another thread's turn
            return written

    monkeypatch.setattr(sys, "stderr", stream := Slow())
    configure_logs("INFO")
    with ThreadPoolExecutor(8) as threads:
        for at in range(40):
            threads.submit(structlog.get_logger().info, "of_ours", at=at)
            threads.submit(logging.getLogger("library").warning, "of a library")
    events = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert sorted(event["at"] for event in events if event["event"] == "of_ours") == list(range(40))
    assert len(events) == 80
