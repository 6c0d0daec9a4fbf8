"""Checks and lists the licences of all installed packages and models, by the rules in `licences.toml`."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from models.card import ModelCard
from release import ReleaseRefused

_RULES = Path(__file__).with_name("licences.toml")
_JOINTS = re.compile(r" AND | OR |; ")


@dataclass(frozen=True, slots=True)
class Licensed:
    """A package or a model file, and its stated licence. ``why`` is the reason for an exception."""

    name: str
    version: str
    licence: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    """The allowed licences, and exceptions by package: the licence, and why it is accepted."""

    allowed: frozenset[str]
    exceptions: dict[str, tuple[str, str]]


def read_rules(path: Path = _RULES) -> Rules:
    """Read the rules from a file like `licences.toml`."""
    content = tomllib.loads(path.read_text())
    exceptions = {name: (entry["licence"], entry["why"]) for name, entry in content["exceptions"].items()}
    return Rules(frozenset(map(_bare, content["allowed"])), exceptions)


def packages_of(python: Path) -> list[Licensed]:
    """All packages installed in this Python."""
    tool = str(Path(sys.executable).with_name("pip-licenses"))
    command = [tool, f"--python={python}", "--with-system", "--format=json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [Licensed(each["Name"], each["Version"], each["License"]) for each in json.loads(done.stdout)]


def weights(cards: Iterable[ModelCard]) -> list[Licensed]:
    """The shipped model files; the version is the start of their sha256."""
    return [Licensed(card.file, card.sha256[:12], spdx(card)) for card in cards]


def spdx(card: ModelCard) -> str:
    """The identifier of a model's licence; its card names the file with the text behind it."""
    return card.licence.partition(" ")[0]


def check(everything: Iterable[Licensed], rules: Rules) -> list[Licensed]:
    """Add the reasons for exceptions. Raises ReleaseRefused if a licence is not allowed."""
    checked = [_checked(each, rules) for each in everything]
    refused = [f"{each.name} {each.version}: {each.licence}" for each, is_allowed in checked if not is_allowed]
    if refused:
        raise ReleaseRefused(
            "These licences are neither allowed nor exceptions in release/licences.toml. Review them, then drop the "
            "package or add an exception with its reason:\n" + "\n".join(refused)
        )
    return [each for each, _ in checked]


def report(version: str, packages: Iterable[Licensed], models: Iterable[Licensed]) -> str:
    """The list as a Markdown page."""
    return "\n".join(
        [
            f"# Licences of what is installed with Blurline {version}",
            "",
            "Blurline itself: Apache-2.0. Notes on exceptions come from `release/licences.toml`.",
            "",
            "## Models in the wheel",
            "",
            *_table("file", "sha256", models),
            "",
            "## Packages in `requirements.lock`",
            "",
            *_table("package", "version", packages),
            "",
        ]
    )


def _checked(each: Licensed, rules: Rules) -> tuple[Licensed, bool]:
    if all(_bare(part) in rules.allowed for part in _JOINTS.split(each.licence)):
        return each, True
    if each.name not in rules.exceptions:
        return each, False
    licence, why = rules.exceptions[each.name]
    return Licensed(each.name, each.version, each.licence, why), each.licence == licence


def _bare(licence: str) -> str:
    return licence.strip("() ")


def _table(name: str, version: str, rows: Iterable[Licensed]) -> list[str]:
    lines = [f"| {each.name} | {each.version} | {each.licence} | {each.why} |" for each in rows]
    return [f"| {name} | {version} | licence | |", "|---|---|---|---|", *lines]
