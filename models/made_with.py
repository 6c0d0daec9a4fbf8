"""What the bytes of a result depend on, besides its original, policy and model: recorded on every image, so that
`blurline verify --reproduce` can say why a result differs."""

from __future__ import annotations

import platform
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from blurline.access.noise_key import NoiseKey

STRONGER = "stronger"
"""The name of the policy fields that were strengthened; only in results of a second attempt."""

_PACKAGES = ("numpy", "pillow", "pi-heif", "onnxruntime", "cykooz-resizer")
_INSTRUCTION_SETS = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "amx_int8", "asimddp", "i8mm", "sve")
"""Those for which onnxruntime has kernels of their own; other kernels add in another order, so scores differ."""


def made_with(noise_key: NoiseKey) -> dict[str, Any]:
    """Return the id of the noise key (None if the key is not kept), the kind of CPU, and the versions of libraries."""
    return {"noise_key": noise_key.id if noise_key.is_kept else None, "cpu": cpu_kind(), "packages": _packages()}


@lru_cache(maxsize=1)
def cpu_kind() -> str:
    """The architecture of this CPU, and its instruction sets that matter, as in "x86_64 avx2 avx512f"."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        return platform.machine()
    flags = {flag for line in lines if line.lower().startswith(("flags", "features")) for flag in line.split()}
    return " ".join([platform.machine(), *(each for each in _INSTRUCTION_SETS if each in flags)])


@lru_cache(maxsize=1)
def _packages() -> dict[str, str]:
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
