"""What every request may use: settings, database, store, the issuer, Prefect; and who is asking."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.flow_runs import FlowRuns
from api.problems import MEDIA_TYPE, Problem
from blurline.settings import Settings
from blurline.store import Store
from blurline.tokens import Identity, InvalidToken, LocalIssuer, Scope
from sql.database import Database


@dataclass(frozen=True, slots=True)
class Context:
    """The parts that an API process opens once."""

    settings: Settings
    database: Database
    store: Store
    issuer: LocalIssuer
    flow_runs: FlowRuns


def _context(request: Request) -> Context:
    context: Context = request.app.state.context
    return context


Ctx = Annotated[Context, Depends(_context)]

_bearer = HTTPBearer(auto_error=False, description="A token from `blurline token`.")


def _identity(context: Ctx, given: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]) -> Identity:
    if given is None:
        raise InvalidToken(
            "The request has no bearer token. Send `Authorization: Bearer …` with one from `blurline token`."
        )
    identity = context.issuer.verify(given.credentials)
    if not identity.scopes & set(Scope):
        raise Problem(403, "missing_scope", f"The token has none of the scopes {', '.join(Scope)}.")
    return identity


Who = Annotated[Identity, Depends(_identity)]


def _having(scope: Scope) -> Callable[[Identity], Identity]:
    def check(identity: Who) -> Identity:
        if scope not in identity.scopes:
            raise Problem(403, "missing_scope", f"The token lacks the scope `{scope}`.")
        return identity

    return check


Submitter = Annotated[Identity, Depends(_having(Scope.SUBMIT))]
Reviewer = Annotated[Identity, Depends(_having(Scope.REVIEW))]


def visible_owner(identity: Identity) -> str | None:
    """Whose jobs the identity sees: its own, or (None) everyone's."""
    return None if identity.sees_everything else identity.subject


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI description of problem answers."""
    return {status: {"description": "A problem", "content": {MEDIA_TYPE: {}}} for status in (401, *statuses)}
