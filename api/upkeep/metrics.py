"""Metrics for Prometheus, of this process and of the whole service."""

from __future__ import annotations

import hmac
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from prometheus_client.exposition import choose_encoder

from api.dependencies import Ctx
from api.upkeep.database_metrics import DatabaseMetrics
from api.upkeep.part_checks import free_bytes
from blurline.access.tokens import InvalidToken
from blurline.observability import metrics as figures

router = APIRouter(include_in_schema=False)

_OPEN_METRICS, _END = "application/openmetrics-text", b"# EOF\n"
_bearer = HTTPBearer(auto_error=False)


@router.get("/metrics")
def metrics(
    context: Ctx, request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Response:
    """Return the metrics, in the format that the scraper accepts. Works while the database is down.

    Requires the token in BLURLINE_METRICS_TOKEN, if any.
    """
    wanted = context.settings.access.metrics_token
    if wanted is not None and not _is(given, wanted.get_secret_value()):
        raise InvalidToken("The bearer token is not the value of BLURLINE_METRICS_TOKEN.")
    database: DatabaseMetrics = request.app.state.database_metrics
    for folder, (free, size) in free_bytes(context.settings).items():
        figures.disk_free.labels(folder).set(free)
        figures.disk_size.labels(folder).set(size)
    encode, media_type = choose_encoder(request.headers.get("accept", ""))
    is_open_metrics = media_type.startswith(_OPEN_METRICS)
    of_database = database.text(is_open_metrics)  # before the rest, which says whether the database is up
    of_process = encode(figures.API)
    if is_open_metrics and of_database:
        of_process = of_process.removesuffix(_END)  # it ends the answer
    return Response(of_process + of_database, headers={"content-type": media_type})


def _is(given: HTTPAuthorizationCredentials | None, wanted: str) -> bool:
    return given is not None and hmac.compare_digest(given.credentials.encode(), wanted.encode())
