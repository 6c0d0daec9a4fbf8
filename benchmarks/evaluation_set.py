"""The labelled pictures that some benchmarks need: ``EVAL_DIR`` with ``street.json`` and the folder ``street``."""

from __future__ import annotations

import os
from pathlib import Path

from blurline.errors import ConfigurationError
from models.evaluation.truth import Labelled, read_labels


def street(purpose: str) -> list[Labelled]:
    """The labelled pictures of ``street``. Raises ConfigurationError without EVAL_DIR."""
    folder = os.environ.get("EVAL_DIR")
    if folder is None:
        raise ConfigurationError(f"Set EVAL_DIR to the folder with street.json and street/ to measure {purpose}.")
    return read_labels(Path(folder) / "street.json", Path(folder) / "street")
