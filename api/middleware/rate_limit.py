"""The limit of requests per minute for each owner at this process, and the headers that report it.

`RateLimit` and `RateLimit-Policy` follow the IETF's draft-ietf-httpapi-ratelimit-headers.
"""

from __future__ import annotations

import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.problems import ApiProblem

_STATE = "rate_limit_headers"


class RateLimit:
    """Counts requests by owner. Safe to share between threads."""

    def __init__(self, requests_per_minute: int) -> None:
        self._item = RateLimitItemPerMinute(requests_per_minute) if requests_per_minute else None
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    def count(self, request: Request, owner: str) -> None:
        """Count one request. Raises ApiProblem when it exceeds the limit."""
        if self._item is None:
            return
        is_within = self._limiter.hit(self._item, owner)
        stats = self._limiter.get_window_stats(self._item, owner)
        reset_s = max(1, round(stats.reset_time - time.time()))
        headers = {
            "RateLimit-Policy": f'"owner";q={self._item.amount};w=60',
            "RateLimit": f'"owner";r={stats.remaining};t={reset_s}',
        }
        setattr(request.state, _STATE, headers)
        if not is_within:
            raise ApiProblem(
                "rate_limited",
                f"You have exceeded {self._item.amount} requests per minute. Try again in {reset_s} s.",
                {"Retry-After": str(reset_s)},
            )


class RateLimitHeaders:
    """Middleware that adds the rate limit's headers to every response."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and add the headers when its response starts."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(scope.get("state", {}).get(_STATE, {}))
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)
