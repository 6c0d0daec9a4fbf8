"""Where the time of a picture goes: by stage of the core loop, and by process of the whole stack.

The stages are samples of the call stack, which share out the CPU time that the pictures took: the code that is measured
runs unchanged. Time in onnxruntime is named by the detector's pass.
WHERE_PLOT names a file for a plot of the stages (PNG or SVG). HEIC takes part where Debian's `heif-enc` is installed.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import psutil
from PIL import Image

from benchmarks.cpu_time import cpu_s
from benchmarks.photos import HALF_MP, TWELVE_MP, TWO_MP, photo_of
from benchmarks.stack import running_stack
from blurline import Policy, open_photo
from blurline.picture.malloc_tuning import tune_malloc
from blurline.picture.preview import preview
from blurline.settings import Settings
from blurline.storage.preview_keys import PreviewSize
from models import plan_for, render_detections
from tests.acceptance.stack import Stack, finished, submit
from tests.pictures import encoded

_SIZES = {"0.5 MP": HALF_MP, "2 MP": TWO_MP, "12 MP": TWELVE_MP, "48 MP": (8800, 5500)}
_AT_LEAST_S = 4.0  # of CPU time, for each kind of picture
_SAMPLE_S = 0.001
_BACKLOG, _SINGLES = 64, 24

# Outermost first: what happens inside these functions or files belongs to them.
_WHOLE = {
    "models/second_look.py": "second look",
    "picture/preview.py": "previews",
    "check_output": "check",
    "picture/comparison.py": "check",
    "picture/losses.py": "check",
    "picture/destroy.py": "destroy",
    "picture/noise.py": "destroy",
    "picture/encode.py": "encode",
    "picture/colour_conversion.py": "colour",
    "picture/decode.py": "decode",
    "picture/letterbox.py": "resize",
    "models/merge.py": "merge",
}


def run() -> dict[str, Any]:
    """CPU milliseconds by stage for each kind of picture, and by process for a backlog and for single pictures."""
    tune_malloc()
    stages = {kind: stages_of(data) for kind, data in _pictures()}
    if "WHERE_PLOT" in os.environ:
        _plot(stages, Path(os.environ["WHERE_PLOT"]))
    with running_stack() as stack:
        return {"stages_ms": stages, "processes_ms_an_image": processes(stack)}


def stages_of(data: bytes) -> dict[str, float]:
    """CPU milliseconds of a picture by stage, as in a worker, from the file's bytes to the previews."""
    policy, settings = Policy(), Settings()
    plan = plan_for(policy, settings)

    def treat() -> None:
        photo = open_photo(data)
        detected = [plan.detect(frame) for frame in photo.frames]
        rendered = render_detections(photo, detected, plan, policy, settings)
        preview(rendered.first_frame, PreviewSize.THUMB)
        preview(photo.frames[0], PreviewSize.THUMB)

    treat()  # loads models and fills caches
    pictures, started = 0, time.process_time()
    with _sampling() as samples:
        while time.process_time() - started < _AT_LEAST_S:
            treat()
            pictures += 1
    total_ms = (time.process_time() - started) * 1000 / pictures
    counted = sum(samples.values())
    stages = {stage: round(total_ms * count / counted, 1) for stage, count in samples.most_common()}
    return {"all": round(total_ms, 1), **stages}


def processes(stack: Stack) -> dict[str, dict[str, float]]:
    """CPU milliseconds an image by process, and what two cores had left, on a backlog and one picture at a time."""
    photo = photo_of(TWO_MP)
    with stack.client() as client:

        def backlog() -> None:
            finished(client, submit(client, [(f"{at}.jpg", photo) for at in range(_BACKLOG)]))

        def singles() -> None:
            for at in range(_SINGLES):
                finished(client, submit(client, [(f"{at}.jpg", photo)]))

        finished(client, submit(client, [("warm.jpg", photo)] * 8))
        return {"backlog": _cpu_ms(stack, backlog, _BACKLOG), "singles": _cpu_ms(stack, singles, _SINGLES)}


def _pictures() -> Iterator[tuple[str, bytes]]:
    for size, pixels in _SIZES.items():
        jpeg = photo_of(pixels)
        yield f"JPEG {size}", jpeg
        png = encoded(Image.open(io.BytesIO(jpeg)), "PNG", compress_level=1)
        yield f"PNG {size}", png
        if shutil.which("heif-enc"):
            with tempfile.TemporaryDirectory() as folder:
                source, made = Path(folder) / "source.png", Path(folder) / "made.heic"
                source.write_bytes(png)
                subprocess.run(["heif-enc", "-q", "80", str(source), "-o", str(made)], check=True, capture_output=True)
                yield f"HEIC {size}", made.read_bytes()


@contextmanager
def _sampling() -> Iterator[Counter[str]]:
    """Sample the stage of this thread every millisecond."""
    samples: Counter[str] = Counter()
    ended, thread = threading.Event(), threading.get_ident()

    def sample() -> None:
        while not ended.wait(_SAMPLE_S):
            samples[_stage(sys._current_frames()[thread])] += 1

    sampler = threading.Thread(target=sample)
    sampler.start()
    try:
        yield samples
    finally:
        ended.set()
        sampler.join()


def _stage(frame: FrameType | None) -> str:
    """The stage that a stack of calls belongs to."""
    frames = []
    while frame is not None:
        frames.append(frame)
        frame = frame.f_back
    detector = None
    for each in reversed(frames):
        name, file = each.f_code.co_name, "/".join(Path(each.f_code.co_filename).parts[-2:])
        if stage := _WHOLE.get(file) or _WHOLE.get(name):
            return stage
        if file == "models/look.py" and name == "run_pass":
            step = each.f_locals["step"]
            detector = f"{'scout ' if step.is_scout else ''}{step.side_px}"
        if file == "models/session.py":
            return f"detect, {detector or 'rotated scout'}"
    return "other"


def _cpu_ms(stack: Stack, work: Callable[[], None], images: int) -> dict[str, float]:
    before, started = _cpu_s(stack), time.monotonic()
    work()
    elapsed_s, after = time.monotonic() - started, _cpu_s(stack)
    used = {part: after[part] - before[part] for part in after}
    used["idle or others"] = elapsed_s * (os.cpu_count() or 1) - sum(used.values())
    return {part: round(seconds * 1000 / images, 1) for part, seconds in sorted(used.items())} | {
        "images_per_s": round(images / elapsed_s, 2)
    }


def _cpu_s(stack: Stack) -> dict[str, float]:
    """Seconds of CPU time of each part, with its child processes; those of the worker are a part of their own."""
    used: dict[str, float] = defaultdict(float)
    for part, pid in stack.pids().items():
        parent = psutil.Process(pid)
        used[part] += cpu_s(parent)
        for child in parent.children(recursive=True):
            used["worker processes" if part == "worker" else part] += cpu_s(child)
    return used


def _plot(stages: dict[str, dict[str, float]], path: Path) -> None:
    """Draw one bar for each kind of picture, of the shares of its stages."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    names = list(dict.fromkeys(name for each in stages.values() for name in each if name != "all"))
    figure, axes = pyplot.subplots(figsize=(9, 0.4 * len(stages) + 2), layout="constrained")
    left = dict.fromkeys(stages, 0.0)
    colours = pyplot.get_cmap("tab20")
    for number, name in enumerate(names):
        shares = [100 * each.get(name, 0) / each["all"] for each in stages.values()]
        axes.barh(list(stages), shares, left=list(left.values()), color=colours(number % 20), label=name)
        left = {kind: start + share for (kind, start), share in zip(left.items(), shares, strict=True)}
    axes.invert_yaxis()
    axes.set_xlabel("share of the CPU time, %")
    axes.set_yticks(list(stages), [f"{kind}: {each['all']:.0f} ms" for kind, each in stages.items()])
    figure.legend(loc="outside lower center", ncols=5, fontsize="small")
    figure.savefig(path)
