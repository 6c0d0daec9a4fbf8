"""Images held for review, and their reviewers, over a real API with a simulated worker."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

import httpx
import psycopg
from PIL import Image

from blurline.access.tokens import LocalIssuer, Scope
from blurline.client import Client
from blurline.decision.choice import Choice
from blurline.decision.correction import corrected_choices
from blurline.settings import Settings
from blurline.storage.preview_keys import PreviewSize, preview_key
from blurline.storage.store import Store
from sql.engine.database import Database
from sql.jobs.attempts import Attempt
from sql.jobs.publishing import ReviewReason, publish
from tests.api_requests import original_bytes, submit, underway
from tests.clock import age
from tests.factories import result

HELD = ReviewReason("review_asked", "The policy requires a review of every result.")


class Pipeline:
    """Submits pictures, and holds or publishes open attempts. ``stack`` closes the clients."""

    def __init__(
        self, stack: ExitStack, http: httpx.Client, settings: Settings, database: Database, store: Store
    ) -> None:
        self._stack, self._http, self._settings, self._database, self._store = stack, http, settings, database, store

    def reviewer(self, name: str) -> Client:
        """A reviewer's client."""
        token = LocalIssuer(self._settings.home).issue(name, [Scope.REVIEW], 600)
        return self._stack.enter_context(Client(str(self._http.base_url), token, patience_s=0))

    def hold(self, doubts: dict[str, float], *, has_views: bool = True) -> dict[str, Attempt]:
        """Submit pictures by name and hold each with a doubt; their attempts."""
        submit(self._http, *doubts)
        attempts = {attempt.name: attempt for attempt in underway(self._database, self._settings)}
        for name, doubt in doubts.items():
            self.settle(attempts[name], held=HELD, doubt=doubt, has_views=has_views)
        return attempts

    def settle(
        self,
        attempt: Attempt,
        *,
        held: ReviewReason | None = None,
        doubt: float = 0.25,
        has_views: bool = True,
        choices: Sequence[Choice] = (),
    ) -> None:
        """Publish or hold a new result of an attempt."""
        key = f"{attempt.image_id}/{attempt.id}.jpg"
        self._store.put_result(key, jpeg(100, 50), "image/jpeg")
        for size in PreviewSize:
            self._store.put_result(preview_key(key, size), jpeg(100, 50), "image/jpeg")
            if has_views:
                self._store.put_original_preview(preview_key(attempt.original_key, size), jpeg(100, 50), "image/jpeg")
        original = sha256(original_bytes(self._store, attempt.original_key)).hexdigest()
        made = replace(result(key, doubt), sha256=attempt.id.hex, original_sha256=original)
        with self._database.transaction() as transaction:
            publish(transaction, attempt, replace(made, choices=tuple(choices) or made.choices), held)

    def rendered(self, name: str, *, held: ReviewReason | None = None) -> Attempt:
        """Render the correction of an image; its attempt."""
        (attempt,) = [each for each in underway(self._database, self._settings) if each.name == name]
        assert attempt.correction is not None
        self.settle(attempt, held=held, choices=corrected_choices(attempt.correction, 1))
        return attempt

    def sql(self, statement: str, *values: Any) -> list[Any]:
        """Run SQL on the database directly."""
        with psycopg.connect(self._settings.database.conninfo) as connection:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def lose_claims(self) -> None:
        """Let every claim expire."""
        age(self._settings.database.conninfo, "review_claims", timedelta(hours=1))


def jpeg(width: int, height: int) -> bytes:
    """A grey picture."""
    file = io.BytesIO()
    Image.new("L", (width, height), 128).save(file, "JPEG")
    return file.getvalue()
