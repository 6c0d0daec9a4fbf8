"""The endpoints and models of docs/api-reference.md, from the OpenAPI document."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import SecretStr

from api.app import create_app
from blurline.settings import Settings
from release.pages.tables import code, table

_FORMATS = {"date-time": "time", "binary": "bytes", "uri": "URL"}
_OF_EVERY_ANSWER = {
    *("invalid_request", "invalid_token", "missing_scope", "rate_limited", "database_unavailable"),
    *("issuer_unavailable", "malformed_request", "request_too_large"),
}


def api_reference() -> str:
    """Every endpoint by its resource, then every model."""
    document = _document()
    by_tag: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            by_tag.setdefault(operation["tags"][0], []).append(
                "\n\n".join(_endpoint(f"{method.upper()} {path}", operation))
            )
    parts = [part for tag, endpoints in by_tag.items() for part in (f"## Resource: {tag}", *endpoints)]
    parts.append("## All models")
    for name, schema in sorted(document["components"]["schemas"].items()):
        parts += _model(name, schema)
    return "\n\n".join(parts)


def _document() -> dict[str, Any]:
    """As an API shows it that has been told of no other part; nothing is connected to."""
    nowhere, nobody = "http://127.0.0.1:9", SecretStr("nobody")
    with TemporaryDirectory() as home:
        settings = Settings(
            home=Path(home),
            database_url=SecretStr("postgresql://127.0.0.1:9/none"),
            s3_endpoint=nowhere,
            s3_access_key=nobody,
            s3_secret_key=nobody,
        )
        return create_app(settings).openapi()


def _endpoint(title: str, operation: dict[str, Any]) -> Iterator[str]:
    yield f"### {title}"
    yield operation.get("description", operation["summary"])
    if "security" not in operation:
        yield "Needs no token."
    parameters = [each for each in operation.get("parameters", []) if each["in"] != "path"]
    if parameters:
        yield table(["parameter", "in", "value", "meaning"], map(_parameter, parameters))
    yield "\n".join(f"- {line}" for line in _traffic(operation))


def _parameter(parameter: dict[str, Any]) -> list[str]:
    name = code(parameter["name"]) + (", required" if parameter.get("required") else "")
    value = _type(parameter["schema"]).removesuffix(" or null")
    return [name, parameter["in"], value, parameter.get("description", "")]


def _traffic(operation: dict[str, Any]) -> Iterator[str]:
    body = operation.get("requestBody", {}).get("content", {})
    if body:
        yield "Send " + ", or ".join(f"{_type(each['schema'])} as {code(kind)}" for kind, each in body.items()) + "."
    codes: list[str] = []
    for status, answer in operation["responses"].items():
        content = answer.get("content", {})
        if int(status) < 400:
            shown = ", or ".join(f"{_type(each.get('schema', {}))} as {code(kind)}" for kind, each in content.items())
            yield f"**{status}**" + (f": {shown}" if shown else f" {answer['description']}")
        for each in content.values():
            codes += [f"{status} {code(name)}" for name in each.get("examples", {}) if name not in _OF_EVERY_ANSWER]
    if codes:
        yield "Errors of its own: " + ", ".join(sorted(set(codes)))


def _model(name: str, schema: dict[str, Any]) -> Iterator[str]:
    yield f"### {name}"
    if text := schema.get("description"):
        yield text.replace("``", "`")
    if "enum" in schema:
        yield "One of " + ", ".join(map(code, schema["enum"])) + "."
    if fields := schema.get("properties"):
        required = schema.get("required", [])
        yield table(
            ["field", "value", "meaning"],
            [
                [code(field) + (", required" if field in required else ""), _type(each), each.get("description", "")]
                for field, each in fields.items()
            ],
        )
    for example in schema.get("examples", [])[:1]:
        if example:
            yield f"```json\n{json.dumps(example, indent=1, ensure_ascii=False)}\n```"


def _type(schema: dict[str, Any]) -> str:
    """A schema in a few words, with links to models."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(_type(each) for each in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(map(code, schema["enum"]))
    if "const" in schema:
        return code(schema["const"])
    match schema.get("type"):
        case "array":
            return f"list of {_type(schema.get('items', {}))}" + _within(schema, "minItems", "maxItems")
        case "object" if "properties" in schema:
            return "a form of " + ", ".join(map(code, schema["properties"]))
        case "string" if schema.get("format"):
            return _FORMATS.get(schema["format"], str(schema["format"]))
        case "string":
            return "text" + _within(schema, "minLength", "maxLength", " characters")
        case "integer":
            return "whole number" + _within(schema, "minimum", "maximum")
        case None:
            return "anything"
        case other:
            return str(other) + _within(schema, "minimum", "maximum")


def _within(schema: dict[str, Any], least: str, most: str, unit: str = "") -> str:
    if least in schema and most in schema:
        return f", {schema[least]:g} to {schema[most]:,g}{unit}"
    if most in schema:
        return f", at most {schema[most]:,g}{unit}"
    return f", at least {schema[least]:g}{unit}" if schema.get(least) else ""
