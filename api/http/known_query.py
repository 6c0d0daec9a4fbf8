"""Query parameters that an endpoint does not know are refused: a filter with a typing error must not pass as none."""

from __future__ import annotations

from fastapi import Request

from api.http.operations import operations
from api.http.problems import ApiProblem


def refuse_unknown_query(request: Request) -> None:
    """A dependency of every router. Raises ApiProblem."""
    if not request.query_params:
        return
    operation = operations(request.app, request.url.path).get(request.method.replace("HEAD", "GET"))
    if operation is None:  # one that is not in the document
        return
    known = [each["name"] for each in operation.get("parameters", []) if each["in"] == "query"]
    unknown = [name for name in request.query_params if name not in known]
    if unknown:
        knows = f"it has {', '.join(known)}" if known else "it has none"
        raise ApiProblem("invalid_request", f"This endpoint has no query parameter {unknown[0]!r}; {knows}.")
