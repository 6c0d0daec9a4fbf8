from __future__ import annotations

import io
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest

from blurline.errors import ConfigurationError, ObjectMissing, StoreUnavailable
from blurline.ids import new_id
from blurline.settings import Settings
from blurline.storage import store as store_module
from blurline.storage.store import PresignedPost, Store, SubmittedOriginal
from tests.waiting import TIMEOUT_S


def post(form: PresignedPost, data: bytes, **changed: str) -> httpx.Response:
    return httpx.post(form.url, data=form.fields | changed, files={"file": ("a.jpg", data)}, timeout=TIMEOUT_S)


def test_a_presigned_form_accepts_only_its_own_object(store: Store, settings: Settings) -> None:
    key = f"test/{new_id()}"
    form = store.presign_upload(key)
    assert post(form, b"x", key=f"test/{new_id()}").status_code == 403
    assert post(form, b"hello").status_code in (200, 201, 204)
    stored = store.stat_original(key)
    assert stored.size_bytes == 5
    assert store.read_original(SubmittedOriginal(key, stored.etag)) == b"hello"
    small = Store(settings.replace(max_file_mb=0.001))
    assert post(small.presign_upload(f"test/{new_id()}"), bytes(5000)).status_code in (400, 403, 413)


def test_nothing_is_readable_without_credentials(store: Store, settings: Settings) -> None:
    key = f"test/{new_id()}"
    store.put_original(key, io.BytesIO(b"secret"), 6)
    store.put_result(key, b"secret", "image/jpeg")
    for bucket in (settings.store.originals_bucket, settings.store.results_bucket):
        assert httpx.get(f"{settings.store.s3_endpoint}/{bucket}/{key}", timeout=TIMEOUT_S).status_code == 403
        assert httpx.get(f"{settings.store.s3_endpoint}/{bucket}", timeout=TIMEOUT_S).status_code == 403


def test_missing_objects_are_distinguished_from_an_unavailable_store(store: Store, settings: Settings) -> None:
    for call in (store.stat_original, store.stream_original_preview, store.stream_result):
        with pytest.raises(ObjectMissing):
            call("test/absent")
    with pytest.raises(ObjectMissing):
        store.open_original(SubmittedOriginal("test/absent", "etag"))
    absent = Store(settings.replace(s3_endpoint="http://127.0.0.1:9"))
    with pytest.raises(StoreUnavailable):
        absent.check()
    with pytest.raises(ConfigurationError, match="http://host:port"):
        Store(settings.replace(s3_endpoint="127.0.0.1:9000"))


def test_listing_gives_a_range_of_keys_in_order(store: Store) -> None:
    prefix = f"list-{new_id()}/"
    keys = sorted(f"{prefix}{new_id()}" for _ in range(8))
    for key in keys:
        store.put_original(key, io.BytesIO(b"x"), 1)
    assert [found.key for found in store.list_originals(prefix, keys[2], keys[6])] == keys[2:7]


def test_results_stream_in_chunks_and_are_removed(store: Store) -> None:
    key, data = f"test/{new_id()}", bytes(range(256)) * 4000
    store.put_result(key, data, "image/jpeg")
    assert b"".join(store.stream_result(key)) == data
    store.remove_result(key)
    store.remove_result(key)
    with pytest.raises(ObjectMissing):
        store.stream_result(key)


class SlowStore(BaseHTTPRequestHandler):
    """A server that accepts uploads at a few megabytes a second."""

    def do_PUT(self) -> None:
        left_bytes = int(self.headers["Content-Length"])
        while left_bytes:
            piece = self.rfile.read(min(left_bytes, 50_000))
            if not piece:
                return
            left_bytes -= len(piece)
            time.sleep(0.02)  # the slow line itself
        self.send_response(200)
        self.send_header("ETag", '"1"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Log nothing."""


def test_a_large_result_may_take_longer_than_the_connect_timeout(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "_CONNECT_TIMEOUT_S", 0.5)
    server = HTTPServer(("127.0.0.1", 0), SlowStore, bind_and_activate=False)
    server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
    server.server_bind()
    server.server_activate()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    store = Store(settings.replace(s3_endpoint=f"http://127.0.0.1:{server.server_port}"))
    try:
        store.put_result("test/large", bytes(5_000_000), "image/jpeg")
    finally:
        store.close()
        server.shutdown()
        thread.join()
        server.server_close()
