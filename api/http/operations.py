"""The operations of a path in the OpenAPI document."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from fastapi import FastAPI
from starlette.routing import compile_path


def operations(app: FastAPI, path: str) -> dict[str, dict[str, Any]]:
    """The operations of a path by method, in capitals. Empty when the document does not have the path."""
    found: dict[str, dict[str, Any]] = {}
    for template, methods in app.openapi()["paths"].items():
        if _pattern(template).match(path):
            found = {method.upper(): operation for method, operation in methods.items()} | found
    return found


@cache
def _pattern(template: str) -> re.Pattern[str]:
    return compile_path(template)[0]
