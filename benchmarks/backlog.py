"""Memory and throughput of the whole stack while both slots work on one backlog, for BACKLOG_MINUTES (60).

Jobs of photographs of 0.5, 2 and 12 megapixels follow one another; two are always unfinished.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import UUID

from benchmarks.photos import HALF_MP, TWELVE_MP, TWO_MP, photo_of
from benchmarks.soak.load import every, until
from benchmarks.soak.memory import Memory
from benchmarks.stack import rows, running_stack
from blurline.client import Client
from tests.waiting import wait_for

_MINUTES = float(os.environ.get("BACKLOG_MINUTES", "60"))
_SIZES = {HALF_MP: 4, TWO_MP: 18, TWELVE_MP: 2}
_ROUNDS, _UNFINISHED = 10, 2
_LOOK_EVERY_S = 2.0
_WINDOW_S = 600
_PER_WINDOW = """
SELECT floor(extract(epoch FROM finished_at - min(finished_at) OVER ()) / %s)::int AS "window"
FROM images WHERE state = 'published'
"""


def run() -> dict[str, Any]:
    """Memory of each part, images a second in windows of ten minutes, and the images by state."""
    with running_stack() as stack, tempfile.TemporaryDirectory() as folder:
        paths = _photographs(Path(folder))
        memory, jobs = Memory(stack), list[UUID]()
        token = stack.command("token", "--user", "ann", "--ttl", str(int(_MINUTES * 60) + 3600))
        with Client(stack.variables()["BLURLINE_API_URL"], token) as client:

            def is_finished(job_id: UUID) -> bool:
                return client.job(job_id).state == "finished"

            def top_up() -> None:
                if sum(not is_finished(job_id) for job_id in jobs[-_UNFINISHED:]) < _UNFINISHED:
                    jobs.append(client.submit_files(paths).id)

            with memory.watching(), every(_LOOK_EVERY_S, top_up):
                until(_MINUTES * 60)
            wait_for("every job is finished", lambda: all(map(is_finished, jobs[-_UNFINISHED:])))
            states = Counter[str]()
            for job_id in jobs:
                states.update(client.job(job_id).progress.model_dump())
        windows = Counter(row["window"] for row in rows(stack, _PER_WINDOW, _WINDOW_S))
        whole = [windows[window] for window in range(max(windows, default=0))]
        return {
            "minutes": _MINUTES,
            "images": {state: count for state, count in states.items() if count},
            "images_per_s": [round(count / _WINDOW_S, 2) for count in whole],
            "memory": memory.report(),
        }


def _photographs(folder: Path) -> list[Path]:
    """The files of a job: one of each size, many times."""
    made = []
    for size, count in _SIZES.items():
        photo = folder / f"{size[0]}.jpg"
        photo.write_bytes(photo_of(size))
        made += [photo] * count
    return made * _ROUNDS
