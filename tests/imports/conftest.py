"""Sources and a destination: buckets of the test's S3 server, which the settings and a worker's environment name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from blurline.settings import Settings
from tasks import resources
from tests.imports.buckets import Bucket


@pytest.fixture
def source(settings: Settings, tmp_path: Path) -> Bucket:
    """The source `archive`, which is a part of its bucket."""
    return Bucket(settings, tmp_path, "archive", prefix="photos/")


@pytest.fixture
def second(settings: Settings, tmp_path: Path) -> Bucket:
    """The source `second`."""
    return Bucket(settings, tmp_path, "second")


@pytest.fixture
def destination(settings: Settings, tmp_path: Path) -> Bucket:
    """The destination `public`."""
    return Bucket(settings, tmp_path, "public", prefix="blurred/")


@pytest.fixture
def importing(settings: Settings, source: Bucket, second: Bucket, destination: Bucket) -> Settings:
    """Settings that name the buckets, and no Prefect."""
    return settings.replace(
        sources=(source.setting, second.setting),
        destinations=(destination.setting,),
        prefect_api_url="http://127.0.0.1:9/api",
    )


@pytest.fixture
def worker(importing: Settings, source: Bucket, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The environment of a worker."""
    access_key, secret_key = importing.store.keys
    for name, value in {
        "HOME": str(importing.home),
        "DATABASE_URL": importing.database.conninfo,
        "S3_ENDPOINT": importing.store.endpoint,
        "S3_ACCESS_KEY": access_key,
        "S3_SECRET_KEY": secret_key,
        "SOURCES": f"[{source.setting.model_dump_json()}]",
    }.items():
        monkeypatch.setenv(f"BLURLINE_{name}", value)
    _clear_caches()
    yield
    if resources.database.cache_info().currsize:
        resources.database().close()
    _clear_caches()


def _clear_caches() -> None:
    for part in (resources.database, resources.store, resources.outbound):
        part.cache_clear()
