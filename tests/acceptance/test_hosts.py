"""Workers on four hosts besides the one with the services: network faults lose and duplicate nothing."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import httpx
import numpy as np
import psycopg
import pytest
from PIL import Image

from blurline.access.tokens import LocalIssuer, Scope
from blurline.settings import Settings
from blurline.storage.inventory import ImageBucket
from blurline.storage.store import Store
from sql.engine.database import Database
from sql.upkeep.consistency import inspect
from tests.acceptance.hosts import Host, missing_for_hosts, running_hosts
from tests.acceptance.outcomes import assert_each_published_once
from tests.acceptance.services import Services, running_services
from tests.acceptance.stack import BLURLINE, finished, submit
from tests.pictures import HOPPER, encoded
from tests.waiting import TIMEOUT_S, wait_for

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]  # the first test starts the services and the workers too

NAMES = ("berlin", "cairo", "delhi", "essen")
FAULTS = Path(__file__).with_name("faults")
NO_GRACE_S = -60.0


@dataclass(frozen=True, slots=True)
class Site:
    """The services and the hosts that work for them."""

    services: Services
    hosts: dict[str, Host]

    @property
    def settings(self) -> Settings:
        """The settings of the services."""
        return self.services.settings

    @contextlib.contextmanager
    def client(self, user: str = "ann") -> Iterator[httpx.Client]:
        """A client of the API."""
        token = LocalIssuer(self.settings.home).issue(user, [Scope.SUBMIT], ttl_s=3600)
        authorization = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=self.settings.api.url, headers=authorization, timeout=TIMEOUT_S) as client:
            yield client

    def who_completed(self, job_id: str) -> set[str]:
        """The hosts that completed flow runs of the job."""
        wanted = {"flow_runs": {"tags": {"all_": [f"job:{job_id}"]}, "state": {"type": {"any_": ["COMPLETED"]}}}}
        runs = self.services.prefect.post("/flow_runs/filter", json=wanted).raise_for_status().json()
        return {run["infrastructure_pid"].partition(":")[0] for run in runs if run["infrastructure_pid"]}

    def count_unfinished(self) -> int:
        """The number of images that are not settled."""
        with psycopg.connect(self.settings.database.conninfo) as connection:
            ((found,),) = connection.execute("SELECT count(*) FROM images WHERE state IN ('queued', 'processing')")
        return int(found)

    def assert_published_once(self, client: httpx.Client, job_id: str, count: int) -> None:
        assert_each_published_once(self.settings.database.conninfo, client, job_id, count)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The services on this machine, and on each host a worker with one process, configured only by its environment."""
    if reason := missing_for_hosts():
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("hosts")
    with running_hosts(NAMES, folder) as (address, hosts):
        home = tmp_path_factory.mktemp("services")
        limits = {
            "batch_max_images": 4,
            "attempt_backoff_s": 1,
            "pending_patience_s": 10,
            "worker_drain_s": 10,
        }
        with running_services(home, address, **limits) as services:
            for host in hosts.values():
                (host.folder / "switch").mkdir()
                faults = {"PYTHONPATH": str(FAULTS), "TEST_FAULTS": str(host.folder / "switch")}
                ready = {"BLURLINE_WORKER_READY_FILE": str(host.folder / "ready")}
                environment = services.environment(host.folder) | faults | ready
                host.start([BLURLINE, "worker", "--limit", "1"], environment)
            wait_for("all workers are ready", lambda: all((h.folder / "ready").exists() for h in hosts.values()))
            yield Site(services, hosts)
            for host in hosts.values():
                host.line.restore()
                host.stop()


@pytest.fixture(autouse=True)
def _store_and_rows_agree(site: Site) -> Iterator[None]:
    """After each test, the store has exactly the results that rows name."""
    yield
    database, store = (
        Database(site.settings.database.conninfo, max_connections=1),
        Store(site.settings),
    )
    try:
        wait_for(
            "late results are gone",
            lambda: not inspect(database, store, ImageBucket.RESULTS, NO_GRACE_S).differences,
            every_s=1,
        )
    finally:
        store.close()
        database.close()


def hold(host: Host) -> None:
    """Make the host wait at the task that an image is named after."""
    (host.folder / "switch" / "hold").touch()


def is_held(host: Host) -> bool:
    return any((host.folder / "switch").glob("at-*"))


def let_go(host: Host) -> None:
    for mark in (host.folder / "switch").iterdir():
        mark.unlink()


def submit_until_held(site: Site, hosts: list[Host], task: str) -> dict[str, str]:
    """Jobs of one image by their owners, who do not wait for each other, until each host is held at the task.

    The jobs that no host holds have ended by then.
    """
    jobs: dict[str, str] = {}
    numbers = count()

    def submit_one() -> bool:
        owner = f"{task}-{next(numbers)}"
        with site.client(owner) as client:
            jobs[owner] = submit(client, [(f"{task}.jpg", HOPPER.read_bytes())])
        return all(map(is_held, hosts))

    for host in hosts:
        hold(host)
    for _ in NAMES:
        submit_one()
    wait_for(f"{[host.name for host in hosts]} are held at {task}", submit_one, every_s=2)
    wait_for("the others have ended", lambda: site.count_unfinished() == sum(map(is_held, site.hosts.values())))
    return jobs


def assert_all_published_once(site: Site, jobs: dict[str, str]) -> None:
    for owner, job_id in jobs.items():
        with site.client(owner) as client:
            site.assert_published_once(client, job_id, 1)


def assert_works(site: Site, hosts: list[Host]) -> None:
    """Wait until each host completes runs again."""
    with site.client() as client:

        def have_worked() -> bool:
            job_id = submit(client, [(f"{at}.jpg", HOPPER.read_bytes()) for at in range(12)])
            site.assert_published_once(client, job_id, 12)
            worked.update(site.who_completed(job_id))
            return worked >= {host.name for host in hosts}

        worked: set[str] = set()
        wait_for(f"{[host.name for host in hosts]} work", have_worked)


def test_hosts_share_a_backlog(site: Site) -> None:
    with site.client() as client:
        job_id = submit(client, [(f"{at}.jpg", HOPPER.read_bytes()) for at in range(32)])
        site.assert_published_once(client, job_id, 32)
    assert site.who_completed(job_id) == set(NAMES)


def test_slow_and_lossy_lines_make_nothing_fail(site: Site) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (1000, 1000, 3), dtype=np.uint8)
    large = encoded(Image.fromarray(noise), "JPEG", quality=85)
    files = [("large.jpg", large), *((f"{at}.jpg", HOPPER.read_bytes()) for at in range(7))]
    for host in site.hosts.values():
        host.line.slow(delay_s=0.2, loss=0.02, bits_per_s=2e6)
    with site.client() as client:
        job_id = submit(client, files)
        images = finished(client, job_id)
    for host in site.hosts.values():
        host.line.restore()
    assert {image["state"] for image in images.values()} == {"published"}
    with psycopg.connect(site.settings.database.conninfo) as connection:
        attempts = connection.execute(
            "SELECT outcome, count(*) FROM attempts JOIN images ON images.id = image_id WHERE job_id = %s GROUP BY 1",
            (job_id,),
        ).fetchall()
    assert attempts == [("published", len(files))]


def test_images_of_silent_hosts_move_to_another_host_and_the_hosts_work_again_once_reachable(site: Site) -> None:
    """One is cut off, one hears but is not heard, one is gone. Two are within the transaction of notify, whose
    locks must not outlive the silence."""
    berlin, cairo, delhi, essen = site.hosts.values()
    jobs = submit_until_held(site, [cairo], "upload") | submit_until_held(site, [berlin, delhi], "notify")
    cairo.vanish()
    berlin.line.cut()
    delhi.line.deafen()
    let_go(berlin)
    let_go(delhi)
    assert_all_published_once(site, jobs)
    berlin.line.restore()
    delhi.line.restore()
    assert_works(site, [berlin, delhi, essen])
    assert_all_published_once(site, jobs)
