"""The software bill of materials (CycloneDX): packages of an environment, from `cyclonedx-py`, and the models."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from models.card import ModelCard
from release import ReleaseRefused
from release.licences import spdx


def bill_of_materials(root: Path, python: Path, cards: Iterable[ModelCard]) -> str:
    """The bill of the project in ``root`` with the packages of ``python``, as JSON."""
    tool = str(Path(sys.executable).with_name("cyclonedx-py"))
    command = [tool, "environment", str(python), "--pyproject", str(root / "pyproject.toml")]
    command += ["--output-reproducible", "--no-validate"]  # validated after the models are added
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    bill = json.loads(done.stdout)
    project = bill["metadata"]["component"]["bom-ref"]
    of_project = next(each for each in bill["dependencies"] if each["ref"] == project)
    for card in cards:
        component = _component(card)
        bill["components"].append(component)
        bill["dependencies"].append({"ref": component["bom-ref"]})
        of_project["dependsOn"].append(component["bom-ref"])
    return json.dumps(bill, indent=1, ensure_ascii=False) + "\n"


def check_bill(bill: str) -> None:
    """Raise ReleaseRefused unless the bill is valid CycloneDX. Takes ten seconds."""
    if fault := JsonStrictValidator(SchemaVersion.V1_6).validate_str(bill):
        raise ReleaseRefused(f"The bill of materials is not valid CycloneDX 1.6: {str(fault)[:500]}")


def _component(card: ModelCard) -> dict[str, Any]:
    return {
        "type": "machine-learning-model",
        "bom-ref": f"model:{card.name}",
        "name": card.name,
        "version": card.sha256[:12],
        "description": f"Face detector, {card.file}",
        "copyright": card.copyright,
        "hashes": [{"alg": "SHA-256", "content": card.sha256}],
        "licenses": [{"license": {"id": spdx(card)}}],
        "modelCard": {"modelParameters": {"datasets": [{"type": "dataset", "name": card.training_data}]}},
        "properties": [
            {"name": "blurline:source", "value": card.source},
            {"name": "blurline:source-sha256", "value": card.source_sha256},
        ],
    }
