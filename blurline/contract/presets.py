"""Presets: policies with a name."""

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
    """A policy with a name. The built-in ones cannot be changed."""

    model_config = with_examples(PRESET)
    name: str
    description: str
    policy: dict[str, Any]
    is_builtin: bool


class PresetRequest(Request):
    """What a preset is to be."""

    model_config = with_examples({"description": "For the front page.", "policy": {"profile": "thorough"}})
    description: Name = ""
    policy: Policy


class Presets(BaseModel):
    """Every preset."""

    model_config = with_examples({"presets": [PRESET]})
    presets: list[Preset]
