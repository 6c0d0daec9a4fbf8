"""Responses that are sent in chunks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator

from anyio import CancelScope, CapacityLimiter, to_thread
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send


class StreamedFile(StreamingResponse):
    """A streamed response that closes its source at the end, on an error, and when the client leaves.

    It starts with the first chunk, so that an error before it is answered as a problem and not as a broken file.
    Few chunks are made at the same time, so that a hundred exports leave other requests their share of the CPU.

    Starlette leaves the source to garbage collection, which may come minutes later: until then a client that left
    keeps a connection to the store, a temporary file or a thread.
    """

    def __init__(
        self,
        source: Iterable[bytes],
        status_code: int = 200,
        headers: dict[str, str] | None = None,
        media_type: str | None = None,
    ) -> None:
        self._source: Iterator[bytes] = iter(source)
        super().__init__(self._source, status_code, headers, media_type)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response, then close its source."""
        try:
            limiter = scope["app"].state.context.stream_threads
            first = await to_thread.run_sync(next, self._source, None, limiter=limiter)
            self.body_iterator = self._chunks(first, limiter)
            await super().__call__(scope, receive, send)
        finally:
            close = getattr(self._source, "close", None)
            if close is not None:
                with CancelScope(shield=True):
                    await to_thread.run_sync(close)

    async def _chunks(self, chunk: bytes | None, limiter: CapacityLimiter) -> AsyncIterator[bytes]:
        while chunk is not None:
            yield chunk
            chunk = await to_thread.run_sync(next, self._source, None, limiter=limiter)
