"""The real parts in one process: the API with its checks of tokens, the database, and what the store would hold."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

import anyio.from_thread
import httpx
import psycopg
from anyio import CapacityLimiter
from psycopg.rows import dict_row

from api.access.identities import Identities
from api.app import create_app
from api.dependencies import Context
from api.middleware.rate_limit import RateLimit
from api.review.tile_files import TileFiles
from blurline.access.tokens import Scope
from blurline.orchestration.flow_runs import FlowRuns
from blurline.settings import Settings
from blurline.storage.store import Store
from sql.engine.database import Database
from tests.api_requests import bearer

ANN, BOB, RITA, RUTH, OLGA = "ann", "bob", "rita", "ruth", "olga"
REVIEWERS = (RITA, RUTH)
PEOPLE = {ANN: Scope.SUBMIT, BOB: Scope.SUBMIT, **dict.fromkeys(REVIEWERS, Scope.REVIEW), OLGA: Scope.OPERATE}
"""Two submitters, two reviewers and an operator."""

_IMAGES = """
SELECT images.id, images.job_id, jobs.owner, images.state, images.error_code, images.open_attempt_id,
       images.result_attempt_id, images.result_key, images.policy, images.doubt,
       coalesce((images.policy ->> 'reviewers')::int, 1) AS approvals,
       images.result_gone_at IS NOT NULL AS is_result_gone, images.original_gone_at IS NOT NULL AS is_original_gone
FROM images JOIN jobs ON jobs.id = images.job_id WHERE job_id = ANY(%s)
"""
_ATTEMPTS = """
SELECT attempts.id, attempts.image_id, attempts.number, attempts.batch_id, attempts.outcome, attempts.correction,
       batches.rerun_id, coalesce(outcome, CASE WHEN started_at IS NULL THEN 'waiting' ELSE 'started' END) AS state,
       batches.flow_run_id IS NOT NULL OR EXISTS (
           SELECT FROM outbox WHERE outbox.batch_id = attempts.batch_id) AS will_run,
       ARRAY(SELECT x1 FROM detections WHERE attempt_id = attempts.id AND destroyed) AS destroyed
FROM attempts JOIN batches ON batches.id = attempts.batch_id WHERE batches.job_id = ANY(%s)
"""

Rows = dict[UUID, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The images and attempts of some jobs, by id."""

    images: Rows = field(default_factory=dict)
    attempts: Rows = field(default_factory=dict)


class House:
    """Answers requests of people, and reads the rows."""

    def __init__(
        self, settings: Settings, database: Database, store: Store, portal: anyio.from_thread.BlockingPortal
    ) -> None:
        self.settings, self.database, self._portal = settings, database, portal
        app = create_app(settings)
        app.state.context = Context(
            settings, database, store, FlowRuns(settings), Identities(settings, database), RateLimit(0),
            CapacityLimiter(8), CapacityLimiter(4), threading.Lock(),
            TileFiles(settings, database, store),
        )  # fmt: skip
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=settings.api.url, timeout=60)
        self._tokens = {who: bearer(settings, who, scope, ttl_s=86_400) for who, scope in PEOPLE.items()}
        self._connection = psycopg.connect(settings.database.conninfo, autocommit=True, row_factory=dict_row)

    def ask(self, who: str, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request with this person's token."""
        headers = {"Authorization": self._tokens[who]}
        response: httpx.Response = self._portal.call(
            partial(self._client.request, method, path, headers=headers, **options)
        )
        assert response.status_code < 500, (who, method, path, options, response.text)
        return response

    def look(self, job_ids: Sequence[UUID]) -> Snapshot:
        """The present rows of these jobs."""
        found = [self._connection.execute(query, [list(job_ids)]).fetchall() for query in (_IMAGES, _ATTEMPTS)]
        return Snapshot(*({row["id"]: row for row in rows} for rows in found))

    def close(self) -> None:
        """Close the connections."""
        self._portal.call(self._client.aclose)
        self._connection.close()


@contextmanager
def open_house(settings: Settings, database: Database, store: Store) -> Iterator[House]:
    """A house during the block."""
    with anyio.from_thread.start_blocking_portal() as portal:
        house = House(settings, database, store, portal)
        yield house
        house.close()
