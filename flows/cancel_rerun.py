"""cancel-rerun: calls off what is left of a re-run. Run it by hand from the Prefect UI."""

from __future__ import annotations

from uuid import UUID

from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.states import Cancelling

from sql.reruns.reruns import call_off_rerun
from tasks.resources import database


@flow(name="cancel-rerun", persist_result=False)
def cancel_rerun(rerun_id: UUID) -> str:
    """Call off what is left of a re-run; its images are as they were before.

    Args:
        rerun_id: The id that `rerun-backlog` gave, which is also the id of its flow run.
    """
    return call_off(rerun_id)


def call_off(rerun_id: UUID) -> str:
    """Close the open attempts, then end the flow runs that are at work on them."""
    images, flow_run_ids = call_off_rerun(database(), rerun_id)
    cancelling: State[None] = Cancelling(message="The re-run was cancelled.")
    with get_client(sync_client=True) as client:
        for flow_run_id in flow_run_ids:
            client.set_flow_run_state(flow_run_id, cancelling)
    return f"{images} images are as they were before the re-run"
