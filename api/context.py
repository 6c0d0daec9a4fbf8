"""What every request may use: settings, database, store, Prefect; and who is asking."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.flow_runs import FlowRuns
from api.identities import Identities
from api.problems import NotFound, Problem
from api.rate_limit import RateLimit
from blurline.settings import Settings
from blurline.store import Store
from blurline.tokens import Identity, InvalidToken, Scope
from sql.database import Database


@dataclass(frozen=True, slots=True)
class Context:
    """The parts that an API process opens once."""

    settings: Settings
    database: Database
    store: Store
    flow_runs: FlowRuns
    identities: Identities
    rate_limit: RateLimit

    def identify(self, token: str) -> Identity:
        """Who a token is for. Raises InvalidToken; IssuerUnavailable and DatabaseUnavailable."""
        return self.identities.identify(token)


def _context(request: Request) -> Context:
    context: Context = request.app.state.context
    return context


Ctx = Annotated[Context, Depends(_context)]

_bearer = HTTPBearer(
    auto_error=False,
    bearerFormat="JWT",
    description="A token of the OpenID Connect issuer, or one from `blurline token`.",
)


def _identity(
    context: Ctx, request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
) -> Identity:
    if given is None:
        raise InvalidToken("The request has no bearer token. Send it as `Authorization: Bearer …`.")
    identity = context.identify(given.credentials)
    request.state.owner = identity.owner  # for the log: what is bound in this thread ends with it
    context.rate_limit.count(request, identity.owner)
    if not identity.scopes:
        raise Problem("missing_scope", f"The token has none of the scopes {', '.join(Scope)}.")
    return identity


Who = Annotated[Identity, Depends(_identity)]


def _having(scope: Scope) -> Callable[[Identity], Identity]:
    def check(identity: Who) -> Identity:
        if scope not in identity.scopes:
            raise Problem("missing_scope", f"The token lacks the scope `{scope}`.")
        return identity

    return check


Submitter = Annotated[Identity, Depends(_having(Scope.SUBMIT))]
Reviewer = Annotated[Identity, Depends(_having(Scope.REVIEW))]
Operator = Annotated[Identity, Depends(_having(Scope.OPERATE))]

ASKED = ("invalid_token", "missing_scope", "rate_limited", "database_unavailable", "issuer_unavailable")
"""Codes with which any request that needs a token may be answered."""


def visible_owner(identity: Identity) -> str | None:
    """Whose jobs the identity sees: its own, or (None) everyone's."""
    return None if identity.sees_everything else identity.owner


def manageable_owner(identity: Identity) -> str | None:
    """Whose jobs the identity may cancel and delete: its own, or (None, operators) everyone's."""
    return None if Scope.OPERATE in identity.scopes else identity.owner


def listed_owner(identity: Identity, asked: str | None) -> str | None:
    """Whose things a list shows: those of whom was asked for, where the identity may see them. Raises Problem."""
    visible = visible_owner(identity)
    if visible is not None and asked not in (None, visible):
        raise Problem("missing_scope", "Only reviewers and operators see what is somebody else's.")
    return asked if visible is None else visible


def not_manageable(what: str, *, is_visible: bool) -> Problem:
    """The refusal to change what is somebody else's, which only those are told of who may see it."""
    if is_visible:
        return Problem("missing_scope", f"You may look at this {what}; only its owner and operators may do that.")
    return NotFound(what)
