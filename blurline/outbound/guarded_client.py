"""Requests to URLs from users, protected against server-side request forgery.

Only https, and only to allowed addresses (`blurline.outbound.guarded_backend`). Redirects and the environment's proxies
are not used, and one time limit covers a request from its start to its last byte.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ipaddress import IPv4Address

import httpcore
import httpx

from blurline.errors import AddressRefused, HostUnavailable, NotServed, PictureTooLarge
from blurline.outbound.addresses import Network
from blurline.outbound.guarded_backend import Deadline, GuardedBackend, check_addresses, look_up

_HOST_NAME = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?")
_LOCALHOST = IPv4Address("127.0.0.1")
_TRANSIENT = {408, 425, 429}
_HEADERS = {"User-Agent": "Blurline", "Connection": "close"}


def check_url(url: str, networks: Sequence[Network] = ()) -> None:
    """Raise AddressRefused for a URL that can be refused without DNS. Connecting may still refuse others."""
    _Target(url).check(networks)


class Outbound:
    """Sends requests to public addresses, and to those in ``networks``. Safe to share between threads.

    Every method raises AddressRefused where connecting is not allowed, NotServed where a retry would get the same
    answer, and HostUnavailable where a retry may help.
    """

    def __init__(self, networks: Sequence[Network] = ()) -> None:
        self._networks = networks
        self._tls = httpx.create_ssl_context()

    def fetch(self, url: str, max_bytes: int, timeout_s: float) -> bytes:
        """Fetch the file at ``url``. Raises PictureTooLarge when it has more than ``max_bytes``."""
        headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
        with self._answer("GET", url, headers, None, timeout_s) as answer:
            _check_answer(answer)
            return _body(answer, max_bytes)

    def post(self, url: str, body: bytes, headers: dict[str, str], timeout_s: float) -> int:
        """Send a POST and return the status of the answer, whose body is not read."""
        with self._answer("POST", url, headers, body, timeout_s) as answer:
            return answer.status

    @contextmanager
    def _answer(
        self, method: str, url: str, headers: dict[str, str], body: bytes | None, timeout_s: float
    ) -> Iterator[httpcore.Response]:
        target = _Target(url)
        target.check(self._networks)
        backend = GuardedBackend(self._networks, Deadline(timeout_s))
        sent = list({"Host": target.authority, **_HEADERS, **headers}.items())
        try:
            with (
                httpcore.HTTPConnection(target.url.origin, self._tls, network_backend=backend) as connection,
                connection.stream(method, target.url, headers=sent, content=body) as answer,
            ):
                yield answer
        except httpcore.TimeoutException as error:
            raise HostUnavailable("The server of the URL did not respond in time.") from error
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            if isinstance(error.__cause__, ssl.SSLCertVerificationError):
                raise NotServed("The server of the URL has no valid certificate for its name.") from error
            raise HostUnavailable("The server of the URL cannot be reached, or closed the connection.") from error


class _Target:
    """A URL, parsed once, so that the check and the connection use the same host."""

    def __init__(self, url: str) -> None:
        try:
            parsed = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise AddressRefused("The URL is not valid.") from error
        if parsed.scheme != "https":
            raise AddressRefused("The URL does not start with https://.")
        if parsed.userinfo:
            raise AddressRefused("The URL contains a user name or password, which is not allowed.")
        port = 443 if parsed.port is None else parsed.port
        if not 0 < port < 1 << 16:
            raise AddressRefused("The port of the URL is not between 1 and 65535.")
        self.host = parsed.raw_host.decode("ascii").rstrip(
            "."
        )  # DNS names may end with a dot, names in certificates do not
        self.url = httpcore.URL(scheme=b"https", host=self.host.encode(), port=port, target=parsed.raw_path)
        bracketed = f"[{self.host}]" if ":" in self.host else self.host
        self.authority = bracketed if port == 443 else f"{bracketed}:{port}"

    def check(self, networks: Sequence[Network]) -> None:
        """Raise AddressRefused unless the host is a name, which is resolved later, or an allowed address."""
        if self.host == "localhost" or self.host.endswith(".localhost"):
            check_addresses([_LOCALHOST], networks)
            return
        try:
            literal = look_up(self.host, 443, socket.AI_NUMERICHOST)
        except OSError:
            if not _HOST_NAME.fullmatch(self.host):
                raise AddressRefused("The URL has no valid host name.") from None
        else:
            check_addresses(literal, networks)


def _check_answer(answer: httpcore.Response) -> None:
    if answer.status >= 500 or answer.status in _TRANSIENT:
        raise HostUnavailable(f"The server of the URL answered {answer.status}.")
    if 300 <= answer.status < 400:
        raise NotServed(f"The server of the URL answered {answer.status}; redirects are not followed.")
    if answer.status != 200:
        raise NotServed(f"The server of the URL answered {answer.status}.")
    if _header(answer, b"content-encoding") not in (b"", b"identity"):
        raise NotServed("The server of the URL sent a compressed answer although the request forbade it.")


def _body(answer: httpcore.Response, max_bytes: int) -> bytes:
    too_large = PictureTooLarge(f"The file at the URL is larger than the limit of {max_bytes / 1e6:.0f} MB.")
    announced = _header(answer, b"content-length")
    if announced.isdigit() and int(announced) > max_bytes:
        raise too_large
    body = bytearray()
    for part in answer.iter_stream():
        body += part
        if len(body) > max_bytes:
            raise too_large
    return bytes(body)


def _header(answer: httpcore.Response, name: bytes) -> bytes:
    return b",".join(value for key, value in answer.headers if key.lower() == name).strip().lower()
