"""A reviewer's desk: the current image, the next one, and the corrections just saved."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from blurline.client import ApiRefused, Client
from blurline.contract import CorrectionRequest, ImageState
from blurline.errors import BlurlineError, PermanentError
from dashboard.review.answer import Answer
from dashboard.review.case import Case, load_case

_MOST_SKIPPED = 490  # the API accepts 500
_MOST_SAVED = 6
_ENOUGH_FOR_ALL = 6


@dataclass(slots=True)
class Saved:
    """An image that was corrected here, and its state. ``thumb`` shows its new result."""

    image_id: UUID
    name: str
    state: ImageState
    is_rendering: bool = True
    thumb: bytes | None = None


class Desk:
    """The state of one reviewer; not safe to share between threads. ``case`` is the current image, ``error`` the error
    of the last action, ``notice`` what to say of it, and ``turn`` counts actions."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._thread = ThreadPoolExecutor(1, "review-ahead")
        self._ahead: Future[Case | None] | None = None
        self._cutter = ThreadPoolExecutor(1, "tiles-ahead")
        self._cut_ahead: Future[None] | None = None
        self._skipped: deque[UUID] = deque(maxlen=_MOST_SKIPPED)
        self._awaited: Saved | None = None
        self.case: Case | None = None
        self.saved: deque[Saved] = deque(maxlen=_MOST_SAVED)
        self.error: BlurlineError | None = None
        self.notice = ""
        self.turn = 0

    @property
    def client(self) -> Client:
        """The reviewer's client."""
        return self._client

    @property
    def skipped(self) -> int:
        """The number of images set aside."""
        return len(self._skipped)

    @property
    def is_awaiting(self) -> bool:
        """Whether the current image is being rendered again and the reviewer waits for its new result."""
        return self._awaited is not None

    @property
    def is_rendering(self) -> bool:
        """Whether a saved correction is still being rendered."""
        return any(each.is_rendering for each in self.saved)

    def ensure_case(self) -> None:
        """Take the next image if there is no current one, and renew an expired claim."""
        if self.case is None:
            with self._trying():
                self._take_next()
        elif self.case.claimed_until < datetime.now(UTC):
            with self._trying():
                self._keep(self.case)

    def open(self, image_id: UUID) -> None:
        """Make an image in any state the current one."""
        with self._trying():
            if self.case is not None and self.case.id != image_id:
                self._client.release(self.case.id)
            self._awaited, self.case = None, None
            self.case = load_case(self._client, self._client.claim(image_id))

    def handle(self, answer: Answer) -> None:
        """Do the reviewer's action on the current image. If it fails, the image stays."""
        case = self.case
        if case is None or answer.image_id != case.id:
            return
        with self._trying():
            match answer.kind:
                case "active":
                    self._keep(case)
                case "next":
                    self._put_aside(case)
                case "approve":
                    self._approve(case, answer)
                case "reject":
                    self._client.reject(case.id, answer.note)
                    self._leave()
                case "save":
                    self._save(case, answer)

    def return_to_skipped(self) -> None:
        """Return the images set aside to the queue."""
        self._skipped.clear()
        self.ensure_case()

    def refresh_saved(self) -> None:
        """Check the corrections being rendered, and reopen the awaited image once it is ready."""
        with suppress(BlurlineError):  # the next refresh tries again
            was_rendering = self.is_rendering
            for each in self.saved:
                if each.is_rendering:
                    self._ask(each)
            if was_rendering and not self.is_rendering and self.case is not None and self._awaited is None:
                self._keep(self.case)  # updates the number of waiting images
        if self._awaited is not None and not self._awaited.is_rendering:
            self.open(self._awaited.image_id)

    @contextmanager
    def _trying(self) -> Iterator[None]:
        self.turn += 1
        try:
            yield
            self.error = None
        except BlurlineError as error:
            self.error = error

    def _keep(self, case: Case) -> None:
        task = self._client.claim(case.id)
        if task.image.result_sha256 != case.image.result_sha256:
            self.case = load_case(self._client, task)
        else:
            self.case = case.renewed(task)

    def _approve(self, case: Case, answer: Answer) -> None:
        try:
            frames = answer.frames if case.frames > 1 else []
            image = self._client.approve(case.id, case.image.result_sha256 or "", frames)
        except ApiRefused as refused:
            if refused.code == "result_changed":
                self._keep(case)  # shows the newer result
            raise
        if image.state == "needs_review":
            self.notice = f"{image.name}: approved. Another reviewer must approve it too."
        self._leave()

    def _put_aside(self, case: Case) -> None:
        self._client.release(case.id)
        if self._awaited is None:
            self._skipped.append(case.id)
        self._leave()

    def _save(self, case: Case, answer: Answer) -> None:
        request = CorrectionRequest(
            destroy=[*answer.boxes, *case.other_boxes(answer.frames)], hold=answer.hold, note=answer.note
        )
        image = self._client.correct(case.id, request)
        saved = Saved(image.id, image.name, image.state)
        self.saved.appendleft(saved)
        if answer.hold:
            self._awaited = saved
            self._keep(case)
        else:
            self._leave()

    def _leave(self) -> None:
        """Leave the decided image, then take the next one, which may fail."""
        self._awaited, self.case = None, None
        self._take_next()

    def _take_next(self) -> None:
        self.case = self._prepared() or self._claimed()
        if self.case is not None and self.case.waiting >= _ENOUGH_FOR_ALL:
            self._ahead = self._thread.submit(self._fetched_ahead, [*self._skipped, self.case.id])
            if self._cut_ahead is not None:
                self._cut_ahead.cancel()
            self._cut_ahead = self._cutter.submit(self._cut, self._ahead)

    def _claimed(self) -> Case | None:
        task = self._client.next_review(self._skipped)
        if task is None:
            return None
        try:
            return load_case(self._client, task)
        except PermanentError:
            self._skipped.append(task.image.id)  # or it would be returned again and again
            raise

    def _fetched_ahead(self, skip: Sequence[UUID]) -> Case | None:
        task = self._client.next_review(skip)
        return load_case(self._client, task) if task else None

    def _cut(self, ahead: Future[Case | None]) -> None:
        """Have the next picture cut into tiles, so that they are there when the reviewer zooms."""
        with suppress(BlurlineError, CancelledError):
            case = ahead.result()
            if case is not None and case.is_larger_than_its_view:
                self._client.tiles(case.id, "original")
                self._client.tiles(case.id, "result")

    def _prepared(self) -> Case | None:
        """The case that was fetched ahead, with a renewed claim. None if there is none or it is no longer available."""
        ahead, self._ahead = self._ahead, None
        if ahead is None:
            return None
        try:
            case = ahead.result()
            task = self._client.claim(case.id) if case else None
        except BlurlineError:
            return None
        if case is None or task is None or case.id in self._skipped:
            return None
        if task.image.state != "needs_review" or task.image.result_sha256 != case.image.result_sha256:
            self._client.release(case.id)
            return None
        return case.renewed(task)

    def _ask(self, saved: Saved) -> None:
        try:
            image = self._client.image(saved.image_id)
        except ApiRefused:  # deleted meanwhile
            saved.state, saved.is_rendering = "deleted", False
            return
        if not image.is_underway:
            saved.state, saved.is_rendering = image.state, False
            saved.thumb = self._client.preview(image.id)
