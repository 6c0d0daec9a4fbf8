"""The work on one file of every format, of this checkout against another one, which BEFORE_CHECKOUT names.

Two figures for each format, in CPU time: the core loop (decode, detect, destroy, encode, check), and the file alone
(decode, destroy a given face or none, encode, compare), where nothing that the detector saves can hide a loss. HEIC
takes part where Debian's `heif-enc` is installed.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.before import CORE_LOOP
from benchmarks.checkouts import CheckoutProcess, checkouts, compare_cpu_times
from benchmarks.picture import FACE, files_of_every_format

_ROUNDS = 9

# Run in each checkout. The module that tunes malloc has another name in older ones.
_FILE_ALONE = """
import sys, time
from pathlib import Path

try:
    from blurline.picture.malloc_tuning import tune_malloc
except ImportError:
    from blurline.memory import keep_freed_memory as tune_malloc
from blurline import Box, Face, Policy, open_photo, redact

tune_malloc()
faces = {faces}
for line in sys.stdin:
    data = Path(line.strip()).read_bytes()
    started = time.process_time()
    redact(open_photo(data), (faces,), Policy())
    print(time.process_time() - started, flush=True)
"""


def run() -> dict[str, Any]:
    """Milliseconds of both checkouts and their ratio, by kind of work and format."""
    folders = checkouts("the formats")
    works = {
        "core_loop": CORE_LOOP,
        "file_alone_with_a_face": _FILE_ALONE.format(faces=f"(Face({FACE.box!r}, {FACE.score}),)"),
        "file_alone_without_a_face": _FILE_ALONE.format(faces="()"),
    }
    with tempfile.TemporaryDirectory() as folder:
        paths = _files(Path(folder))
        return {work: _compare(code, folders, paths) for work, code in works.items()}


def _files(folder: Path) -> dict[str, Path]:
    paths = {}
    for number, (name, data) in enumerate(files_of_every_format().items()):
        paths[name] = folder / str(number)
        paths[name].write_bytes(data)
    if shutil.which("heif-enc"):
        png, heic = folder / "source.png", folder / "made.heic"
        png.write_bytes(paths["PNG"].read_bytes())
        subprocess.run(["heif-enc", "-q", "80", str(png), "-o", str(heic)], check=True, capture_output=True)
        paths["HEIC, quality 80"] = heic
    return paths


def _compare(code: str, folders: dict[str, Path], paths: dict[str, Path]) -> dict[str, Any]:
    with ExitStack() as stack:
        theirs = stack.enter_context(CheckoutProcess(folders["before"], code))
        ours = stack.enter_context(CheckoutProcess(folders["after"], code))
        return {name: compare_cpu_times([path] * _ROUNDS, theirs, ours) for name, path in paths.items()}
