"""Refuse unknown query parameters: a misspelled filter must not return everything."""

from __future__ import annotations

from fastapi import Request
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Query
from fastapi.routing import APIRoute

from api.http.problems import ApiProblem


def refuse_unknown_query(request: Request) -> None:
    """Raise ApiProblem for an unknown query parameter. A dependency of every router."""
    route = request.scope["route"]
    if not request.query_params or not isinstance(route, APIRoute):
        return
    if not route.include_in_schema and request.method != "HEAD":  # a HEAD route is documented as its GET
        return
    known = _query_parameters(route)
    unknown = [name for name in request.query_params if name not in known]
    if unknown:
        accepted = f"It accepts {', '.join(known)}." if known else "It accepts none."
        raise ApiProblem("invalid_request", f"This endpoint has no query parameter {unknown[0]!r}. {accepted}")


def _query_parameters(route: APIRoute) -> list[str]:
    """The names in the order of the OpenAPI document, which itself takes a second of a core to write."""
    parameters = [each for each in get_flat_params(route.dependant) if isinstance(each.field_info, Query)]
    return [each.field_info.alias or each.name for each in parameters]
