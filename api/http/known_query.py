"""Refuse unknown query parameters: a misspelled filter must not return everything."""

from __future__ import annotations

from fastapi import Request

from api.http.operations import operations
from api.http.problems import ApiProblem


def refuse_unknown_query(request: Request) -> None:
    """Raise ApiProblem for an unknown query parameter. A dependency of every router."""
    if not request.query_params:
        return
    operation = operations(request.app, request.url.path).get(request.method.replace("HEAD", "GET"))
    if operation is None:  # not in the OpenAPI document
        return
    known = [each["name"] for each in operation.get("parameters", []) if each["in"] == "query"]
    unknown = [name for name in request.query_params if name not in known]
    if unknown:
        accepted = f"It accepts {', '.join(known)}." if known else "It accepts none."
        raise ApiProblem("invalid_request", f"This endpoint has no query parameter {unknown[0]!r}. {accepted}")
