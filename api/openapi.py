"""The OpenAPI document: FastAPI's, with the models that it cannot see and without answers that are never given."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from pydantic.json_schema import models_json_schema

from api.problems import problems
from blurline.contract import JobRequest, Problem

_REF = "#/components/schemas/{model}"


def describe(app: FastAPI) -> None:
    """Have the application show its document so."""
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
                if "requestBody" in operation:
                    for status, answer in problems("malformed_request", "request_too_large").items():
                        operation["responses"].setdefault(str(status), answer)
            for name, schema in definitions["$defs"].items():
                schemas.setdefault(name, schema)
        assert app.openapi_schema is not None
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]
