"""The buckets of imports: whether each source can be listed and read, and each destination written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from blurline.errors import BlurlineError
from blurline.settings import Settings
from blurline.storage.store import Store
from deployments.doctor.result import Finding, error, ok, warning

_TRIAL_PATH = "blurline-doctor"


def imports(settings: Settings) -> Iterator[Finding]:
    """Check every source and destination. Raises ConfigurationError when no store is set."""
    if not settings.imports.sources and not settings.imports.destinations:
        return
    with closing(Store(settings, read_timeout_s=10)) as store:
        for bucket in settings.imports.sources:
            yield _source(store, bucket.name)
        for bucket in settings.imports.destinations:
            yield _destination(store, bucket.name)


def _source(store: Store, name: str) -> Finding:
    finding = f"imports.source.{name}"
    try:
        source = store.source(name)
        first = next(source.objects(), None)
        if first is None:
            return warning(finding, f"The source {name} is empty.", "Check its bucket and prefix in BLURLINE_SOURCES.")
        source.open(first.key, first.etag).close()
    except BlurlineError as problem:
        return error(
            finding,
            str(problem),
            "Correct the source in BLURLINE_SOURCES and its key files, and allow the key to list and read the bucket.",
        )
    return ok(finding, f"The source {name} can be listed and read.")


def _destination(store: Store, name: str) -> Finding:
    finding = f"imports.destination.{name}"
    try:
        destination = store.destination(name)
        destination.write(_TRIAL_PATH, b"can be written", "text/plain")
        destination.remove(_TRIAL_PATH)
    except BlurlineError as problem:
        return error(
            finding,
            str(problem),
            "Correct it in BLURLINE_DESTINATIONS and its key files, and allow the key to write and remove objects.",
        )
    return ok(finding, f"The destination {name} can be written.")
