"""The caller's identity and quotas, and the users an operator manages."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from fastapi import Path as PathParameter

from api.dependencies import Ctx, Operator, Who
from api.http.paging import Cursor, Limit, next_cursor, parse_cursor
from api.http.problems import NotFound, problem_responses
from api.jobs.views import user_view
from blurline.contract import Me, Quotas, Usage, User, UserPage
from sql.access.users import list_users
from sql.access.users import set_quotas as set_quotas_of
from sql.jobs.quotas import default_quotas, look_up

router = APIRouter(prefix="/v1", tags=["users"])


@router.get("/me")
def get_me(context: Ctx, who: Who) -> Me:
    """Return the caller's id, scopes, quotas and usage."""
    quotas, used = look_up(context.database, who.owner, default_quotas(context.settings))
    return Me(
        id=who.owner,
        scopes=sorted(who.scopes),
        expires_at=who.expires_at,
        quotas=Quotas.model_validate(quotas, from_attributes=True),
        usage=Usage.model_validate(used, from_attributes=True),
    )


@router.get("/users", responses=problem_responses("invalid_cursor"))
def get_users(context: Ctx, _: Operator, limit: Limit = 100, cursor: Cursor = None) -> UserPage:
    """List every user who has presented a valid token, by id."""
    rows = list_users(context.database, limit, parse_cursor("users", cursor, str) or "")
    following = next_cursor("users", rows, limit, rows[-1].id) if rows else None
    return UserPage(users=[user_view(row) for row in rows], next_cursor=following)


@router.put("/users/{user_id:path}/quotas", responses=problem_responses("not_found"))
def set_quotas(
    context: Ctx, _: Operator, user_id: Annotated[str, PathParameter(max_length=512)], quotas: Quotas
) -> User:
    """Set a user's quotas. A given field takes precedence over the setting, null means no limit, and an absent field
    follows the setting."""
    row = set_quotas_of(context.database, user_id, quotas.model_dump(exclude_unset=True))
    if row is None:
        raise NotFound("user")
    return user_view(row)
