"""The wheel, the source distribution, and an environment with exactly what the lock pins.

hatchling dates every file alike, so the same commit gives the same bytes, also when the wheel is built from the
source distribution.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from release import ReleaseRefused


@dataclass(frozen=True, slots=True)
class Built:
    """The two files of a release that are installed."""

    wheel: Path
    sdist: Path


def build(root: Path, target: Path) -> Built:
    """Build both into ``target``, the wheel from the source distribution too. Raises ReleaseRefused if they differ."""
    _hatchling(root, target)
    built = Built(_only(target, "*.whl"), _only(target, "*.tar.gz"))
    with TemporaryDirectory() as folder, tarfile.open(built.sdist) as sdist:
        sdist.extractall(folder, filter="data")
        again = Path(folder) / "again"
        _hatchling(Path(folder) / built.sdist.name.removesuffix(".tar.gz"), again, "-t", "wheel")
        if sha256(_only(again, "*.whl")) != sha256(built.wheel):
            raise ReleaseRefused("The source distribution builds another wheel: it lacks files, or has more of them.")
    return built


def locked_environment(lock: Path, folder: Path) -> Path:
    """Make an environment of what the lock pins, every file checked against its hash; its Python."""
    _uv("venv", "-q", "--python", sys.executable, str(folder))
    python = folder / "bin" / "python"
    _uv("pip", "install", "-q", "--python", str(python), "--require-hashes", "-r", str(lock))
    return python


def install(python: Path, wheel: Path) -> None:
    """Put the wheel into such an environment. Raises ReleaseRefused where the lock is not what the wheel asks for."""
    _uv("pip", "install", "-q", "--python", str(python), "--no-deps", str(wheel))
    _uv("pip", "check", "--python", str(python))


def sha256(path: Path) -> str:
    """Hex sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _hatchling(root: Path, target: Path, *arguments: str) -> None:
    _run([sys.executable, "-m", "hatchling", "build", "-d", str(target), *arguments], root)


def _uv(*arguments: str) -> None:
    _run([sys.executable, "-m", "uv", *arguments], Path.cwd())


def _run(command: list[str], folder: Path) -> None:
    environment = os.environ | {"UV_PYTHON_DOWNLOADS": "never"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ReleaseRefused(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")


def _only(folder: Path, pattern: str) -> Path:
    (path,) = folder.glob(pattern)
    return path
