"""The deployments in Prefect, compared with `prefect.yaml`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from blurline.orchestration.flow_runs import FlowRuns
from blurline.version import VERSION
from deployments.deploy import declared_deployments
from deployments.doctor.prefect_pool import DEPLOY
from deployments.doctor.result import Finding, error, ok, warning

RECONCILE = "reconcile"
_ESSENTIAL = {"anonymize", RECONCILE}
_CANCELS = "CANCEL_NEW"

Deployment = dict[str, Any]


def read_deployments(server: FlowRuns) -> dict[str, Deployment]:
    """What Prefect has of the declared deployments, by name."""
    found = {}
    for declared in declared_deployments():
        flow = str(declared["entrypoint"]).rsplit(".", 1)[1].replace("_", "-")
        deployment = server.read(f"/deployments/name/{flow}/{declared['name']}")
        if deployment is not None:
            found[str(declared["name"])] = deployment
    return found


def check_deployments(found: dict[str, Deployment], pool: str) -> Iterator[Finding]:
    """Check every declared deployment."""
    for declared in declared_deployments():
        yield _deployment(found.get(declared["name"]), declared, pool)


def _deployment(found: Deployment | None, declared: Deployment, pool: str) -> Finding:
    name = f"prefect.deployment.{declared['name']}"
    finding = error if declared["name"] in _ESSENTIAL else warning
    if found is None:
        return error(name, "The deployment does not exist.", DEPLOY)
    if differing := _differences(
        ("the entrypoint", found["entrypoint"], declared["entrypoint"]),
        ("the work pool", found["work_pool_name"], pool),
        ("the queue", found["work_queue_name"], declared["work_pool"]["work_queue_name"]),
    ):
        return error(name, f"The deployment belongs to another Blurline: {differing}.", DEPLOY)
    if limit := found.get("global_concurrency_limit"):
        does = "cancels" if _strategy(found) == _CANCELS else "delays"
        return finding(
            name,
            f"The deployment has a concurrency limit of {limit['limit']}, which {does} its other flow runs.",
            "Remove the limit in Prefect, in the settings of the deployment.",
        )
    if found["paused"] or (declared.get("schedules") and not any(each["active"] for each in found["schedules"])):
        severe = error if declared["name"] == RECONCILE else warning
        return severe(name, "The deployment or its schedule is paused.", f"Resume it in Prefect. {_OR_DEPLOY}")
    if _schedules(found["schedules"]) != _declared_schedules(declared):
        return finding(name, "The schedules of the deployment have been changed.", DEPLOY)
    if differing := _differences(
        ("the parameters", found["parameters"] or {}, {}),
        ("the job variables", found["job_variables"] or {}, {}),
    ):
        return finding(name, f"The deployment has been changed: {differing}.", DEPLOY)
    if found["version"] != VERSION:
        says = f"The deployment has the version {found['version']!r}, not {VERSION!r}."
        return warning(name, says, f"{DEPLOY} Do not use `prefect deploy`, which does not know the version.")
    return ok(name, "The deployment is up to date.")


_OR_DEPLOY = "If a schedule was deleted, run `blurline deploy`."


def _differences(*compared: tuple[str, object, object]) -> str:
    return "; ".join(f"{what} is {is_!r}, not {should!r}" for what, is_, should in compared if is_ != should)


def _strategy(found: Deployment) -> str | None:
    return (found.get("concurrency_options") or {}).get("collision_strategy")


def _schedules(found: list[Deployment]) -> list[tuple[object, ...]]:
    """What matters of the active schedules."""
    return sorted(
        (*_times(each["schedule"]), each.get("max_scheduled_runs"), str(each.get("parameters") or {}))
        for each in found
        if each["active"]
    )


def _declared_schedules(declared: Deployment) -> list[tuple[object, ...]]:
    return sorted((*_times(each), None, "{}") for each in declared.get("schedules", []))


def _times(schedule: Deployment) -> tuple[str, str, str]:
    """The kind, the times, and the time zone where it matters."""
    if schedule.get("interval") is not None:
        return "interval", f"{float(schedule['interval']):g}", ""
    kind = "cron" if schedule.get("cron") else "rrule"
    return kind, str(schedule.get(kind)), str(schedule.get("timezone") or "UTC")
