"""The fault switch. Python imports this file at its start only where a test has put its folder on PYTHONPATH.

When a worker process is about to take a step of a task on an image whose name begins with that task's name, it
makes the file ``at-<name>`` in the folder TEST_FAULTS names and waits there while ``hold`` exists. In notify it waits
within the transaction that settles the image.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import os
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

_TASKS = ("download", "resize", "detect", "nms", "blur", "upload", "notify")
_HOLD_LIMIT_S = 500


def _wait_at(folder: Path, task: str, items: list[Any] | None) -> None:
    for item in items or []:
        name = item.attempt.name
        if name.partition(".")[0] == task and (folder / "hold").exists():
            (folder / f"at-{name}").touch()
            deadline = time.monotonic() + _HOLD_LIMIT_S
            while (folder / "hold").exists() and time.monotonic() < deadline:
                time.sleep(0.02)


def _patch(work: Any, folder: Path) -> None:
    advance = work.Work.advance

    def advance_with_fault(self: Any, stage: str, is_done: Any, step: Any) -> None:
        _wait_at(folder, stage, self.items)
        advance(self, stage, is_done, step)

    work.Work.advance = advance_with_fault


def _patch_notify(notify: Any, folder: Path) -> None:
    settle = notify._settle

    def settle_with_fault(transaction: Any, work: Any, item: Any) -> Any:
        settled = settle(transaction, work, item)
        _wait_at(folder, "notify", [item])  # with the locks that it has taken
        return settled

    notify._settle = settle_with_fault


class _Finder(importlib.abc.MetaPathFinder):
    """Finds nothing itself; lets the real finders load a module and patches it afterwards."""

    def __init__(self, folder: Path) -> None:
        self._patches = {"tasks.work": _patch, "tasks.notify": _patch_notify}
        self._folder = folder

    def find_spec(self, name: str, path: Any, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        patch = self._patches.pop(name, None)
        if patch is None:
            return None
        spec = importlib.util.find_spec(name)
        assert spec is not None
        loader = spec.loader
        assert loader is not None
        execute = loader.exec_module

        def execute_and_patch(module: ModuleType) -> None:
            execute(module)
            patch(module, self._folder)

        loader.exec_module = execute_and_patch  # type: ignore[method-assign]
        return spec


if os.environ.get("TEST_FAULTS"):
    import importlib.util

    sys.meta_path.insert(0, _Finder(Path(os.environ["TEST_FAULTS"])))
