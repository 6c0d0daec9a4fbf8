"""The desk of one Submit page: what its browser has chosen, the upload under way, and the request that follows it.

The browser uploads the files itself. It asks the dashboard's server for forms at an address that only it knows and can
use (`dashboard.jobs.upload_routes`), and says through the page's component which files have arrived.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from uuid import uuid4
from weakref import WeakValueDictionary

import streamlit as st

from blurline.client import Client
from blurline.contract import JobOptions, JobRequest, Upload
from dashboard.access.session import client
from dashboard.access.sign_in import browser_of
from dashboard.jobs.picker_answer import PickerAnswer

PATH = "/uploads"
_DESK = "upload_desk"


@dataclass(frozen=True, slots=True)
class Submission:
    """The request for a job of uploaded pictures, and the idempotency key that prevents a second job."""

    id: str
    request: str
    idempotency_key: str


@dataclass(slots=True, weakref_slot=True, eq=False)
class UploadDesk:
    """One session's desk. ``browser`` is the only one that may use the address with the ``token``.

    ``sending`` is the id of the upload under way, ``finished`` of the last one that became a job, and ``lost`` of
    one whose files are no longer in the store.
    """

    client: Client
    browser: str | None
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    count: int = 0
    size_bytes: int = 0
    sending: str | None = None
    submission: Submission | None = None
    finished: str | None = None
    lost: str | None = None
    _options: JobOptions | None = None
    _forms: dict[str, Upload] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The path at which the browser gets forms."""
        return f"{PATH}/{self.token}"

    def begin(self, options: JobOptions) -> None:
        """Have the browser upload what is chosen, for a job with these options."""
        self.sending, self._options = str(uuid4()), options

    def handle(self, answer: PickerAnswer) -> None:
        """Take in what the browser says. An answer about another upload than the present one changes nothing."""
        if answer.kind == "chosen":
            self.count, self.size_bytes = answer.count, answer.size_bytes
        elif self.sending is not None and answer.id == self.sending:
            if answer.kind == "uploaded" and answer.images and self._options is not None:
                given = {name: getattr(self._options, name) for name in self._options.model_fields_set}
                request = JobRequest(images=answer.images, **given).model_dump_json(exclude_unset=True)
                self.submission = Submission(answer.id, request, str(uuid4()))
            self.sending = None

    def finish(self) -> None:
        """Note that the job exists: the choice is cleared."""
        assert self.submission is not None
        self.finished, self.submission, self.count, self.size_bytes = self.submission.id, None, 0, 0

    def refuse(self, *, uploads_are_lost: bool) -> None:
        """Note that the API refused the job: the pictures stay chosen, and are uploaded again if they are lost."""
        assert self.submission is not None
        self.lost, self.submission = self.submission.id if uploads_are_lost else None, None

    def new_forms(self, count: int, max_bytes: int) -> list[tuple[str, Upload]]:
        """Forms with an id for each. Raises the client's errors."""
        forms = {upload.key.rpartition("/")[2]: upload for upload in self.client.create_uploads(count, max_bytes)}
        now = time.time()
        kept = {id_: upload for id_, upload in self._forms.items() if upload.expires_at.timestamp() > now}
        self._forms = kept | forms
        return list(forms.items())

    def form(self, id_: str) -> Upload | None:
        """The form of an id that `new_forms` returned."""
        return self._forms.get(id_)


desks: WeakValueDictionary[str, UploadDesk] = WeakValueDictionary()
"""By token. Each desk belongs to a session and ends with it."""


def upload_desk() -> UploadDesk:
    """The session's desk."""
    browser = browser_of(st.context.cookies, st.context.headers.get("Host", ""))
    desk: UploadDesk | None = st.session_state.get(_DESK)
    if desk is None or desk.browser != browser:
        desk = st.session_state[_DESK] = UploadDesk(client(), browser)
        desks[desk.token] = desk
    return desk
