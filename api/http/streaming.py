"""Responses that are sent in chunks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from anyio import CancelScope, to_thread
from fastapi.concurrency import iterate_in_threadpool
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send


class StreamedFile(StreamingResponse):
    """A streamed response that closes its source at the end, on an error, and when the client leaves.

    It starts with the first chunk, so that an error before it is answered as a problem and not as a broken file.

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
            first = await to_thread.run_sync(next, self._source, b"")
            self.body_iterator = iterate_in_threadpool(chain((first,), self._source))
            await super().__call__(scope, receive, send)
        finally:
            close = getattr(self._source, "close", None)
            if close is not None:
                with CancelScope(shield=True):
                    await to_thread.run_sync(close)
