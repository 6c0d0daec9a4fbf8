"""(e) Comparison with the PyPI tool `deface` (image mode, defaults), in its own environment, on the same photographs.

Set DEFACE_PYTHON to the Python of that environment (`python -m venv deface-env && deface-env/bin/pip install deface
onnxruntime`). To compare recall too, set EVAL_DIR to a folder with ``street/`` and ``street.json``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.photos import TWELVE_MP, TWO_MP, photo_of

_COUNTS = {"2mp": (TWO_MP, 28), "12mp": (TWELVE_MP, 16)}
_FEW = 4
_RECALL_AT = 0.2  # deface's default threshold

# Run by deface's own Python: what its detector finds, at its defaults (no rescaling), in the format of `detect`.
_DEFACE_DETECT = """
import json, sys
from pathlib import Path
import imageio.v3 as imageio
from deface.centerface import CenterFace
detector = CenterFace()
for path in sys.argv[1:]:
    pixels = imageio.imread(path)
    found, _ = detector(pixels, threshold=0.1)
    print(json.dumps({"image": Path(path).name, "faces": [list(map(float, row[:5])) for row in found]}))
"""


def run() -> dict[str, Any]:
    """Seconds per photograph of both tools on the same cores, without start-up, which a short run measures."""
    python = os.environ.get("DEFACE_PYTHON")
    if python is None:
        return {"skipped": "DEFACE_PYTHON is not set; see benchmarks/deface.py"}
    report: dict[str, Any] = {}
    for name, (size, count) in _COUNTS.items():
        with tempfile.TemporaryDirectory() as folder:
            paths = [Path(folder) / f"{at}.jpg" for at in range(count)]
            data = photo_of(size)
            for path in paths:
                path.write_bytes(data)
            theirs = _seconds_a_photo([str(Path(python).with_name("deface"))], paths, [])
            ours = _seconds_a_photo([sys.executable, "-m", "blurline", "redact"], paths, ["-o", f"{folder}/out"])
        report[name] = {"deface_s": round(theirs, 3), "blurline_s": round(ours, 3), "speedup": round(theirs / ours, 2)}
    if "EVAL_DIR" in os.environ:
        report["recall"] = _recall(python, Path(os.environ["EVAL_DIR"]))
    return report


def _seconds_a_photo(command: list[str], paths: list[Path], options: list[str]) -> float:
    def seconds(some: list[Path]) -> float:
        started = time.perf_counter()
        subprocess.run([*command, *map(str, some), *options], check=True, capture_output=True)
        return time.perf_counter() - started

    few = seconds(paths[:_FEW])
    return (seconds(paths) - few) / (len(paths) - _FEW)


def _recall(python: str, folder: Path) -> dict[str, float]:
    """Recall at each tool's own threshold on `street`, from the set's own script."""
    photos = [str(path) for path in sorted((folder / "street").glob("*.jpg"))]
    blurline = [sys.executable, "-m", "blurline", "detect", "--jsonl", "--min-score", "0.1"]
    found = {
        "deface": subprocess.run([python, "-c", _DEFACE_DETECT, *photos], check=True, capture_output=True, text=True),
        "blurline": subprocess.run([*blurline, *photos], check=True, capture_output=True, text=True),
    }
    recall = {}
    for name, done in found.items():
        at = str(_RECALL_AT if name == "deface" else 0.3)
        score = [sys.executable, str(folder / "score.py"), str(folder / "street.json"), "--at", at]
        scored = subprocess.run(score, input=done.stdout, check=True, capture_output=True, text=True)
        recall[name] = json.loads(scored.stdout)[f"at_{at}"]["recall"]
    return recall
