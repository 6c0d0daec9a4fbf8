"""Requests to URLs of others: refusals before a connection, and limits of the request."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import httpcore
import pytest
import trustme

from blurline.errors import AddressRefused, HostUnavailable, NotServed, PictureTooLarge
from blurline.outbound.addresses import Network
from blurline.outbound.guarded_client import Outbound, check_url
from tests.refused_urls import ACCEPTED, MALFORMED, REFUSED_ADDRESSES
from tests.tls_server import Exchange, tls_server, trusted_authority

LOOPBACK: tuple[Network, ...] = (ip_network("127.0.0.0/8"),)

Verb = Callable[[Outbound, str], object]


def fetch(outbound: Outbound, url: str, max_bytes: int = 1000, timeout_s: float = 10) -> bytes:
    return outbound.fetch(url, max_bytes, timeout_s)


def post(outbound: Outbound, url: str) -> int:
    return outbound.post(url, b"{}", {}, timeout_s=10)


both_verbs = pytest.mark.parametrize("verb", [fetch, post])


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    return trusted_authority(tmp_path, monkeypatch)


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses of attempted connections; none is made."""
    tried: list[str] = []

    def connect(_: object, host: str, *__: Any, **___: Any) -> httpcore.NetworkStream:
        tried.append(host)
        raise httpcore.ConnectError("not in a test")

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)
    return tried


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The answers of the DNS to the next queries for names in `.test`."""
    answers: list[list[str]] = []
    real = socket.getaddrinfo

    def ask(host: str, port: int, *_: Any, flags: int = 0, **__: Any) -> Sequence[Any]:
        if flags & socket.AI_NUMERICHOST or not host.endswith(".test"):
            return real(host, port, type=socket.SOCK_STREAM, flags=flags)
        return [found for address in answers.pop(0) for found in real(address, port, type=socket.SOCK_STREAM)]

    monkeypatch.setattr(socket, "getaddrinfo", ask)
    return answers


@pytest.mark.parametrize("url", REFUSED_ADDRESSES + MALFORMED)
def test_private_address_literals_and_bad_urls_are_refused_at_once(url: str, connected: list[str]) -> None:
    with pytest.raises(AddressRefused):
        check_url(url)
    for verb in (fetch, post):
        with pytest.raises(AddressRefused):
            verb(Outbound(), url)
    assert not connected


@pytest.mark.parametrize("url", ACCEPTED)
def test_public_addresses_and_names_are_accepted(url: str) -> None:
    check_url(url)


@pytest.mark.parametrize("url", MALFORMED)
def test_no_allowed_network_permits_a_malformed_url(url: str) -> None:
    with pytest.raises(AddressRefused):
        check_url(url, [ip_network("0.0.0.0/0"), ip_network("::/0")])


def test_networks_can_be_allowed() -> None:
    networks = [ip_network("10.1.0.0/16"), ip_network("fd00::/8")]
    for url in ("https://10.1.2.3/", "https://[::ffff:10.1.2.3]/", "https://[fd00::1]/"):
        check_url(url, networks)
    for url in ("https://10.2.0.1/", "https://localhost/", "https://[fd00::5efe:10.2.0.1]/"):
        with pytest.raises(AddressRefused):
            check_url(url, networks)


@both_verbs
@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fd00:ec2::254", "::ffff:10.0.0.1"]
)
def test_a_name_that_resolves_to_a_private_address_is_refused(
    verb: Verb, address: str, connected: list[str], answers: list[list[str]]
) -> None:
    answers.append([address])
    with pytest.raises(AddressRefused) as refused:
        verb(Outbound(), "https://name.test/")
    assert address not in str(refused.value)
    assert not connected


@both_verbs
def test_a_name_that_resolves_to_a_public_and_a_private_address_is_refused(
    verb: Verb, connected: list[str], answers: list[list[str]]
) -> None:
    answers.append(["8.8.8.8", "10.0.0.1"])
    with pytest.raises(AddressRefused):
        verb(Outbound(), "https://name.test/")
    assert not connected


@both_verbs
def test_a_name_is_resolved_once_and_the_checked_address_connected(
    verb: Verb, connected: list[str], answers: list[list[str]]
) -> None:
    answers += [["8.8.8.8", "2606:4700:4700::1111"], ["127.0.0.1"]]
    with pytest.raises(HostUnavailable):
        verb(Outbound(), "https://name.test/")
    assert connected == ["8.8.8.8", "2606:4700:4700::1111"]
    assert answers == [["127.0.0.1"]], "was never asked for"


def test_the_second_address_is_tried_when_the_first_refuses(authority: trustme.CA, answers: list[list[str]]) -> None:
    with tls_server(authority, partial(Exchange.reply, status=200, body=b"here"), "name.test") as port:
        answers.append(["127.0.0.2", "127.0.0.1"])
        assert fetch(Outbound(LOOPBACK), f"https://name.test:{port}/") == b"here"


@both_verbs
def test_a_name_that_does_not_exist_is_unavailable(verb: Verb, monkeypatch: pytest.MonkeyPatch) -> None:
    for url in ("https://name.invalid/", f"https://{'a' * 64}.test/", "https://a..test/"):
        with pytest.raises(HostUnavailable):
            verb(Outbound(), url)


def test_a_hanging_resolver_does_not_delay_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    real = socket.getaddrinfo

    def hang(host: str, *arguments: Any, **options: Any) -> Any:
        if host == "slow.test" and not options.get("flags"):
            released.wait(30)
            raise OSError
        return real(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    with pytest.raises(HostUnavailable):
        fetch(Outbound(), "https://slow.test/", timeout_s=0.1)
    assert not released.is_set()
    released.set()


def test_a_file_is_fetched_with_the_required_headers(authority: trustme.CA) -> None:
    heard: list[Exchange] = []

    def answer(exchange: Exchange) -> None:
        heard.append(exchange)
        exchange.reply(200, b"picture")

    with tls_server(authority, answer) as port:
        outbound = Outbound(LOOPBACK)
        assert fetch(outbound, f"https://localhost:{port}/a%20b?c=d#e") == b"picture"
        assert fetch(outbound, f"https://127.0.0.1:{port}") == b"picture"
    assert [exchange.path for exchange in heard] == ["/a%20b?c=d", "/"]
    assert heard[0].headers["host"] == f"localhost:{port}"
    assert heard[0].headers["accept-encoding"] == "identity"


def test_proxies_of_the_environment_are_not_used(authority: trustme.CA, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with tls_server(authority, partial(Exchange.reply, status=200, body=b"picture")) as port:
        assert fetch(Outbound(LOOPBACK), f"https://localhost:{port}/") == b"picture"


def test_a_message_is_posted_without_reading_the_whole_answer(authority: trustme.CA) -> None:
    heard: list[Exchange] = []

    def answer(exchange: Exchange) -> None:
        heard.append(exchange)
        exchange.reply(202, b"thanks", Content_Length="1000000")

    with tls_server(authority, answer) as port:
        headers = {"Content-Type": "application/json", "webhook-id": "m"}
        assert Outbound(LOOPBACK).post(f"https://localhost:{port}/hook", b'{"a":1}', headers, timeout_s=10) == 202
    assert (heard[0].body, heard[0].headers["webhook-id"]) == (b'{"a":1}', "m")


@both_verbs
def test_redirects_are_not_followed(verb: Verb, authority: trustme.CA) -> None:
    paths: list[str] = []

    def answer(exchange: Exchange) -> None:
        paths.append(exchange.path)
        exchange.reply(302, Location=f"https://localhost:{port}/private")

    with tls_server(authority, answer) as port:
        if verb is fetch:
            with pytest.raises(NotServed, match="302"):
                fetch(Outbound(LOOPBACK), f"https://localhost:{port}/")
        else:
            assert post(Outbound(LOOPBACK), f"https://localhost:{port}/") == 302
    assert paths == ["/"]


@pytest.mark.parametrize(
    ("status", "error"),
    [(404, NotServed), (403, NotServed), (204, NotServed), (429, HostUnavailable), (503, HostUnavailable)],
)
def test_the_answer_decides_whether_a_retry_can_help(
    authority: trustme.CA, status: int, error: type[Exception]
) -> None:
    with (
        tls_server(authority, partial(Exchange.reply, status=status, body=b"")) as port,
        pytest.raises(error, match=str(status)),
    ):
        fetch(Outbound(LOOPBACK), f"https://localhost:{port}/")


def test_compressed_answers_are_refused(authority: trustme.CA) -> None:
    with (
        tls_server(authority, partial(Exchange.reply, status=200, body=b"x", Content_Encoding="gzip")) as port,
        pytest.raises(NotServed, match="compressed"),
    ):
        fetch(Outbound(LOOPBACK), f"https://localhost:{port}/")


def _endless(exchange: Exchange, pause_s: float = 0) -> None:
    exchange.send_response(200)
    exchange.end_headers()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        exchange.wfile.write(b"x" * 10)
        time.sleep(pause_s)


def _announced(exchange: Exchange) -> None:
    exchange.reply(200, b"", Content_Length="1001")


@pytest.mark.parametrize("answer", [_announced, _endless])
def test_a_file_that_is_too_large_is_not_read_to_its_end(
    authority: trustme.CA, answer: Callable[[Exchange], None]
) -> None:
    with tls_server(authority, answer) as port, pytest.raises(PictureTooLarge):
        fetch(Outbound(LOOPBACK), f"https://localhost:{port}/", max_bytes=1000)


def test_a_slowly_sending_server_meets_the_time_limit(authority: trustme.CA) -> None:
    with (
        tls_server(authority, partial(_endless, pause_s=0.05)) as port,
        pytest.raises(HostUnavailable, match="in time"),
    ):
        fetch(Outbound(LOOPBACK), f"https://localhost:{port}/", max_bytes=10_000_000, timeout_s=0.5)


def test_a_server_without_tls_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=lambda: listener.accept()[0].close(), daemon=True).start()
        with pytest.raises(HostUnavailable):
            fetch(Outbound(LOOPBACK), f"https://localhost:{listener.getsockname()[1]}/")


def test_a_truncated_file_is_an_error(authority: trustme.CA) -> None:
    with (
        tls_server(authority, partial(Exchange.reply, status=200, body=b"half", Content_Length="8")) as port,
        pytest.raises(HostUnavailable),
    ):
        fetch(Outbound(LOOPBACK), f"https://localhost:{port}/")


@both_verbs
def test_certificates_are_checked(verb: Verb, authority: trustme.CA) -> None:
    with (
        tls_server(authority, partial(Exchange.reply, status=200), "other.test") as port,
        pytest.raises(NotServed, match="certificate"),
    ):
        verb(Outbound(LOOPBACK), f"https://localhost:{port}/")
    with (
        tls_server(trustme.CA(), partial(Exchange.reply, status=200)) as port,
        pytest.raises(NotServed, match="certificate"),
    ):
        verb(Outbound(LOOPBACK), f"https://localhost:{port}/")
