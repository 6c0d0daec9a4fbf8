"""An installation with separate buckets, and an empty one on the same servers."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr

from blurline.access.tokens import LocalIssuer
from blurline.contract.audit import Auditor
from blurline.settings import Settings
from blurline.storage.bucket_admin import Buckets
from deployments.create_buckets import make_buckets

ROLES = ("originals", "results", "exports")


def with_buckets(settings: Settings, name: str) -> Settings:
    return settings.replace(**{f"{role}_bucket": f"{name}-{role}" for role in ROLES})


@contextlib.contextmanager
def emptied(settings: Settings) -> Iterator[Buckets]:
    """The installation's buckets, created and empty, and emptied again at the end."""
    make_buckets(settings)
    buckets = Buckets(settings)
    _empty(buckets)
    yield buckets
    _empty(buckets)
    buckets.close()


@contextlib.contextmanager
def new_database(settings: Settings, name: str) -> Iterator[SecretStr]:
    """A database without tables on the same server."""
    with psycopg.connect(settings.database.conninfo, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        yield SecretStr(settings.database.conninfo.rsplit("/", 1)[0] + f"/{name}")
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture
def source(settings: Settings) -> Iterator[Settings]:
    """An installation with keys and its own data folder, without images."""
    source = with_buckets(settings, "source")
    LocalIssuer(source.home)
    Auditor(source.home)
    with emptied(source):
        yield source


@pytest.fixture
def target(settings: Settings, tmp_path: Path) -> Iterator[Settings]:
    """An installation without tables, objects and keys."""
    with new_database(settings, "target") as url:
        target = with_buckets(settings, "target").replace(database_url=url, home=tmp_path / "target")
        target.home.mkdir()
        with emptied(target):
            yield target


def _empty(buckets: Buckets) -> None:
    for bucket in buckets.names:
        for each in list(buckets.objects(bucket)):
            buckets.remove(bucket, each.key)
