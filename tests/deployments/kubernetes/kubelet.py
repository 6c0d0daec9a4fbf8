"""What the kubelet gives to the processes of a container."""

from __future__ import annotations

import re
from pathlib import Path


def arguments(given: list[str], variables: dict[str, str]) -> list[str]:
    """The arguments of a container with each $(NAME) replaced by the variable's value."""
    return [re.sub(r"\$\((\w+)\)", lambda match: variables[match[1]], each) for each in given]


def as_kubernetes_mounts(folder: Path, lines: dict[str, str]) -> Path:
    """The mount of a Secret: each file is a link into a folder that the kubelet replaces as a whole."""
    (folder / "..2026_11_25").mkdir(parents=True)
    (folder / "..data").symlink_to("..2026_11_25")
    for name, value in lines.items():
        (folder / "..data" / name).write_text(value)
        (folder / name).symlink_to(Path("..data") / name)
    return folder
