"""Exchange of a one-time link's code for a token. The code takes the token's place in the request."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.dependencies import Ctx
from api.http.problems import problem_responses
from blurline.access.tokens import InvalidToken, LocalIssuer
from blurline.contract import IssuedToken
from sql.access.sign_in_links import take_link

router = APIRouter(prefix="/v1", tags=["users"])

_TOKEN_VALID_S = 12 * 3600

_code = HTTPBearer(
    auto_error=False,
    scheme_name="LinkCode",
    description="The code in a link from `blurline dashboard-link`.",
)


@router.post(
    "/tokens",
    status_code=HTTPStatus.CREATED,
    responses=problem_responses("invalid_token", "database_unavailable"),
)
def redeem_link(context: Ctx, given: Annotated[HTTPAuthorizationCredentials | None, Security(_code)]) -> IssuedToken:
    """Exchange the code of a link from `blurline dashboard-link` for a token of its user. A code works once."""
    accepts_links = context.settings.access.local_issuer
    link = take_link(context.database, given.credentials) if accepts_links and given else None
    if link is None:
        raise InvalidToken(
            "The link has expired or was used before. Ask for a new one; `blurline dashboard-link` makes it."
        )
    expires_at = datetime.now(UTC) + timedelta(seconds=_TOKEN_VALID_S)
    token = LocalIssuer(context.settings.home).issue(link.owner, link.scopes, _TOKEN_VALID_S)
    return IssuedToken(token=token, expires_at=expires_at)
