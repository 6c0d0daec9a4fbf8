"""CPU time of detection in this checkout against another one, which BEFORE_CHECKOUT names, in the same environment.

A process of each checkout is pinned to the same core. They take turns, picture by picture (A B A B …), so that noise of
the machine affects both equally. The clock is the CPU time of the process: resizing, onnxruntime and merging, without
decoding. LOOK_PICTURES names a folder of pictures (at most LOOK_COUNT of them, evenly chosen); by default, the pictures
are made from the bundled samples. LOOK_PROFILES and LOOK_ROUNDS change what runs and how often.
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks.checkouts import CheckoutProcess, checkouts
from benchmarks.photos import photo_of
from tests.pictures import COFFEE, HOPPER, encoded

_PROFILES = os.environ.get("LOOK_PROFILES", "fast,standard,thorough").split(",")
_ROUNDS = int(os.environ.get("LOOK_ROUNDS", "5"))
_COUNT = int(os.environ.get("LOOK_COUNT", "20"))
_SIZE = (1920, 1350)

# Run in each checkout: `find_faces` is the one function that all releases have.
DETECTION = """
import json, sys, time
from pathlib import Path
from blurline import Policy, ProfileName, open_photo
from models import find_faces
for line in sys.stdin:
    profile, path = json.loads(line)
    photo, policy = open_photo(Path(path).read_bytes()), Policy(profile=ProfileName(profile))
    started = time.process_time()
    found = find_faces(photo, policy)
    print(json.dumps([(time.process_time() - started) * 1000, len(found[0])]), flush=True)
"""


def run() -> dict[str, Any]:
    """For each profile: the ratio of the CPU times, with its spread over rounds and pictures."""
    folders = checkouts("detection")
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as stack:
        pictures = _pictures(Path(temporary))
        processes = {name: stack.enter_context(CheckoutProcess(folder, DETECTION)) for name, folder in folders.items()}
        load = [os.getloadavg()[0]]
        report = {profile: compared(profile, pictures, processes, _ROUNDS) for profile in _PROFILES}
        load.append(os.getloadavg()[0])
    return {"pictures": len(pictures), "rounds": _ROUNDS, "load": [round(each, 1) for each in load], **report}


def compared(profile: str, pictures: list[Path], processes: dict[str, CheckoutProcess], rounds: int) -> dict[str, Any]:
    """The CPU times of detection in both checkouts over some pictures, in alternating runs, and their ratio."""
    times: dict[str, list[list[float]]] = {name: [[] for _ in pictures] for name in processes}
    faces: dict[str, int] = {}
    for number in range(rounds + 1):
        faces = dict.fromkeys(processes, 0)
        for at, picture in enumerate(pictures):
            for name, process in processes.items():
                ms, found = json.loads(process.ask(json.dumps([profile, str(picture)])))
                faces[name] += found
                if number:  # the first round loads models and fills caches
                    times[name][at].append(ms)
    totals = {name: [sum(column) for column in zip(*rows, strict=True)] for name, rows in times.items()}
    ratios_of_rounds = [after / before for before, after in zip(totals["before"], totals["after"], strict=True)]
    medians = {name: [statistics.median(row) for row in rows] for name, rows in times.items()}
    ratios = {
        picture.name: round(after / before, 2)
        for picture, before, after in zip(pictures, medians["before"], medians["after"], strict=True)
    }
    return {
        "ms_a_picture": {name: round(statistics.mean(values), 1) for name, values in medians.items()},
        "after_over_before": round(sum(medians["after"]) / sum(medians["before"]), 3),
        "median_of_pictures": statistics.median(ratios.values()),
        "lowest_and_highest_round": [round(min(ratios_of_rounds), 3), round(max(ratios_of_rounds), 3)],
        "each_picture": ratios,
        "faces_found": faces,
    }


def _pictures(folder: Path) -> list[Path]:
    chosen = os.environ.get("LOOK_PICTURES")
    if chosen is not None:
        every = sorted(path for path in Path(chosen).iterdir() if path.suffix.lower() in (".jpg", ".jpeg", ".png"))
        return every[:: max(1, len(every) // _COUNT)][:_COUNT]
    scenery = Image.open(COFFEE).convert("RGB").resize(_SIZE)
    portrait = scenery.copy()
    portrait.paste(Image.open(HOPPER).convert("RGB").resize((300, 300)), (400, 300))
    made = {
        "group.jpg": photo_of(_SIZE),
        "scenery.jpg": encoded(scenery, "JPEG", quality=92),
        "portrait.jpg": encoded(portrait, "JPEG", quality=92),
    }
    for name, data in made.items():
        (folder / name).write_bytes(data)
    return [folder / name for name in made]
