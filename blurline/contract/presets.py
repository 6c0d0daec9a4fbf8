"""Presets: named policies."""

from __future__ import annotations

from typing import Any

from pydantic import (
    BaseModel,
)

from blurline.contract.base import Name, Request, with_examples
from blurline.policy import Policy

PRESET: dict[str, Any] = {
    "name": "default",
    "description": "Destroys what the standard profile finds; no metadata passes.",
    "policy": Policy().model_dump(mode="json"),
    "is_builtin": True,
}


class Preset(BaseModel):
    """A named policy. Built-in presets cannot be changed."""

    model_config = with_examples(PRESET)
    name: str
    description: str
    policy: dict[str, Any]
    is_builtin: bool


class PresetRequest(Request):
    """The new content of a preset."""

    model_config = with_examples({"description": "For the front page.", "policy": {"profile": "thorough"}})
    description: Name = ""
    policy: Policy


class Presets(BaseModel):
    """Every preset."""

    model_config = with_examples({"presets": [PRESET]})
    presets: list[Preset]
