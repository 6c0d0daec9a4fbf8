"""`blurline consistency`, as an operator runs it after a backup was restored."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from blurline.ids import new_id
from blurline.storage.inventory import ImageBucket
from tests.servers import environment_of
from tests.stored_images import OWN_HASH, StoredImages


def asked(stored_images: StoredImages, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "blurline", "consistency", *options],
        env=environment_of(stored_images.settings),
        capture_output=True,
        text=True,
        check=False,
    )


def told(stored_images: StoredImages, *options: str) -> tuple[int, list[dict[str, Any]]]:
    done = asked(stored_images, "--json", *options)
    return done.returncode, json.loads(done.stdout)


def test_differences_are_listed_and_repaired_only_on_request(
    stored_images: StoredImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored_images.submit(2)
    stored_images.publish()
    assert told(stored_images)[0] == 0
    ((image_id, original),) = stored_images.rows("SELECT id, original_key FROM images ORDER BY id LIMIT 1")
    stored_images.store.remove_original(str(original))
    upload = f"{OWN_HASH}/{new_id()}"
    stored_images.store.put_original_preview(upload, b"not submitted yet", "image/jpeg")

    code, (originals, results) = told(stored_images)
    assert code == 1
    assert (originals["missing_count"], originals["young"], results["missing_count"]) == (1, 1, 0)
    assert originals["missing"] == [{"image_id": str(image_id), "key": original}]
    text = asked(stored_images)
    assert text.returncode == 1
    assert f"{image_id} ({original})" in text.stdout

    code, (originals, _) = told(stored_images, "--repair")
    assert (code, originals["mended"]) == (0, {"orphans_removed": 0, "missing_noted": 1, "returned_noted": 0})
    code, (originals, _) = told(stored_images)
    assert (code, originals["known_missing"]) == (0, 1)
    assert upload in stored_images.keys(ImageBucket.ORIGINALS)
