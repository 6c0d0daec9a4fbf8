"""Bodies that are not sent to their end hold little memory, and none without a token."""

from __future__ import annotations

import json
import socket
from contextlib import ExitStack

import httpx
import psutil
import pytest

from blurline.access.tokens import Scope
from blurline.settings import Settings
from blurline.storage.inventory import ImageBucket
from tests.api_requests import bearer, problem
from tests.pictures import HOPPER
from tests.servers import running_apis
from tests.stored_images import StoredImages

_JSON = "Content-Type: application/json"
_FORM = "Content-Type: multipart/form-data; boundary=x"
_PART = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"\r\n\r\n'


def _head(path: str, token: str, *headers: str) -> bytes:
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: localhost",
        f"Authorization: {token}",
        "Content-Length: 60000000",
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode()


@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/uploads", "/v1/webhooks", "/v1/image/submit"])
@pytest.mark.parametrize("token", ["", "Bearer nonsense"])
def test_a_body_is_refused_before_it_is_read_without_a_token(client: httpx.Client, path: str, token: str) -> None:
    head = _head(path, token, _JSON).replace(b"60000000", b"1000000")
    with socket.create_connection((client.base_url.host, client.base_url.port or 80), timeout=60) as connection:
        connection.sendall(head)  # and nothing of the body
        assert connection.recv(1 << 16).startswith(b"HTTP/1.1 401 ")


def test_open_paths_answer_as_before(client: httpx.Client) -> None:
    del client.headers["Authorization"]
    assert client.request("GET", "/liveness", content=b"x").status_code == 200
    problem(client.post("/nowhere", content=b"x"), 404, "not_found")


def test_unfinished_submissions_hold_little_memory(without_prefect: Settings) -> None:
    """Eight JSON bodies of 30 MB, and eight forms of 300 files under 100 kB each, took 480 MB."""
    token = bearer(without_prefect, "ann", Scope.SUBMIT)
    part = b"\r\n" + _PART + bytes(99_000)
    with running_apis(without_prefect, 1) as (api,), ExitStack() as unfinished:
        address = ("127.0.0.1", int(api.url.rsplit(":", 1)[1]))
        memory = psutil.Process(api.process.pid)
        assert httpx.get(f"{api.url}/v1/me", headers={"Authorization": token}).status_code == 200
        before = memory.memory_info().rss
        for _ in range(8):
            for kind, body in ((_JSON, b" " * 30_000_000), (_FORM, part * 300)):
                connection = unfinished.enter_context(socket.create_connection(address))
                connection.sendall(_head("/v1/jobs", token, kind) + body)
        httpx.get(f"{api.url}/v1/me", headers={"Authorization": token}).raise_for_status()
        assert memory.memory_info().rss - before < 80_000_000


def test_the_files_of_a_form_stay_apart(client: httpx.Client, stored_images: StoredImages) -> None:
    sizes = [0, 1, 65_535, 65_536, 300_000, 7]
    files = [("files", (f"{size}.jpg", bytes([at]) * size)) for at, size in enumerate(sizes)]
    files.append(("files", ("hopper.jpg", HOPPER.read_bytes())))
    keys = {"Idempotency-Key": "k"}
    first = client.post("/v1/jobs", files=files, headers=keys).raise_for_status()
    assert client.post("/v1/jobs", files=files, headers=keys).json() == first.json()
    store = stored_images.store
    stored = [b"".join(store.stream_original_preview(each.key)) for each in store.list_all(ImageBucket.ORIGINALS)]
    assert sorted(stored) == sorted(data for _, (_, data) in files)
    files[4] = ("files", ("300000.jpg", bytes([4]) * 299_999 + b"x"))
    problem(client.post("/v1/jobs", files=files, headers=keys), 422, "idempotency_key_reused")


def test_the_texts_of_a_form_are_bounded_together(client: httpx.Client) -> None:
    parts = [("files", ("a.jpg", b"a"))] + [(name, (None, " " * 600_000)) for name in ("policy", "labels")]
    problem(client.post("/v1/jobs", files=parts), 400, "malformed_request")


def test_a_large_json_request_is_read_as_a_whole(client: httpx.Client) -> None:
    body = json.dumps({"images": [{"key": "k", "name": "x" * 200}] * 25_000})
    assert len(body) > 4_000_000
    answer = client.post("/v1/jobs", content=body, headers={"Content-Type": "application/json"})
    problem(answer, 422, "duplicate_key")
