"""The contents of docs/kubernetes.md: the secrets that an operator creates, and further YAML."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

GUIDE = (Path(__file__).parents[3] / "docs" / "kubernetes.md").read_text()


def secrets() -> dict[str, dict[str, str]]:
    """The lines of the file for each Secret, by the Secret's name."""
    blocks = re.findall(r"```ini\n# ([\w-]+)\.env\n(.*?)```", GUIDE, re.DOTALL)
    return {name: dict(line.split("=", 1) for line in lines.splitlines() if line) for name, lines in blocks}


def yaml_block(containing: str) -> Any:
    """The one block of YAML with these words."""
    (block,) = [each for each in re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL) if containing in each]
    return yaml.safe_load(block)
