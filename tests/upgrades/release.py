"""The first release: its code, runnable beside today's, and its data in a database (see README.md)."""

from __future__ import annotations

import json
import sys
import tarfile
from pathlib import Path
from typing import Any

import psycopg

from models.card import WEIGHTS
from tests.acceptance.stack import Program

VERSION = "0.1.0"
FOLDER = Path(__file__).parent / f"v{VERSION}"
CODE, DATA, ANSWERS = FOLDER / "code.tar.xz", FOLDER / "data.sql", FOLDER / "answers.jsonl"


def unpack(into: Path) -> Program:
    """The release's `blurline`, run by this interpreter. Its models are today's files: their sha256 is on the cards."""
    with tarfile.open(CODE) as archive:
        archive.extractall(into, filter="data")
    for weights in WEIGHTS.glob("*.onnx"):
        (into / "models" / "weights" / weights.name).symlink_to(weights)
    return Program((sys.executable, "-m", "blurline"), into, {"PYTHONPATH": str(into)})


def restore(database: str) -> None:
    """Fill an empty database with the data of the release."""
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(DATA.read_bytes())


def answers() -> list[dict[str, Any]]:
    """The answers of the release's API to its data: requests with their scope, and the answers."""
    return [json.loads(line) for line in ANSWERS.read_text().splitlines()]
