"""Keeps freed memory in the process: returning it to the system after each picture costs page faults."""

from __future__ import annotations

import ctypes
import sys

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_KEPT_BYTES = 1 << 30
_LARGEST_FROM_HEAP_BYTES = 32 << 20  # the most that glibc accepts


def tune_malloc() -> None:
    """Have glibc keep up to a gigabyte of freed memory for the next picture. Other C libraries are left as they are.

    Saves 3 % of the time for a photograph of 2 megapixels (measured by `blurline bench core`).
    """
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:
            mallopt(_M_MMAP_THRESHOLD, _LARGEST_FROM_HEAP_BYTES)
            mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)
