"""What a worker process opens once and every task uses: settings, database, store."""

from __future__ import annotations

from functools import lru_cache

from blurline.settings import load_settings
from blurline.store import Store
from sql.database import Database


@lru_cache(maxsize=1)
def database() -> Database:
    """This process's connections."""
    return Database(load_settings().database, max_connections=2)


@lru_cache(maxsize=1)
def store() -> Store:
    """This process's store client."""
    return Store(load_settings())
