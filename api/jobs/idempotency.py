"""The `Idempotency-Key` header of submissions."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import Annotated, Any, BinaryIO

from fastapi import Header
from fastapi.responses import JSONResponse

from api.dependencies import Context
from blurline.contract import CreatedJob
from sql.jobs.idempotency import ClaimedKey, claim, release

IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description="A repeated request with the same key gets the response of the first, and no second job is made.",
    ),
]


def once(
    context: Context,
    owner: str,
    key: str | None,
    fingerprint: Callable[[], str],
    work: Callable[[ClaimedKey | None], CreatedJob],
) -> JSONResponse:
    """Do the work, or repeat the response of an earlier request with the same key.

    A failed request releases the key. Raises KeyReused, InProgress and the errors of ``work``.
    """
    claimed = None
    if key is not None:
        claimed = claim(context.database, owner, key, fingerprint(), context.settings.requests.idempotency_hours)
        if claimed.answer is not None:
            return _answer(_shown(context, claimed.answer), {"Idempotency-Replayed": "true"})
    try:
        return _answer(work(claimed).model_dump(mode="json"))
    except Exception:
        if claimed is not None:
            release(context.database, claimed)
        raise


def stored_answer(context: Context, answer: CreatedJob) -> dict[str, Any]:
    """What the database keeps of a response: the secret of its webhook is encrypted there too."""
    stored = answer.model_dump(mode="json")
    if answer.webhook is not None:
        stored["webhook"]["secret"] = context.webhook_secrets.encrypt(answer.webhook.secret)
    return stored


def _shown(context: Context, stored: dict[str, Any]) -> dict[str, Any]:
    """The response that `stored_answer` kept. A secret that cannot be decrypted any more is left empty."""
    if stored.get("webhook") is None:
        return stored
    secret = context.webhook_secrets.decrypt(stored["webhook"]["secret"]) or ""
    return stored | {"webhook": stored["webhook"] | {"secret": secret}}


def _answer(job: dict[str, Any], headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse(job, 202, {"Location": f"/v1/jobs/{job['id']}", **(headers or {})})


def fingerprint_of(*texts: str, files: Iterable[tuple[str, BinaryIO]] = ()) -> str:
    """The SHA-256 of texts and of files with their names, each preceded by its length."""
    digest = hashlib.sha256()
    for text in texts:
        _add(digest, text.encode())
    for name, file in files:
        _add(digest, name.encode())
        file.seek(0)
        _add(digest, hashlib.file_digest(file, "sha256").digest())  # type: ignore[arg-type]
        file.seek(0)
    return digest.hexdigest()


def _add(digest: hashlib._Hash, part: bytes) -> None:
    digest.update(len(part).to_bytes(8))
    digest.update(part)
