"""The core loop, from a file's bytes to the checked result, of this checkout against another one.

BEFORE_CHECKOUT names the other checkout, from `a01ffa1` on; both run with this environment's packages. Each checkout
has a process of its own, and they take each photograph in turn (A B A B ...), so that noise of the machine affects both
equally. What is compared is CPU time. With EVAL_DIR, the photographs are every sixth of ``street/`` there; otherwise
the one that `benchmarks.photos` makes, in two sizes.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.checkouts import CheckoutProcess, checkouts, compare_cpu_times
from benchmarks.photos import TWELVE_MP, TWO_MP, photo_of

_ROUNDS = 12
_EVERY = 6

# Run in each checkout. The module that tunes malloc has another name in older ones.
CORE_LOOP = """
import sys, time
from pathlib import Path

try:
    from blurline.picture.malloc_tuning import tune_malloc
except ImportError:
    from blurline.memory import keep_freed_memory as tune_malloc
from blurline import open_photo
from models import anonymize
from blurline.errors import OutputCheckFailed

tune_malloc()
for line in sys.stdin:
    data = Path(line.strip()).read_bytes()
    started = time.process_time()
    try:
        anonymize(open_photo(data))
    except OutputCheckFailed:
        pass
    print(time.process_time() - started, flush=True)
"""


def run() -> dict[str, Any]:
    """Milliseconds of CPU time of both checkouts and their ratio for each set of photographs, with its spread."""
    folders = checkouts("the core loop")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ours = stack.enter_context(CheckoutProcess(folders["after"], CORE_LOOP))
        theirs = stack.enter_context(CheckoutProcess(folders["before"], CORE_LOOP))
        return {name: compare_cpu_times(paths, theirs, ours) for name, paths in _photos(folder).items()}


def _photos(folder: Path) -> dict[str, list[Path]]:
    """Photographs by the name of their set, each as often as it is measured."""
    if "EVAL_DIR" in os.environ:
        return {"street": sorted((Path(os.environ["EVAL_DIR"]) / "street").glob("*.jpg"))[::_EVERY]}
    photos = {}
    for name, size in (("2mp", TWO_MP), ("12mp", TWELVE_MP)):
        path = folder / f"{name}.jpg"
        path.write_bytes(photo_of(size))
        photos[name] = [path] * _ROUNDS
    return photos
