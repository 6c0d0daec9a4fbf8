"""Client methods for legal holds. For operators."""

from __future__ import annotations

from urllib.parse import quote
from uuid import UUID

from blurline.client.transport import Transport
from blurline.contract import Hold, HoldRequest, Holds


class HoldsClient:
    """Legal holds; reached through `Client.holds`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def of_job(self, job_id: UUID) -> list[Hold]:
        """All present and past holds on a job, its images and its owner, oldest first. Also for reviewers."""
        return self._transport.ask(Holds, "GET", f"/v1/jobs/{job_id}/holds").holds

    def place_on_job(self, job_id: UUID, reason: str) -> Hold:
        """Protect a job and its images from deletion."""
        return self._place(f"/v1/jobs/{job_id}/hold", reason)

    def place_on_image(self, image_id: UUID, reason: str) -> Hold:
        """Protect an image from deletion."""
        return self._place(f"/v1/images/{image_id}/hold", reason)

    def of_owner(self, owner: str) -> list[Hold]:
        """All present and past holds on an owner, oldest first. Also for reviewers."""
        return self._transport.ask(Holds, "GET", f"/v1/users/{quote(owner)}/holds").holds

    def place_on_owner(self, owner: str, reason: str) -> Hold:
        """Protect all present and future jobs of an owner from deletion."""
        return self._place(f"/v1/users/{quote(owner)}/hold", reason)

    def release_owner(self, owner: str) -> Hold:
        """Release the hold on an owner."""
        return self._release(f"/v1/users/{quote(owner)}/hold")

    def release_job(self, job_id: UUID) -> Hold:
        """Release the hold on a job."""
        return self._release(f"/v1/jobs/{job_id}/hold")

    def release_image(self, image_id: UUID) -> Hold:
        """Release the hold on an image."""
        return self._release(f"/v1/images/{image_id}/hold")

    def _place(self, path: str, reason: str) -> Hold:
        body = HoldRequest(reason=reason).model_dump()
        return self._transport.ask(Hold, "PUT", path, json=body)

    def _release(self, path: str) -> Hold:
        return self._transport.ask(Hold, "DELETE", path, is_repeatable=False)
