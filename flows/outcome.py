"""What a flow run shows in Prefect when it ends: a sentence as message of its state and in its log, and a table.

Prefect's own log handler and artifacts need threads and many requests. These are at most two requests, and none for an
ordinary run of `anonymize` or an idle one of `reconcile`: then only the state has the sentence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import structlog
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed

from blurline.orchestration.flow_runs import FlowRuns, PrefectUnavailable
from blurline.settings import load_settings

log = structlog.get_logger()

Row = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A sentence and, if there is something to list, the rows of a table. ``link``: the page of the dashboard."""

    sentence: str
    rows: Sequence[Row] = ()
    link: str = ""
    is_logged: bool = True


def completed(outcome: Outcome) -> State[None]:
    """Report the outcome in Prefect and return the state that the flow run ends in.

    A fault of Prefect changes nothing: the work is done.
    """
    if flow_run.id and (outcome.is_logged or outcome.rows):
        try:
            _report(UUID(flow_run.id), outcome)
        except PrefectUnavailable as error:
            log.warning("outcome_not_reported", flow_run_id=flow_run.id, error=str(error))
    return Completed(message=outcome.sentence)


def dashboard_link(page: str, **query: object) -> str:
    """The address of a page of the dashboard."""
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    return f"{load_settings().dashboard.url.rstrip('/')}/{page}" + (f"?{asked}" if asked else "")


def run_name(flow: str) -> str:
    """A name with the minute of the start, and whether it is a dry run."""
    kind = " (dry run)" if flow_run.parameters.get("dry_run") else ""
    return f"{flow} {datetime.now(UTC):%Y-%m-%d %H:%M}{kind}"


def _report(flow_run_id: UUID, outcome: Outcome) -> None:
    with closing(FlowRuns(load_settings())) as flow_runs:
        if outcome.is_logged:
            shown = f"{outcome.sentence} {outcome.link}".rstrip()
            flow_runs.write_log(flow_run_id, shown)
        if outcome.rows:
            link = f"\n\n[Open in Blurline]({outcome.link})" if outcome.link else ""
            flow_runs.write_table(flow_run_id, str(flow_run.flow_name), outcome.rows, outcome.sentence + link)
