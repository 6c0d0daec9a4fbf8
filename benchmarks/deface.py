"""(e) Comparison with the PyPI tool `deface` (image mode, defaults), in its own environment, on the same photographs.

Set DEFACE_PYTHON to the Python of that environment (`python -m venv deface-env && deface-env/bin/pip install deface
onnx onnxruntime`). To compare recall too, set EVAL_DIR to a folder with ``street/`` and ``street.json``.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.photos import TWELVE_MP, TWO_MP, photo_of

_SIZES = {"2mp": TWO_MP, "12mp": TWELVE_MP}
_ROUNDS = 3
_FEW, _MANY = 2, 8
_RECALL_AT = 0.2  # deface's default threshold

Times = tuple[float, float]

# Run by deface's own Python: what its detector finds, at its defaults (no rescaling), in the format of `detect`. The
# first argument is the file to write: deface prints lines of its own.
_DEFACE_DETECT = """
import json, sys
from pathlib import Path
import imageio.v3 as imageio
from deface.centerface import CenterFace
detector = CenterFace()
with open(sys.argv[1], "w") as lines:
    for path in sys.argv[2:]:
        pixels = imageio.imread(path)
        found, _ = detector(pixels, threshold=0.1)
        print(json.dumps({"image": Path(path).name, "faces": [list(map(float, row[:5])) for row in found]}), file=lines)
"""


def run() -> dict[str, Any]:
    """Seconds per photograph of both tools on the same cores, wall and CPU, without start-up.

    A short run measures start-up. The tools run in turn, so that noise of the machine affects both equally.
    """
    python = os.environ.get("DEFACE_PYTHON")
    if python is None:
        return {"skipped": "DEFACE_PYTHON is not set; see benchmarks/deface.py"}
    commands = {
        "deface": [str(Path(python).with_name("deface"))],
        "blurline": [sys.executable, "-m", "blurline", "redact", "-o"],
    }
    report: dict[str, Any] = {name: _compare(size, commands) for name, size in _SIZES.items()}
    if "EVAL_DIR" in os.environ:
        report["recall"] = _recall(python, Path(os.environ["EVAL_DIR"]))
    return report


def _compare(size: tuple[int, int], commands: dict[str, list[str]]) -> dict[str, Any]:
    times: dict[str, list[Times]] = {name: [] for name in commands}
    data = photo_of(size)
    for _ in range(_ROUNDS):
        for name, command in commands.items():
            times[name].append(_times_a_photo(command, data))
    report: dict[str, Any] = {}
    for at, clock in enumerate(("wall", "cpu")):
        ratios = [theirs[at] / ours[at] for theirs, ours in zip(times["deface"], times["blurline"], strict=True)]
        report[clock] = {
            **{f"{name}_s": round(statistics.median(each[at] for each in found), 3) for name, found in times.items()},
            "speedup": round(statistics.median(ratios), 2),
            "least_and_most": [round(min(ratios), 2), round(max(ratios), 2)],
        }
    return report | {"load": round(os.getloadavg()[0], 1)}


def _times_a_photo(command: list[str], data: bytes) -> Times:
    """Wall and CPU seconds of one photograph."""

    def times(count: int) -> Times:
        with tempfile.TemporaryDirectory() as folder:
            paths = [Path(folder) / f"{at}.jpg" for at in range(count)]
            for path in paths:
                path.write_bytes(data)
            out = [f"{folder}/out"] if command[-1] == "-o" else []
            used, started = _cpu_s(), time.perf_counter()
            subprocess.run([*command, *out, *map(str, paths)], check=True, capture_output=True)
            return time.perf_counter() - started, _cpu_s() - used

    few, many = times(_FEW), times(_MANY)
    return (many[0] - few[0]) / (_MANY - _FEW), (many[1] - few[1]) / (_MANY - _FEW)


def _cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _recall(python: str, folder: Path) -> dict[str, float]:
    """Recall at each tool's own threshold on `street`, from the set's own script."""
    photos = [str(path) for path in sorted((folder / "street").glob("*.jpg"))]
    blurline = [sys.executable, "-m", "blurline", "detect", "--jsonl", "--min-score", "0.1", *photos]
    with tempfile.NamedTemporaryFile("r") as lines:
        subprocess.run([python, "-c", _DEFACE_DETECT, lines.name, *photos], check=True, capture_output=True)
        found = {"deface": lines.read()}
    found["blurline"] = subprocess.run(blurline, check=True, capture_output=True, text=True).stdout
    recall = {}
    for name, detections in found.items():
        at = str(_RECALL_AT if name == "deface" else 0.3)
        score = [sys.executable, str(folder / "score.py"), str(folder / "street.json"), "--at", at]
        scored = subprocess.run(score, input=detections, check=True, capture_output=True, text=True)
        recall[name] = json.loads(scored.stdout)[f"at_{at}"]["recall"]
    return recall
