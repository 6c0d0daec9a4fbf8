"""What a request handler can depend on: the process's shared parts, and the caller's identity."""

from __future__ import annotations

import base64
import binascii
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from anyio import CapacityLimiter
from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from fastapi.security.utils import get_authorization_scheme_param

from api.access.identities import Identities
from api.http.problems import ApiProblem
from api.middleware.rate_limit import RateLimit
from api.review.tile_files import TileFiles
from blurline.access.tokens import Identity, InvalidToken, Scope
from blurline.orchestration.flow_runs import FlowRuns
from blurline.settings import Settings
from blurline.storage.store import Store
from sql.engine.database import Database
from sql.events.webhook_secrets import WebhookSecrets


@dataclass(frozen=True, slots=True)
class Context:
    """The parts that an API process opens once.

    ``submission_threads`` limits submissions, so that many of them leave threads for other requests, and
    ``stream_threads`` the chunks that are made for streams at the same time;
    ``large_requests`` is held while a large request is in memory.
    """

    settings: Settings
    database: Database
    store: Store
    flow_runs: FlowRuns
    identities: Identities
    rate_limit: RateLimit
    submission_threads: CapacityLimiter
    stream_threads: CapacityLimiter
    large_requests: threading.Lock
    tile_files: TileFiles

    @property
    def webhook_secrets(self) -> WebhookSecrets:
        """Encrypts the secrets of webhooks. Raises ConfigurationError when the key cannot be read."""
        return WebhookSecrets(self.settings.home)

    def identify(self, token: str) -> Identity:
        """Return whom a token is for. Raises InvalidToken, IssuerUnavailable and DatabaseUnavailable."""
        return self.identities.identify(token)


def _context(request: Request) -> Context:
    context: Context = request.app.state.context
    return context


Ctx = Annotated[Context, Depends(_context)]

BASIC_AT = "/panoramax/"
"""The paths whose clients can send no bearer token: there, the password of HTTP Basic is the token."""

_bearer = HTTPBearer(
    auto_error=False,
    bearerFormat="JWT",
    description="A token from the OpenID Connect issuer or from `blurline token`.",
)


def identify_caller(request: Request) -> Identity:
    """Return whom the request's token is for; it is checked once. Raises InvalidToken and what `identify` raises."""
    known: Identity | None = getattr(request.state, "identity", None)
    if known is None:
        known = request.state.identity = _context(request).identify(_token(request))
    return known


def _token(request: Request) -> str:
    scheme, given = get_authorization_scheme_param(request.headers.get("authorization"))
    if scheme.lower() == "bearer":
        return given
    if request.scope["path"].startswith(BASIC_AT):
        if scheme.lower() == "basic":
            return _password(given)
        raise InvalidToken("The request has no token. Send it as the password of HTTP Basic, with any user name.")
    raise InvalidToken("The request has no bearer token. Send it as `Authorization: Bearer …`.")


def _password(credentials: str) -> str:
    """The password of HTTP Basic (RFC 7617). Raises InvalidToken."""
    try:
        return base64.b64decode(credentials, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError) as error:
        raise InvalidToken("The credentials are not HTTP Basic: base64 of `user:token`.") from error


def _identity(
    context: Ctx, request: Request, _: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
) -> Identity:
    identity = identify_caller(request)
    request.state.owner = identity.owner  # for the request log; context variables bound in this thread do not reach it
    context.rate_limit.count(request, identity.owner)
    if not identity.scopes:
        raise ApiProblem("missing_scope", f"The token has no scope of Blurline. It needs one of {', '.join(Scope)}.")
    return identity


Who = Annotated[Identity, Depends(_identity)]


def _having(scope: Scope) -> Callable[[Identity], Identity]:
    def check(identity: Who) -> Identity:
        if scope not in identity.scopes:
            raise ApiProblem("missing_scope", f"The token lacks the scope `{scope}`.")
        return identity

    return check


Submitter = Annotated[Identity, Depends(_having(Scope.SUBMIT))]
Reviewer = Annotated[Identity, Depends(_having(Scope.REVIEW))]
Operator = Annotated[Identity, Depends(_having(Scope.OPERATE))]
