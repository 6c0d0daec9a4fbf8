"""Connections that a worker process opens once for all tasks: database, store, outbound requests."""

from __future__ import annotations

from functools import lru_cache

from blurline.outbound.guarded_client import Outbound
from blurline.settings import load_settings
from blurline.storage.store import Store
from blurline.version import process_name
from sql.engine.database import Database


@lru_cache(maxsize=1)
def database() -> Database:
    """This process's database connections."""
    return Database(
        load_settings().database.conninfo,
        max_connections=2,
        application=process_name("worker"),
    )


@lru_cache(maxsize=1)
def store() -> Store:
    """This process's store client."""
    return Store(load_settings())


@lru_cache(maxsize=1)
def outbound() -> Outbound:
    """This process's client for fetching images from URLs."""
    return Outbound(load_settings().outbound.networks)
