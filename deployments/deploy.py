"""Set up Prefect: the work pool and its queues, the heartbeat automation, the deployments of ``prefect.yaml``."""

from __future__ import annotations

import asyncio
import hashlib
import os
import runpy
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from blurline.errors import ConfigurationError
from blurline.orchestration.flow_runs import NO_HEARTBEAT, FlowRuns, PrefectRefused, PrefectUnavailable
from blurline.settings import Settings, load_settings
from blurline.version import VERSION
from deployments.shipped import shipped

QUEUE_PRIORITY = {"express": 1, "interactive": 2, "backlog": 3, "control": 4, "housekeeping": 5}
_PREFECT_FILE = shipped("prefect.yaml")
_LIMIT_S = 300
_FLOWS = Path(__file__).parents[1] / "flows"
_RELEASE = "RELEASE_OF_BLURLINE"  # the variable in prefect.yaml for the version of every deployment


def deploy(environment: Mapping[str, str] | None = None) -> None:
    """Create or update the pool, its queues and every deployment.

    Uses a process of its own, because Prefect reads its settings when it is imported. Raises PrefectUnavailable when
    Prefect does not respond, and ConfigurationError when it refuses what is set up.
    """
    given = environment or os.environ
    check_prefect(Settings.of(given))
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "deployments.deploy"],
            env={**given, _RELEASE: VERSION},
            cwd=_PREFECT_FILE.parent,  # Prefect imports flows from the current folder first
            capture_output=True,
            text=True,
            timeout=_LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise PrefectUnavailable(f"Prefect was not set up within {_LIMIT_S} s. Look at its log.") from error
    if done.returncode != 0:
        lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        raise ConfigurationError(f"Prefect could not be set up: {lines[-1] if lines else 'it says no more'}")


def check_prefect(settings: Settings) -> None:
    """Raise PrefectUnavailable, with what to do, unless a Prefect server responds and accepts our credentials."""
    with closing(FlowRuns(settings)) as server:
        try:
            server.read("/admin/version")
        except PrefectRefused as error:
            raise PrefectRefused(f"{error} Correct PREFECT_API_AUTH_STRING or PREFECT_API_KEY.") from error
        except PrefectUnavailable as error:
            raise PrefectUnavailable(
                f"{settings.prefect.api_url} does not respond like Prefect: {error} "
                "Start Prefect, or correct PREFECT_API_URL."
            ) from error


def declared_deployments() -> list[dict[str, Any]]:
    """The deployments that `deploy` creates, as written in ``prefect.yaml``."""
    declared: list[dict[str, Any]] = yaml.safe_load(_PREFECT_FILE.read_text())["deployments"]
    return declared


def deployments_fingerprint() -> str:
    """A hash that changes with what `deploy` writes to Prefect."""
    digest = hashlib.sha256(VERSION.encode())
    for path in sorted([_PREFECT_FILE, Path(__file__), *_FLOWS.glob("*.py")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()


async def _set_up_pool(name: str) -> None:
    from prefect import get_client
    from prefect.client.schemas.actions import WorkPoolCreate, WorkPoolUpdate
    from prefect.exceptions import ObjectNotFound

    from deployments.worker import WarmWorker

    template = WarmWorker.get_default_base_job_template()
    description = "Finds and destroys faces. Workers join with `blurline worker`."
    async with get_client() as client:
        try:
            await client.read_work_pool(name)
            await client.update_work_pool(name, WorkPoolUpdate(base_job_template=template))
        except ObjectNotFound:
            await client.create_work_pool(
                WorkPoolCreate(name=name, type=WarmWorker.type, description=description, base_job_template=template)
            )
        for queue, priority in QUEUE_PRIORITY.items():
            try:
                await client.read_work_queue_by_name(queue, work_pool_name=name)
            except ObjectNotFound:
                await client.create_work_queue(name=queue, work_pool_name=name, priority=priority)


HEARTBEAT_AUTOMATION: dict[str, Any] = {
    "name": "Blurline: runs without heartbeat have crashed",
    "description": "Marks a run as crashed after 90 seconds without a heartbeat: its worker has died.",
    "enabled": True,
    "trigger": {
        "type": "event",
        "posture": "Proactive",
        "match": {"prefect.resource.id": ["prefect.flow-run.*"]},
        "for_each": ["prefect.resource.id"],
        "after": ["prefect.flow-run.heartbeat"],
        "expect": [
            "prefect.flow-run.heartbeat",
            *(f"prefect.flow-run.{state}" for state in ("Completed", "Failed", "Cancelled", "Crashed")),
        ],
        "threshold": 1,
        "within": 90,
    },
    "actions": [{"type": "change-flow-run-state", "state": "CRASHED", "message": NO_HEARTBEAT}],
}


def is_heartbeat_automation(found: Mapping[str, Any]) -> bool:
    """Whether an automation, as Prefect returns it, does what `HEARTBEAT_AUTOMATION` says."""
    return all(
        _is_same(found["trigger"].get(name), wanted) for name, wanted in HEARTBEAT_AUTOMATION["trigger"].items()
    ) and [(each["type"], each.get("state")) for each in found["actions"]] == [
        (each["type"], each["state"]) for each in HEARTBEAT_AUTOMATION["actions"]
    ]


def _is_same(found: Any, wanted: Any) -> bool:
    """Whether two values agree; Prefect returns some lists as sets, and a list of one value as the value."""
    if isinstance(wanted, list):
        return set([found] if isinstance(found, str) else found or []) == set(wanted)
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(_is_same(found.get(name), each) for name, each in wanted.items())
    return bool(found == wanted)


async def _set_up_automation() -> None:
    from prefect import get_client
    from prefect.events.schemas.automations import AutomationCore

    wanted = AutomationCore.model_validate(HEARTBEAT_AUTOMATION)
    async with get_client() as client:
        found = await client.read_automations_by_name(wanted.name)
        if not found:
            await client.create_automation(wanted)
        for each in found:
            if not is_heartbeat_automation(each.model_dump(mode="json")):
                await client.update_automation(each.id, wanted.model_copy(update={"enabled": each.enabled}))


async def _delete_missed_runs() -> None:
    """Delete overdue runs of schedules from the queues of pictures, where release 0.2.0 and older put them.

    They would come before newer pictures, and Prefect leaves them there when a deployment changes its queue.
    """
    from prefect import get_client

    missed: dict[str, Any] = {
        "state": {"type": {"any_": ["SCHEDULED"]}},
        "created_by": {"type_": ["SCHEDULE"]},
        "work_queue_name": {"any_": ["interactive", "backlog"]},
        "expected_start_time": {"before_": datetime.now(UTC).isoformat()},
    }
    names = [each["name"] for each in declared_deployments() if "schedules" in each]
    async with get_client() as client:
        found = await client.request("POST", "/deployments/filter", json={"deployments": {"name": {"any_": names}}})
        missed["deployment_id"] = {"any_": [each["id"] for each in found.json()]}
        path: Any = "/flow_runs/bulk_delete"  # missing in the types of Prefect's client
        while (await client.request("POST", path, json={"flow_runs": missed})).json()["deleted"]:
            pass


async def _set_up(pool: str) -> None:
    await _set_up_pool(pool)
    await _delete_missed_runs()
    await _set_up_automation()


if __name__ == "__main__":
    asyncio.run(_set_up(load_settings().prefect.work_pool))
    sys.argv = ["prefect", "--no-prompt", "deploy", "--all", "--prefect-file", str(_PREFECT_FILE)]
    runpy.run_module("prefect", run_name="__main__")
