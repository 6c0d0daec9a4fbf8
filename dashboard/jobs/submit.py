"""Submit pictures: upload them straight to the store, then send one request that is safe to repeat."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from uuid import uuid4

from blurline.client import Client
from blurline.contract import CreatedJob, JobOptions, JobRequest, SubmittedImage, Upload
from dashboard.jobs.chosen_files import ChosenPicture

_AT_ONCE = 4
_FORMS_AT_ONCE = 100  # each expires after a few minutes


@dataclass(frozen=True, slots=True)
class Submission:
    """The request for a job of uploaded pictures, and the idempotency key that prevents a second job."""

    request: str
    idempotency_key: str


def upload(
    client: Client, pictures: Sequence[ChosenPicture], options: JobOptions, on_progress: Callable[[int], object]
) -> Submission:
    """Upload the pictures and report the count after each. Raises NotUnpacked and the client's errors."""
    images: list[SubmittedImage] = []
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        for start in range(0, len(pictures), _FORMS_AT_ONCE):
            group = pictures[start : start + _FORMS_AT_ONCE]
            forms = client.create_uploads(len(group), max(picture.size_bytes for picture in group))
            sent = [threads.submit(_send, client, *pair) for pair in zip(forms, group, strict=True)]
            try:
                for done, future in enumerate(as_completed(sent), start=len(images) + 1):
                    future.result()
                    on_progress(done)
            finally:
                for future in sent:
                    future.cancel()
            images += [
                SubmittedImage(key=form.key, name=picture.name) for form, picture in zip(forms, group, strict=True)
            ]
    request = JobRequest(images=images, **{name: getattr(options, name) for name in options.model_fields_set})
    return Submission(request.model_dump_json(exclude_unset=True), str(uuid4()))


def submit(client: Client, submission: Submission) -> CreatedJob:
    """Create the job. A repeated call returns the same job."""
    return client.submit_text(submission.request, submission.idempotency_key)


def _send(client: Client, form: Upload, picture: ChosenPicture) -> None:
    with picture.open() as file:
        client.upload(form, file)
