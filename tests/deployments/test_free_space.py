"""Small and full disks under the embedded stack."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from blurline.errors import ConfigurationError, StoreUnavailable
from blurline.storage.inventory import ImageBucket
from blurline.storage.store import Store
from deployments.embedded.free_space import FIRST_START_MB, LOW_MB, check_free_space, judge_free_space
from deployments.embedded.seaweed import most_volumes, volume_size_mb
from tests.acceptance.stack import BLURLINE
from tests.deletion.compaction import compact
from tests.servers import running_servers
from tests.waiting import TIMEOUT_S, wait_for

_PICTURE = os.urandom(4_000_000)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of 280 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=280m", "tmpfs", folder], check=False)
    if mounted.returncode != 0:
        pytest.skip("Only root can mount a small disk.")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_first_start_needs_space_and_says_how_much(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=f"needs {FIRST_START_MB} MB to start. Free some space, or set"):
        judge_free_space(tmp_path, FIRST_START_MB - 1, is_first_start=True)
    assert judge_free_space(tmp_path, FIRST_START_MB, is_first_start=True) is None


def test_a_folder_with_data_starts_with_a_warning(tmp_path: Path) -> None:
    assert "new pictures may be refused" in str(judge_free_space(tmp_path, LOW_MB - 1, is_first_start=False))
    assert judge_free_space(tmp_path, LOW_MB, is_first_start=False) is None
    assert check_free_space(tmp_path / "not" / "yet" / "there") is None


def test_volumes_are_smaller_where_less_space_is_free() -> None:
    sizes = [volume_size_mb(free_gb << 30) for free_gb in (0, 4, 16, 10_000)]
    assert sizes == [16, 128, 512, 1024]


def test_a_small_disk_has_room_for_its_volumes_and_for_compacting_them() -> None:
    assert most_volumes([], free_bytes=200 << 20) == (200 - 2 * 16) // 24
    assert most_volumes([24 << 20] * 5, free_bytes=80 << 20) == 5 + (80 - 2 * 16) // 24
    assert most_volumes([0] * 5, free_bytes=200 << 20) == 5 + (200 - 2 * 16 - 5 * 24) // 24
    assert most_volumes([], free_bytes=0) == 1
    assert most_volumes([], free_bytes=4 << 30) == 0


def test_up_refuses_a_disk_that_is_too_small(small_disk: Path) -> None:
    environment = os.environ | {"BLURLINE_HOME": str(small_disk / "home")}
    done = subprocess.run(
        [BLURLINE, "up"], env=environment, capture_output=True, text=True, check=False, timeout=TIMEOUT_S
    )
    assert done.returncode == 1
    assert "Blurline needs" in done.stderr and "Traceback" not in done.stderr
    assert not (small_disk / "home").exists()


@pytest.mark.long
def test_a_small_disk_is_used_until_it_is_full_and_again_after_deletions(small_disk: Path) -> None:
    with running_servers(small_disk / "home") as settings:
        store = Store(settings)
        for is_result in (False, True):
            _put(store, "first", is_result)
        written = _fill(store)
        assert written > 15, "60 MB fit beside the databases"
        psycopg.connect(settings.database.conninfo).close()
        store.remove_all(ImageBucket.RESULTS, [f"k{number}" for number in range(written)])

        def can_write() -> bool:
            compact(settings.home)
            try:
                _put(store, "again", is_result=True)
            except StoreUnavailable:
                return False
            return True

        wait_for("the store accepts pictures again", can_write, every_s=2)
        store.close()


def _fill(store: Store) -> int:
    """Write results until the store refuses; how many."""
    for number in range(300):
        try:
            _put(store, f"k{number}", is_result=True)
        except StoreUnavailable:
            return number
    raise AssertionError("280 MB do not hold 1.2 GB")


def _put(store: Store, key: str, is_result: bool) -> None:
    if is_result:
        store.put_result(key, _PICTURE, "image/jpeg")
    else:
        store.put_original_preview(key, _PICTURE, "image/jpeg")
