"""Automations and limits in Prefect: ours for lost heartbeats, and those that could stop or delay our flow runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from blurline.orchestration.flow_runs import FlowRuns
from deployments.deploy import HEARTBEAT_AUTOMATION, declared_deployments, is_heartbeat_automation
from deployments.doctor.prefect_deployments import Deployment
from deployments.doctor.prefect_pool import DEPLOY
from deployments.doctor.result import Finding, error, ok, warning

_STOPPING = {
    "cancel-flow-run": "cancel flow runs",
    "delete-flow-run": "delete flow runs",
    "suspend-flow-run": "suspend flow runs",
    "change-flow-run-state": "change the state of flow runs",
    "run-deployment": "start flow runs",
    "pause-deployment": "pause deployments",
    "pause-work-pool": "pause the work pool",
    "pause-work-queue": "pause queues",
    "pause-automation": "pause automations",
}
_TARGETS = ("deployment_id", "work_pool_id", "work_queue_id", "automation_id")
_NAMED = ("prefect.deployment.", "prefect.flow.", "prefect.work-pool.", "prefect.work-queue.", "prefect.tag.")

Automation = dict[str, Any]


def automations(server: FlowRuns, found: dict[str, Deployment], pool: str) -> Iterator[Finding]:
    """Check the automations and the limits of tags."""
    existing: list[Automation] = server.read("/automations/filter", {"limit": 200})
    yield _heartbeat([each for each in existing if each["name"] == HEARTBEAT_AUTOMATION["name"]])
    ours = _our_resources(server, existing, found, pool)
    dangerous = [
        f"{each['name']!r} can {does}"
        for each in existing
        if each["enabled"] and each["name"] != HEARTBEAT_AUTOMATION["name"] and (does := _does(each, ours))
    ]
    if dangerous:
        yield warning(
            "prefect.automations",
            f"Other automations can stop or start work of Blurline: {'; '.join(dangerous)}.",
            "Disable or delete them in Prefect, under Automations, or have their triggers name other deployments.",
        )
    limits = [each for each in server.read("/v2/concurrency_limits/filter", {"limit": 200}) if each["active"]]
    tags = {f"tag:{tag}" for declared in declared_deployments() for tag in declared.get("tags", [])}
    if limited := [f"{each['name'].removeprefix('tag:')} ({each['limit']})" for each in limits if each["name"] in tags]:
        yield warning(
            "prefect.limits",
            f"The tags {', '.join(limited)} have a concurrency limit, so tasks wait although workers are free.",
            "Delete the limit in Prefect, under Concurrency.",
        )


def _heartbeat(found: list[Automation]) -> Finding:
    name, wanted = "prefect.automation", HEARTBEAT_AUTOMATION["name"]
    says = "Runs whose worker has died are not marked as crashed, so their images wait for the deadline."
    if not found:
        return error(name, f"The automation {wanted!r} does not exist. {says}", DEPLOY)
    enabled = [each for each in found if each["enabled"]]
    if not enabled:
        return error(name, f"The automation {wanted!r} is disabled. {says}", "Enable it in Prefect, under Automations.")
    if not all(map(is_heartbeat_automation, enabled)):
        return error(name, f"The automation {wanted!r} has been changed, so it can stop runs that are alive.", DEPLOY)
    return ok(name, f"The automation {wanted!r} is enabled.")


def _our_resources(server: FlowRuns, existing: list[Automation], found: dict[str, Deployment], pool: str) -> set[str]:
    """The ids of what belongs to Blurline, and the names by which a trigger can refer to it."""
    queues = server.read(f"/work_pools/{pool}/queues/filter", {}) or []
    pools = [server.read(f"/work_pools/{pool}") or {}]
    own = [each for each in existing if each["name"] == HEARTBEAT_AUTOMATION["name"]]
    ids = {str(each["id"]) for each in (*found.values(), *queues, *pools, *own) if "id" in each}
    ids |= {str(each["flow_id"]) for each in found.values()}
    tags = {tag for each in found.values() for tag in each["tags"]}
    return ids | {f"{kind}{each}" for each in ids | tags for kind in _NAMED}


def _does(automation: Automation, ours: set[str]) -> str:
    """What an automation can do to Blurline; empty if nothing."""
    actions = [
        action
        for moment in ("actions", "actions_on_trigger", "actions_on_resolve")
        for action in automation.get(moment) or []
    ]
    harmful = {_STOPPING[each["type"]] for each in actions if each["type"] in _STOPPING and _can_hit(each, ours)}
    named = {each for each in _references(automation["trigger"]) if each.startswith(_NAMED)}
    selects = any(str(each[target]) in ours for each in actions for target in _TARGETS if each.get(target))
    if not selects and named and not any(each in ours or each.endswith("*") for each in named):
        return ""  # the trigger fires for resources of others only
    return " and ".join(sorted(harmful))


def _can_hit(action: Automation, ours: set[str]) -> bool:
    """Whether an action applies to what its trigger finds, or to a selected part of Blurline."""
    selected = [str(action[target]) for target in _TARGETS if action.get(target)]
    if action["type"] == "run-deployment":
        return any(each in ours for each in selected)
    return not selected or any(each in ours for each in selected)


def _references(trigger: Any) -> Iterator[str]:
    """Every resource that a trigger names, also in the triggers within it."""
    if isinstance(trigger, dict):
        for each in trigger.values():
            yield from _references(each)
    elif isinstance(trigger, list):
        for each in trigger:
            yield from _references(each)
    elif isinstance(trigger, str):
        yield trigger
