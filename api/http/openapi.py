"""The OpenAPI document: FastAPI's, plus the models that it cannot see, minus the responses that never occur."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from pydantic.json_schema import models_json_schema

from api.http.problems import MEDIA_TYPE, problem_responses
from blurline.contract import JobRequest, Problem

_REF = "#/components/schemas/{model}"
_ALWAYS = ("invalid_request",)
_WITH_TOKEN = ("invalid_token", "missing_scope", "rate_limited", "database_unavailable", "issuer_unavailable")
_WITH_BODY = ("malformed_request", "request_timeout", "request_too_large")


def describe(app: FastAPI) -> None:
    """Replace the application's `openapi` function."""
    original = app.openapi

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            described = original()
            _, definitions = models_json_schema(
                [(JobRequest, "validation"), (Problem, "serialization")], ref_template=_REF
            )
            schemas = described["components"]["schemas"]
            for name in ("HTTPValidationError", "ValidationError"):
                schemas.pop(name, None)
            for operation in (each for path in described["paths"].values() for each in path.values()):
                _add_common(operation)
            for name, schema in definitions["$defs"].items():
                schemas.setdefault(name, schema)
        assert app.openapi_schema is not None
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _add_common(operation: dict[str, Any]) -> None:
    """Add the problems that every operation with a token or a body can return to those it declares itself."""
    needs_token, has_body = "security" in operation, "requestBody" in operation
    codes = _ALWAYS + (_WITH_TOKEN if needs_token else ()) + (_WITH_BODY if has_body else ())
    responses = operation["responses"]
    for status, answer in problem_responses(*codes).items():
        examples = answer["content"][MEDIA_TYPE]["examples"]
        own = responses.get(str(status), {}).get("content", {}).get(MEDIA_TYPE, {}).get("examples", {})
        answer["content"][MEDIA_TYPE]["examples"] = examples | own
        responses[str(status)] = answer
