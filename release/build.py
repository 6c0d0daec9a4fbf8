"""Builds the wheel, the source distribution, and an environment with the locked packages.

hatchling gives all files the same date, so a commit always gives the same bytes, also if the wheel is built from the
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
    """The wheel and the source distribution."""

    wheel: Path
    sdist: Path


def build(root: Path, target: Path) -> Built:
    """Build both into ``target``. Raises ReleaseRefused if the source distribution builds a different wheel."""
    _hatchling(root, target)
    built = Built(_only(target, "*.whl"), _only(target, "*.tar.gz"))
    with TemporaryDirectory() as folder, tarfile.open(built.sdist) as sdist:
        sdist.extractall(folder, filter="data")
        again = Path(folder) / "again"
        _hatchling(Path(folder) / built.sdist.name.removesuffix(".tar.gz"), again, "-t", "wheel")
        if sha256(_only(again, "*.whl")) != sha256(built.wheel):
            raise ReleaseRefused("The source distribution builds a different wheel: it lacks files or has extra files.")
    return built


def locked_environment(lock: Path, folder: Path) -> Path:
    """Create an environment with the locked packages, checked by hash, and return its Python."""
    _uv("venv", "-q", "--python", sys.executable, str(folder))
    python = folder / "bin" / "python"
    _uv("pip", "install", "-q", "--python", str(python), "--require-hashes", "-r", str(lock))
    return python


def install(python: Path, wheel: Path) -> None:
    """Install the wheel into a locked environment. Raises ReleaseRefused if the lock does not match the wheel."""
    _uv("pip", "install", "-q", "--python", str(python), "--no-deps", str(wheel))
    _uv("pip", "check", "--python", str(python))


def sha256(path: Path) -> str:
    """The sha256 of a file in hexadecimal."""
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
