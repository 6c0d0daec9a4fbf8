"""How the parameters of flows appear in the forms of Prefect's pages.

Prefect builds a form from the JSON schema of the flow's parameters. It takes a parameter's name for its title, shows
docstrings of classes, and offers a type `None` for what may be null. Here each field gets a title and a description.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pydantic import MISSING, BeforeValidator, Field, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue

EMPTY: Any = MISSING
"""The default of a parameter that a form can leave empty. It is not in the schema: a form would send a default of null,
which Prefect then refuses."""

EMPTY_IS_NULL = BeforeValidator(lambda given: None if given is MISSING else given)
"""The annotation of such a parameter: Prefect validates defaults too."""

_NULL = {"type": "null"}


def titled(title: str, description: str, **bounds: Any) -> Any:
    """The annotation of a flow's parameter. Prefect overwrites the title of a field, but not what is added to it."""
    return Field(json_schema_extra={"title": title, "description": description}, **bounds)


def with_offset(time: datetime) -> datetime:
    """The time that a form has sent, in UTC unless it has an offset."""
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def inlined(schema: JsonSchemaValue, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
    """The schema with the definitions that it names in their places, without null and defaults, and in its own order.

    A field's own title takes precedence over that of its type. The docstring of a type is left out.
    """
    if "$ref" in schema:
        own = {name: value for name, value in schema.items() if name != "$ref"}
        named = handler.resolve_ref_schema({"$ref": schema["$ref"]})
        return inlined({name: value for name, value in named.items() if name != "description"} | own, handler)
    result = {name: value for name, value in schema.items() if name != "default"}
    for name in ("properties", "patternProperties"):
        if name in result:
            result[name] = {key: inlined(each, handler) for key, each in result[name].items()}
    if result.get("type") == "boolean":
        del result["type"]  # its switch would send false
        result["enum"] = [True, False]
    for position, each in enumerate(result.get("properties", {}).values()):
        each["position"] = position
    if "items" in result:
        result["items"] = inlined(result["items"], handler)
    if "anyOf" in result:
        kinds = [inlined(each, handler) for each in result.pop("anyOf") if each != _NULL]
        result = {**kinds[0], **result} if len(kinds) == 1 else {**result, "anyOf": kinds}
    return result
