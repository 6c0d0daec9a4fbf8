"""The pages that the API serves may ask no other host."""

from __future__ import annotations

import httpx
import pytest


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/healthcheck", "/v1/nothing"])
def test_every_page_is_confined_to_its_own_origin(client: httpx.Client, path: str) -> None:
    policy = client.get(path).headers["content-security-policy"]
    directives = {name: values for name, *values in (part.split() for part in policy.split(";"))}
    local = {"'self'", "'none'", "'unsafe-inline'", "'unsafe-eval'", "data:", "blob:"}
    assert {"default-src", "connect-src", "object-src", "base-uri"} <= directives.keys()
    assert {value for values in directives.values() for value in values} <= local
