"""The names under which the API answers."""

from __future__ import annotations

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from api.app import create_app
from blurline.access.hosts import is_own, origin_at, own_names
from blurline.settings import Settings
from tests.api_requests import problem
from tests.api_server import serving


def test_the_api_answers_only_under_its_own_names(without_prefect: Settings) -> None:
    there = without_prefect.replace(
        api_url="http://api:8000", api_public_url="https://photos.example", allowed_hosts=("10.1.2.3", "*.desk.example")
    )
    with serving(create_app(there)) as url:
        for host in ("localhost", "127.0.0.1:1", "[::1]", "api:8000", "PHOTOS.example", "10.1.2.3", "a.desk.example"):
            assert httpx.get(f"{url}/v1/audit-keys", headers={"Host": host}).status_code == 200, host
        for host in ("evil.example", "10.1.2.4", "photos.example.evil.example", "desk.example", "xdesk.example", "a b"):
            for path in ("/v1/audit-keys", "/v1/jobs", "/docs", "/openapi.json", "/nowhere"):
                answer = httpx.get(f"{url}{path}", headers={"Host": host})
                problem(answer, 400, "host_not_allowed")
                assert "BLURLINE_ALLOWED_HOSTS" in answer.json()["detail"]
            for path in ("/liveness", "/healthcheck", "/metrics"):
                assert httpx.get(f"{url}{path}", headers={"Host": host}).status_code in (200, 503), path
        address = f"{url.replace('http', 'ws', 1)}/ws"
        with pytest.raises(InvalidStatus) as refused, connect(address, additional_headers={"Host": "evil.example"}):
            pass
        assert refused.value.response.status_code == 400


def test_names_are_compared_whole() -> None:
    names = own_names(("http://[::2]:8000", "https://Photos.Example", None), ("*.desk.example",))
    assert names == ("localhost", "127.0.0.1", "[::1]", "[::2]", "photos.example", "*.desk.example")
    for host in ("localhost.", "[::2]:8000", "photos.example:443", "a.b.desk.example"):
        assert is_own(host, names), host
    for host in ("", ":80", "photos.example@evil.example", "photos.example/x", "[::2", "photos.example:443:1", "a,b"):
        assert not is_own(host, names), host
    assert is_own("anything", ("*",))


def test_an_origin_has_the_scheme_of_its_name() -> None:
    url = "https://photos.example"
    assert origin_at("photos.example", url) == url
    assert origin_at("localhost:8501", url) == "http://localhost:8501"
