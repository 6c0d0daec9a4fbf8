"""The upload throttle: few uploads run at a time, and a stalled one releases its turn."""

from __future__ import annotations

import asyncio

from starlette.types import Message, Receive, Scope, Send

from api.middleware.upload_throttle import UploadThrottle
from tests.waiting import TIMEOUT_S

_CLIENTS = 30


def test_few_uploads_run_at_a_time_and_all_finish() -> None:
    at_work, most, finished = 0, 0, 0

    async def app(_scope: Scope, receive: Receive, _send: Send) -> None:
        nonlocal at_work, most, finished
        while (await receive())["more_body"]:
            at_work += 1
            most = max(most, at_work)
            await asyncio.sleep(0)
            at_work -= 1
        finished += 1

    async def upload(middleware: UploadThrottle, pieces: int, stalls: asyncio.Event | None) -> None:
        left = pieces

        async def receive() -> Message:
            nonlocal left
            left -= 1
            if left == 0 and stalls is not None:
                await stalls.wait()
            return {"type": "http.request", "body": b"x", "more_body": left > 0}

        async def send(_message: Message) -> None:
            raise AssertionError("nothing is sent")

        await middleware({"type": "http"}, receive, send)

    async def run() -> None:
        middleware, goes_on = UploadThrottle(app), asyncio.Event()
        stalled = [asyncio.create_task(upload(middleware, 3, goes_on)) for _ in range(_CLIENTS)]
        await asyncio.wait_for(asyncio.gather(*(upload(middleware, 5, None) for _ in range(_CLIENTS))), TIMEOUT_S)
        assert finished == _CLIENTS
        goes_on.set()
        await asyncio.wait_for(asyncio.gather(*stalled), TIMEOUT_S)

    asyncio.run(run())
    assert finished == 2 * _CLIENTS
    assert 1 < most <= 4
