"""The tasks as a worker runs them: with the test's database and store."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from blurline.settings import Settings
from tasks import resources, source_url


@pytest.fixture(autouse=True)
def _worker(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The environment of a worker that fetches from loopback and does not wait long between tries."""
    access_key, secret_key = settings.store.keys
    for name, value in {
        "HOME": str(settings.home),
        "DATABASE_URL": settings.database.conninfo,
        "S3_ENDPOINT": settings.store.endpoint,
        "S3_ACCESS_KEY": access_key,
        "S3_SECRET_KEY": secret_key,
        "ALLOW_URLS": "true",
        "OUTBOUND_NETWORKS": "127.0.0.0/8",
        "OUTBOUND_TIMEOUT_S": "20",
    }.items():
        monkeypatch.setenv(f"BLURLINE_{name}", value)
    monkeypatch.setattr(source_url, "_PAUSES_S", (0.01, 0.01))
    _clear_caches()
    yield
    if resources.database.cache_info().currsize:
        resources.database().close()
    _clear_caches()


def _clear_caches() -> None:
    for part in (resources.database, resources.store, resources.outbound):
        part.cache_clear()
