"""Client methods for re-runs across jobs. For operators."""

from __future__ import annotations

from uuid import UUID

from blurline.client.transport import Transport
from blurline.contract import BacklogRerun, BacklogRerunRequest, CancelledRerun

RERUN_TIMEOUT_S = 1800.0
"""How long the answer may take: a re-run is one transaction, a minute or two for 100,000 images."""

_PATH = "/v1/reruns"


class RerunsClient:
    """Re-runs of a backlog."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def start(self, request: BacklogRerunRequest) -> BacklogRerun:
        """Re-run images or, in a dry run (the default), list them."""
        body = request.model_dump_json(exclude_unset=True)
        headers = {"Content-Type": "application/json"}
        return self._transport.ask(
            BacklogRerun, "POST", _PATH, is_repeatable=False, headers=headers, content=body, timeout=RERUN_TIMEOUT_S
        )

    def cancel(self, rerun_id: UUID) -> CancelledRerun:
        """Cancel what is left of a re-run of a backlog or a job."""
        path = f"{_PATH}/{rerun_id}/cancel"
        return self._transport.ask(CancelledRerun, "POST", path, timeout=RERUN_TIMEOUT_S)
