"""The client, with a method for each operation of the API."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Literal, Self, TypeVar
from urllib.parse import quote
from uuid import UUID

import httpx

from blurline.client.errors import ApiRefused, UploadRefused
from blurline.client.exports import ExportsClient
from blurline.client.imports import ImportsClient
from blurline.client.legal_holds import HoldsClient
from blurline.client.paging import following, given
from blurline.client.reruns import RERUN_TIMEOUT_S, RerunsClient
from blurline.client.search import SearchClient
from blurline.client.statistics import StatisticsClient
from blurline.client.transport import OnWait, Token, Transport, wait_silently
from blurline.client.webhooks import WebhooksClient
from blurline.contract import (
    ApprovalRequest,
    CorrectionRequest,
    CreatedJob,
    Decision,
    Decisions,
    DeletionReceipt,
    DetectedClass,
    DetectedClasses,
    Detections,
    Health,
    Image,
    ImagePage,
    ImageState,
    ImageWithDetections,
    IssuedToken,
    Job,
    JobOptions,
    JobPage,
    JobRequest,
    JobState,
    Me,
    NextReview,
    Preset,
    Presets,
    Quotas,
    RejectionRequest,
    Rerun,
    RerunRequest,
    ReviewRequest,
    ReviewSelection,
    ReviewTask,
    SentToReview,
    SubmissionLimits,
    System,
    Tiles,
    Upload,
    Uploads,
    UploadsRequest,
    User,
    UserPage,
)
from blurline.contract.deletion_proof import SignedDeletion

T = TypeVar("T")

PreviewOf = Literal["result", "original"]
_CUTTING_TIMEOUT_S = 180
PreviewSize = Literal["thumb", "view"]

_NOT_THERE = {HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.GONE}


class Client:
    """A client for the API at an address, as the token's user. Safe to share between threads; close it after use.

    Temporary failures are retried for up to ``patience_s`` where that cannot do a thing twice; before the first answer,
    for a few seconds only. ``on_wait`` is called before each pause, in the thread that pauses. Every method raises
    ApiRefused, ApiUnavailable, ApiUnreachable and NotTheApi.
    """

    def __init__(self, api_url: str, token: Token, *, patience_s: float = 60, on_wait: OnWait = wait_silently) -> None:
        self._transport = Transport(api_url, token, patience_s, on_wait)
        self.webhooks = WebhooksClient(self._transport)
        self.statistics = self.figures = StatisticsClient(self._transport)  # `figures` is the name up to 0.2.0
        self.exports = ExportsClient(self._transport)
        self.reruns = RerunsClient(self._transport)
        self.imports = ImportsClient(self._transport)
        self.holds = HoldsClient(self._transport)
        self.search = SearchClient(self._transport)

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def create_uploads(self, count: int = 1, max_bytes: int | None = None) -> list[Upload]:
        """Create presigned forms, each for one upload of up to ``max_bytes``. Raises QuotaExceeded."""
        request = UploadsRequest(count=count, max_bytes=max_bytes).model_dump(exclude_none=True)
        response = self._transport.request("POST", "/v1/uploads", json=request)
        return self._parsed(Uploads, response).uploads

    def upload(self, upload: Upload, file: BinaryIO) -> None:
        """Send an open file directly to the store. Raises UploadRefused, UploadFailed."""
        size_bytes = file.seek(0, os.SEEK_END)
        if size_bytes > upload.max_bytes:
            raise UploadRefused(f"The file has {size_bytes / 1e6:.2f} MB; the limit is {upload.max_bytes / 1e6:g} MB.")
        self._transport.upload(upload.url, upload.fields, file)

    def submit(self, request: JobRequest, idempotency_key: str | None = None) -> CreatedJob:
        """Submit uploads or URLs as a job."""
        return self.submit_text(request.model_dump_json(exclude_unset=True), idempotency_key)

    def submit_text(self, request: str, idempotency_key: str | None = None) -> CreatedJob:
        """Submit the JSON of a JobRequest. With a key, repeating the same text creates no second job."""
        headers = {"Content-Type": "application/json"}
        return self._post_job(idempotency_key, headers=headers, content=request.encode())

    def submit_files(
        self, paths: Sequence[Path], options: JobOptions | None = None, idempotency_key: str | None = None
    ) -> CreatedJob:
        """Submit a few files within one request. Raises TypeError, ValueError, OSError."""
        if isinstance(paths, str | os.PathLike) or not all(isinstance(path, Path) for path in paths):
            raise TypeError('paths must be a list of pathlib.Path, as in [Path("a.jpg")].')
        if not paths:
            raise ValueError("paths is empty; give at least one picture.")
        chosen = (options or JobOptions()).model_dump(mode="json", exclude_unset=True)
        fields = {name: value if name == "preset" else json.dumps(value) for name, value in chosen.items()}
        with ExitStack() as stack:
            names = [path.name.encode(errors="replace").decode() for path in paths]  # a file name may not be valid text
            opened = [stack.enter_context(path.open("rb")) for path in paths]
            files = [("files", (name, file)) for name, file in zip(names, opened, strict=True)]
            return self._post_job(idempotency_key, data=fields, files=files)

    def job(self, job_id: UUID) -> Job:
        """A job and its progress."""
        return self._get(Job, f"/v1/jobs/{job_id}")

    def jobs(
        self, *, state: JobState | None = None, labels: Mapping[str, str] | None = None, page_size: int = 100
    ) -> Iterator[Job]:
        """The jobs that the caller can view, newest first; only those with all of ``labels``."""
        for page in following(lambda cursor: self.job_page(cursor, page_size, state=state, labels=labels)):
            yield from page.jobs

    def job_page(
        self,
        cursor: str | None = None,
        page_size: int = 100,
        *,
        state: JobState | None = None,
        labels: Mapping[str, str] | None = None,
        owner: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> JobPage:
        """One page of jobs from ``cursor`` on; ``owner`` is for reviewers and operators."""
        label = [f"{name}:{value}" for name, value in (labels or {}).items()]
        times = {"since": since and since.isoformat(), "until": until and until.isoformat()}
        wanted = {"cursor": cursor, "limit": page_size, "state": state, "label": label, "owner": owner, **times}
        return self._get(JobPage, "/v1/jobs", params=given(wanted))

    def images(self, job_id: UUID, *, state: ImageState | None = None, page_size: int = 1000) -> Iterator[Image]:
        """The images of a job, in order of submission."""
        for page in following(lambda cursor: self.image_page(job_id, cursor, page_size, state=state)):
            yield from page.images

    def image_page(
        self, job_id: UUID, cursor: str | None = None, page_size: int = 100, *, state: ImageState | None = None
    ) -> ImagePage:
        """One page of images, from ``cursor`` on."""
        wanted = given({"cursor": cursor, "limit": page_size, "state": state})
        return self._get(ImagePage, f"/v1/jobs/{job_id}/images", params=wanted)

    def image(self, image_id: UUID) -> ImageWithDetections:
        """An image and its detections."""
        return self._get(ImageWithDetections, f"/v1/images/{image_id}")

    def detections(self, image_id: UUID) -> Detections:
        """All detections of an image, highest score first."""
        return self._get(Detections, f"/v1/images/{image_id}/detections")

    def result(self, image_id: UUID, file: BinaryIO) -> None:
        """Write a published result into an open file."""
        self._transport.download(f"/v1/images/{image_id}/result", file)

    def preview(self, image_id: UUID, of: PreviewOf = "result", size: PreviewSize = "thumb") -> bytes | None:
        """A small JPEG of an image; None if there is none or it is not visible to the caller."""
        try:
            wanted = {"of": of, "size": size}
            return self._transport.request("GET", f"/v1/images/{image_id}/preview", params=wanted).content
        except ApiRefused as refused:
            if refused.status in _NOT_THERE:
                return None
            raise

    def tiles(self, image_id: UUID, of: PreviewOf = "result") -> Tiles:
        """What the tiles of an image show. The first request for a large picture takes seconds."""
        return self._get(Tiles, f"/v1/images/{image_id}/tiles", params={"of": of}, timeout=_CUTTING_TIMEOUT_S)

    def tile(self, image_id: UUID, of: PreviewOf, frame: int, level: int, column: int, row: int) -> bytes:
        """A part of an image: a JPEG."""
        path, wanted = f"/v1/images/{image_id}/tiles/{level}/{column}/{row}", {"of": of, "frame": frame}
        return self._transport.request("GET", path, params=wanted).content

    def archive(self, job_id: UUID, file: BinaryIO) -> None:
        """Write a ZIP of a job's published results into an open file."""
        self._transport.download(f"/v1/jobs/{job_id}/archive", file)

    def next_review(self, skip: Sequence[UUID] = ()) -> ReviewTask | None:
        """Claim the most doubtful unclaimed image that waits for a review. Review methods are for reviewers."""
        body = ReviewRequest(skip=list(skip)).model_dump(mode="json")
        return self._parsed(NextReview, self._transport.request("POST", "/v1/reviews/next", json=body)).task

    def claim(self, image_id: UUID) -> ReviewTask:
        """Claim an image in any state, or extend a claim."""
        return self._parsed(ReviewTask, self._transport.request("POST", f"/v1/images/{image_id}/claim"))

    def release(self, image_id: UUID) -> None:
        """Release a claimed image."""
        self._transport.request("POST", f"/v1/images/{image_id}/release")

    def approve(self, image_id: UUID, result_sha256: str, frames_shown: Iterable[int] = ()) -> ImageWithDetections:
        """Publish a result that waits for a review, if it is the reviewed one with this SHA-256. A result of several
        frames is published only when the reviewer has seen all of them."""
        request = ApprovalRequest(result_sha256=result_sha256, frames_shown=list(frames_shown))
        body = request.model_dump(mode="json", exclude_defaults=True)  # an older API knows no frames
        path = f"/v1/images/{image_id}/approve"
        return self._parsed(ImageWithDetections, self._transport.request("POST", path, json=body, is_repeatable=False))

    def reject(self, image_id: UUID, note: str = "") -> ImageWithDetections:
        """Withdraw a result, published or not."""
        body = RejectionRequest(note=note).model_dump()
        path = f"/v1/images/{image_id}/reject"
        return self._parsed(ImageWithDetections, self._transport.request("POST", path, is_repeatable=False, json=body))

    def correct(self, image_id: UUID, request: CorrectionRequest) -> ImageWithDetections:
        """Render an image again with these boxes destroyed; until then its old result stays."""
        body = request.model_dump(mode="json")
        path = f"/v1/images/{image_id}/correct"
        return self._parsed(ImageWithDetections, self._transport.request("POST", path, is_repeatable=False, json=body))

    def decisions(self, image_id: UUID) -> list[Decision]:
        """Every decision on an image, oldest first."""
        return self._get(Decisions, f"/v1/images/{image_id}/decisions").decisions

    def send_to_review(self, job_id: UUID, selection: ReviewSelection) -> int:
        """Send published images of a job to review; for reviewers also rejected ones. Return how many."""
        body = selection.model_dump(mode="json", exclude_none=True)
        return self._parsed(
            SentToReview, self._transport.request("POST", f"/v1/jobs/{job_id}/review", json=body)
        ).images

    def original(self, image_id: UUID, file: BinaryIO) -> None:
        """Write an original, which shows faces, into an open file. Every access is recorded."""
        self._transport.download(f"/v1/images/{image_id}/original", file)

    def cancel(self, job_id: UUID) -> Job:
        """Cancel the unfinished images of a job."""
        return self._parsed(Job, self._transport.request("POST", f"/v1/jobs/{job_id}/cancel"))

    def rerun(self, job_id: UUID, request: RerunRequest) -> Rerun:
        """Re-run images of a job, with fields of their policy changed."""
        body = request.model_dump_json(exclude_unset=True)
        headers = {"Content-Type": "application/json"}
        path = f"/v1/jobs/{job_id}/rerun"
        response = self._transport.request(
            "POST", path, is_repeatable=False, headers=headers, content=body, timeout=RERUN_TIMEOUT_S
        )
        return self._parsed(Rerun, response)

    def delete_job(self, job_id: UUID) -> DeletionReceipt:
        """Delete a job with its originals and results."""
        return self._parsed(
            DeletionReceipt, self._transport.request("DELETE", f"/v1/jobs/{job_id}", is_repeatable=False)
        )

    def delete_image(self, image_id: UUID) -> DeletionReceipt:
        """Delete an image with its original and results."""
        return self._parsed(
            DeletionReceipt, self._transport.request("DELETE", f"/v1/images/{image_id}", is_repeatable=False)
        )

    def deletion(self, deletion_id: UUID) -> DeletionReceipt:
        """The receipt of a deletion."""
        return self._get(DeletionReceipt, f"/v1/deletions/{deletion_id}")

    def proof(self, deletion_id: UUID) -> SignedDeletion:
        """The signed proof of a completed deletion."""
        return self._get(SignedDeletion, f"/v1/deletions/{deletion_id}/proof")

    def presets(self) -> list[Preset]:
        """All presets."""
        return self._get(Presets, "/v1/presets").presets

    def classes(self) -> list[DetectedClass]:
        """The classes that a policy can destroy, faces first."""
        return self._get(DetectedClasses, "/v1/classes").classes

    def limits(self) -> SubmissionLimits:
        """What a submission may contain."""
        return self._get(SubmissionLimits, "/v1/limits")

    def me(self) -> Me:
        """The token's user and their quotas."""
        return self._get(Me, "/v1/me")

    def redeem_link(self) -> IssuedToken:
        """Exchange the code of a one-time link, which is this client's token, for a token of the link's user."""
        return self._transport.ask(IssuedToken, "POST", "/v1/tokens", is_repeatable=False)

    def users(self, *, page_size: int = 100) -> Iterator[User]:
        """All users who have presented a valid token, by id. For operators."""

        def page(cursor: str | None) -> UserPage:
            return self._get(UserPage, "/v1/users", params=given({"cursor": cursor, "limit": page_size}))

        for each in following(page):
            yield from each.users

    def set_quotas(self, user_id: str, quotas: Quotas) -> User:
        """Set one user's quotas: None is no limit, an absent field follows the settings. For operators."""
        path = f"/v1/users/{quote(user_id, safe='')}/quotas"
        body = quotas.model_dump(exclude_unset=True)
        return self._parsed(User, self._transport.request("PUT", path, json=body))

    def check_alive(self, within_s: float) -> None:
        """Raise ApiUnreachable unless the API process answers within this time."""
        self._transport.request("GET", "/liveness", timeout=within_s)

    def health(self) -> Health:
        """The state of each part of the service."""
        return self._parsed(Health, self._transport.request("GET", "/healthcheck", accepting=(503,)))

    def system(self) -> System:
        """Images, queues and workers. For operators."""
        return self._get(System, "/v1/system")

    def _get(self, kind: type[T], path: str, **content: Any) -> T:
        return self._transport.ask(kind, "GET", path, **content)

    def _post_job(
        self, idempotency_key: str | None, headers: dict[str, str] | None = None, **content: Any
    ) -> CreatedJob:
        key = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        is_repeatable = idempotency_key is not None
        response = self._transport.request(
            "POST", "/v1/jobs", is_repeatable=is_repeatable, headers={**(headers or {}), **key}, **content
        )
        return self._parsed(CreatedJob, response)

    def _parsed(self, kind: type[T], response: httpx.Response) -> T:
        return self._transport.parsed(kind, response)
