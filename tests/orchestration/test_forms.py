"""The forms that Prefect's pages show: their fields, as the server stores them for every deployment."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import blurline
from deployments.deploy import declared_deployments
from tests.prefect_server import Prefect

_ROOT = Path(blurline.__file__).parents[1]
_FORM_FOLDERS = ("blurline", "flows")


def test_every_field_of_every_form_says_what_it_is(prefect: Prefect) -> None:
    docstrings = set(class_docstrings())
    assert docstrings, "the sources are there"
    for name in (each["name"] for each in declared_deployments()):
        schema = prefect.deployment(name)["parameter_openapi_schema"]
        for path, field in fields(schema, schema, name):
            assert field.get("title"), f"{path} has no title"
            assert field["title"] != path.rpartition(".")[2], f"{path} has the name of its parameter as title"
            assert field.get("description"), f"{path} has no description"
            for each in texts(field):
                assert first_line(each) not in docstrings, f"{path} shows a docstring: {each}"
                assert "blurline." not in each, f"{path} names a module: {each}"
            assert {"type": "null"} not in field.get("anyOf", []), f"{path} offers None"


def test_a_form_that_is_sent_as_it_opens_changes_no_policy(prefect: Prefect) -> None:
    schema = prefect.deployment("rerun-backlog")["parameter_openapi_schema"]
    properties = schema["properties"]
    assert {name for name, field in properties.items() if field.get("default", 0) is None} == set(), "refused as null"
    assert properties["policy_overrides"]["default"] == {} and properties["dry_run"]["default"] is True
    for path, field in fields(schema["definitions"]["PolicyOverrides"], schema, "policy_overrides"):
        assert "default" not in field, path
        assert field.get("type") != "boolean", f"{path} is a switch, which sends false"


def fields(node: dict[str, Any], schema: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every property below a node at any depth, in properties, items and alternatives."""
    node = resolved(node, schema)
    for name, each in (node.get("properties", {}) | node.get("patternProperties", {})).items():
        found = resolved(each, schema)
        if name in node.get("properties", {}):
            yield f"{path}.{name}", found
        yield from fields(found, schema, f"{path}.{name}")
    for key in ("anyOf", "allOf", "oneOf"):
        for each in node.get(key, []):
            yield from fields(each, schema, path)
    for key in ("items", "additionalProperties"):
        if isinstance(node.get(key), dict):
            yield from fields(node[key], schema, path)


def resolved(node: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """The node with the definition that it names; its own texts take precedence."""
    if "$ref" not in node:
        return node
    definition: dict[str, Any] = schema["definitions"][node["$ref"].rpartition("/")[2]]
    return {**definition, **node}


def texts(field: dict[str, Any]) -> Iterator[str]:
    """The descriptions of a field, its items and its alternatives."""
    for each in [field, field.get("items"), *field.get("anyOf", []), *field.get("patternProperties", {}).values()]:
        if isinstance(each, dict) and each.get("description"):
            yield each["description"]


def class_docstrings() -> Iterator[str]:
    """The first lines of the docstrings of our classes."""
    for folder in _FORM_FOLDERS:
        for source in (_ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(source.read_text())):
                if isinstance(node, ast.ClassDef) and (docstring := ast.get_docstring(node)):
                    yield first_line(docstring)


def first_line(text: str) -> str:
    """The first line of a text."""
    return text.partition("\n")[0]
