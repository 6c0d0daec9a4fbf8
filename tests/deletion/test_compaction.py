"""What is deleted leaves the disk of the embedded store once the store has compacted its volumes."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import yaml

from blurline.settings import Settings
from blurline.storage.inventory import ImageBucket
from blurline.storage.preview_keys import PreviewSize, preview_key
from deployments.containers import __file__ as containers
from deployments.store_security import COMPACTION
from sql.deletion.object_removal import remove_objects
from tests.api_requests import publish_all
from tests.deletion.compaction import compact
from tests.pictures import HOPPER
from tests.stored_images import StoredImages
from tests.waiting import wait_for


def test_the_bytes_of_a_deleted_job_leave_the_disk(
    client: httpx.Client, servers: Settings, stored_images: StoredImages
) -> None:
    """Its original, result and preview; those of another job stay in the same volumes."""
    deleted, kept = (_published(client, stored_images) for _ in range(2))
    assert all(_holders(servers.home, marker) for marker in deleted.markers), "the store keeps bytes as they are"
    client.delete(f"/v1/jobs/{deleted.job_id}").raise_for_status()
    while remove_objects(stored_images.database, stored_images.store).tried:
        pass

    def has_left_the_disk() -> bool:
        compact(servers.home)
        return not any(_holders(servers.home, marker) for marker in deleted.markers)

    wait_for("the deleted bytes have left the disk", has_left_the_disk, every_s=1)
    assert all(_holders(servers.home, marker) for marker in kept.markers)


def test_stores_compact_after_every_removal_without_being_asked(servers: Settings) -> None:
    wanted = {f"-{name}={value}" for name, value in COMPACTION.items()}
    process = json.loads((servers.home / "processes.json").read_text())["volumes"]["pid"]
    assert wanted <= set(psutil.Process(process).cmdline())
    composition = yaml.safe_load(Path(containers).with_name("compose.yaml").read_text())
    assert wanted <= set(composition["services"]["store"]["command"])


@dataclass(frozen=True, slots=True)
class _Job:
    """A published job of one image, and random bytes in its original, its result and a preview."""

    job_id: str
    markers: tuple[bytes, ...]


def _published(client: httpx.Client, stored_images: StoredImages) -> _Job:
    original, result, preview = (secrets.token_bytes(64) for _ in range(3))
    earlier = stored_images.keys(ImageBucket.ORIGINALS)
    jpeg = HOPPER.read_bytes()
    data = jpeg[:2] + b"\xff\xfe" + (len(original) + 2).to_bytes(2) + original + jpeg[2:]  # a comment
    job = client.post("/v1/jobs", files=[("files", ("a.jpg", data))]).raise_for_status().json()
    publish_all(stored_images.database, stored_images.settings, stored_images.store, result)
    (key,) = stored_images.keys(ImageBucket.ORIGINALS) - earlier
    stored_images.store.put_original_preview(preview_key(key, PreviewSize.THUMB), preview, "image/jpeg")
    return _Job(job["id"], (original, result, preview))


def _holders(home: Path, marker: bytes) -> list[Path]:
    """The files of the data folder that contain the marker."""
    found = []
    for path in home.rglob("*"):
        try:
            if path.is_file() and marker in path.read_bytes():
                found.append(path)
        except FileNotFoundError:
            continue
    return found
