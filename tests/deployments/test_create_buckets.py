from __future__ import annotations

from blurline.settings import Settings
from blurline.storage.store import Store
from deployments.create_buckets import make_buckets


def test_missing_buckets_are_created_and_left_empty(settings: Settings) -> None:
    names = {f"{name}_bucket": f"made-{name}" for name in ("originals", "results", "exports")}
    fresh = settings.replace(**names)
    make_buckets(fresh)
    make_buckets(fresh)
    for name in names.values():
        store = Store(fresh.replace(originals_bucket=name))
        store.check()
        assert list(store.list_originals("", "a", "z")) == []
        store.close()
