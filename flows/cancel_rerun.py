"""cancel-rerun: cancels the rest of a re-run. Run it by hand from the Prefect UI."""

from __future__ import annotations

from contextlib import closing
from typing import Annotated
from uuid import UUID

from prefect import flow
from prefect.client.schemas.objects import State

from blurline.orchestration.flow_runs import FlowRuns
from blurline.settings import load_settings
from flows.form import titled
from flows.outcome import Outcome, completed, dashboard_link
from sql.jobs.cancellations import cancel_flow_runs
from sql.reruns.reruns import cancel_attempts_of_rerun
from tasks.resources import database


@flow(name="cancel-rerun", flow_run_name="cancel re-run {rerun_id}", persist_result=False)
def cancel_rerun(
    rerun_id: Annotated[
        UUID, titled("Re-run id", "The id that `rerun-backlog` reports, which is also the id of its flow run.")
    ],
) -> State[None]:
    """Cancel the rest of a re-run; its images return to their previous state."""
    return completed(Outcome(f"{cancel_rest(rerun_id)}.", link=dashboard_link("system")))


def cancel_rest(rerun_id: UUID) -> str:
    """Close the open attempts, then cancel their flow runs."""
    images = cancel_attempts_of_rerun(database(), rerun_id)
    with closing(FlowRuns(load_settings())) as flow_runs:
        while cancel_flow_runs(database(), flow_runs.cancel):
            pass
    return f"{images} images returned to their state before the re-run"
