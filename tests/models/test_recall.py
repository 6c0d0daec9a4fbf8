"""Recall of the faster profiles on the evaluation sets, if they lie beside the checkout."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SETS = Path(__file__).parents[3] / "shared" / "eval"


@pytest.mark.skipif(not SETS.is_dir(), reason="the evaluation sets are not here; they may not be shipped")
@pytest.mark.parametrize(
    ("profile", "name", "recall"),
    [
        ("standard", "street", 0.92),
        pytest.param("standard", "tiny", 0.66, marks=pytest.mark.long),
        pytest.param("fast", "street", 0.85, marks=pytest.mark.long),
        pytest.param("fast", "tiny", 0.64, marks=pytest.mark.long),
    ],
)
def test_recall_at_precision_080(profile: str, name: str, recall: float) -> None:
    photos = sorted(map(str, (SETS / name).glob("*.jpg")))
    detect = [sys.executable, "-m", "blurline", "detect", "--profile", profile, "--min-score", "0.1", "--jsonl"]
    halves = [
        subprocess.Popen([*detect, *photos[half::2]], stdout=subprocess.PIPE, text=True) for half in (0, 1)
    ]  # one a core
    found = "".join(half.communicate()[0] for half in halves)
    assert [half.returncode for half in halves] == [0, 0]
    score = [sys.executable, str(SETS / "score.py"), str(SETS / f"{name}.json")]
    scored = subprocess.run(score, input=found, check=True, capture_output=True, text=True).stdout
    assert json.loads(scored)["recall_at_precision_0.80"] >= recall
