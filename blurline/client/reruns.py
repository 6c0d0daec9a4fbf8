"""Client methods for re-runs across jobs. For operators."""

from __future__ import annotations

from uuid import UUID

from blurline.client.transport import Transport
from blurline.contract import BacklogRerun, BacklogRerunRequest, CancelledRerun

_PATH = "/v1/reruns"


class RerunsClient:
    """Re-runs of a backlog."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def start(self, request: BacklogRerunRequest) -> BacklogRerun:
        """Re-run images or, in a dry run (the default), list them."""
        content = {
            "headers": {"Content-Type": "application/json"},
            "content": request.model_dump_json(exclude_unset=True),
        }
        return self._transport.ask(BacklogRerun, "POST", _PATH, is_repeatable=False, **content)

    def cancel(self, rerun_id: UUID) -> CancelledRerun:
        """Cancel what is left of a re-run of a backlog or a job."""
        return self._transport.ask(CancelledRerun, "POST", f"{_PATH}/{rerun_id}/cancel")
