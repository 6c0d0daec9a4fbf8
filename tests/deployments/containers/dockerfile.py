"""Parses our Dockerfile and builds its stages in plain folders, because no container engine runs in tests.

The steps of a stage run one by one, as they are written, by a user who is not root, where only the folders that the
stage makes may be written to.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "deployments" / "containers"
DOCKERFILE = FOLDER / "Dockerfile"
_IGNORE_FILE = FOLDER / "Dockerfile.dockerignore"
_USER = "10001"
_WRITABLE = ("build", "opt")
_NOT_OF_THE_HOST = {*_WRITABLE, "proc", "dev", "sys", "tmp"}


@dataclass(slots=True)
class Stage:
    """A stage: its instructions as (word, rest), and what they say of the containers that it is for."""

    base: str
    instructions: list[tuple[str, str]] = field(default_factory=list)

    def last(self, word: str) -> str:
        """The value of the last instruction of this kind."""
        return next(rest for each, rest in reversed(self.instructions) if each == word)

    @property
    def environment(self) -> dict[str, str]:
        """The variables set by ENV."""
        pairs = [pair for word, rest in self.instructions if word == "ENV" for pair in shlex.split(rest)]
        return dict(pair.split("=", 1) for pair in pairs)

    @property
    def entrypoint(self) -> list[str]:
        """The ENTRYPOINT, in exec form."""
        words: list[str] = json.loads(self.last("ENTRYPOINT"))
        return words


def read_dockerfile() -> tuple[dict[str, str], dict[str, Stage]]:
    """The arguments before the first stage, with their defaults, and the stages by name."""
    lines = [line for line in DOCKERFILE.read_text().splitlines() if line.strip() and not line.startswith("#")]
    arguments: dict[str, str] = {}
    stages: dict[str, Stage] = {}
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        word, _, rest = line.partition(" ")
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            stage = stages[name] = Stage(base)
        elif not stages:
            name, _, arguments[name] = rest.partition("=")
        else:
            stage.instructions.append((word, rest))
    return arguments, stages


def build(folder: Path, uv_cache: Path) -> dict[str, Path]:
    """Build the stages `build` and `blurline`; the root folder of each."""
    _, stages = read_dockerfile()
    trees: dict[str, Path] = {}
    for name in ("build", "blurline"):
        tree = trees[name] = folder / name
        place = Path("/")
        for word, rest in stages[name].instructions:
            if word == "WORKDIR":
                place = Path(rest)
                _inside(tree, place).mkdir(parents=True, exist_ok=True)
            elif word == "COPY":
                _copy(tree, place, trees, rest)
            elif word == "RUN":
                _run(tree, place, rest, uv_cache)
    return trees


def sent_to_the_build() -> Iterator[Path]:
    """The files of the checkout in the build context, relative to its root."""
    for name in sorted({rule[1:] for rule in _ignore_rules() if rule.startswith("!")}):
        top = ROOT / name
        for path in [top] if top.is_file() else sorted(top.rglob("*")):
            relative = path.relative_to(ROOT)
            if path.is_file() and not is_kept_from_the_build(relative):
                yield relative


def is_kept_from_the_build(path: Path) -> bool:
    """Whether the ignore file excludes a path: the last rule that matches it or a parent folder decides."""
    names = [str(each) for each in (path, *path.parents)]
    verdict = False
    for rule in _ignore_rules():
        if any(fnmatch(name, rule.removeprefix("!")) for name in names):
            verdict = not rule.startswith("!")
    return verdict


@cache
def _ignore_rules() -> list[str]:
    return [line for line in _IGNORE_FILE.read_text().splitlines() if line and not line.startswith("#")]


def _copy(tree: Path, place: Path, trees: dict[str, Path], rest: str) -> None:
    words = shlex.split(rest)
    flags = dict(word[2:].split("=") for word in words if word.startswith("--"))
    *sources, target = [word for word in words if not word.startswith("--")]
    destination = _inside(tree, place / target)
    if "from" in flags:
        [source] = sources
        destination.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(_inside(trees[flags["from"]], Path(source)), destination, symlinks=True, copy_function=os.link)
        return
    allowed = set(sent_to_the_build())
    for path in allowed if sources == ["."] else map(Path, sources):
        assert path in allowed, f"the build does not get {path}"
        copy = destination / (path if sources == ["."] else path.name)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, copy)


def _run(tree: Path, place: Path, command: str, uv_cache: Path) -> None:
    mounts: list[str] = []
    for entry in sorted(Path("/").iterdir()):
        if entry.name in _NOT_OF_THE_HOST:
            continue
        if entry.is_symlink():
            mounts += ["--symlink", os.readlink(entry), str(entry)]
        else:
            mounts += ["--ro-bind", str(entry), str(entry)]
    mounts += ["--ro-bind", sys.base_prefix, "/usr/local", "--bind", str(uv_cache), "/uv-cache"]
    for name in _WRITABLE:
        (tree / name).mkdir(parents=True, exist_ok=True)
        mounts += ["--bind", str(tree / name), f"/{name}"]
    for entry in Path("/opt").glob("*"):  # where the machine may keep packages
        mounts += ["--ro-bind", str(entry), str(entry)]
    mounts += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--remount-ro", "/"]
    user = ["--unshare-user", "--uid", _USER, "--gid", _USER, "--die-with-parent"]
    done = subprocess.run(
        ["bwrap", *user, *mounts, "--chdir", str(place), "/bin/sh", "-euc", command],
        env={**os.environ, "UV_CACHE_DIR": "/uv-cache", "UV_PYTHON_DOWNLOADS": "never"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"


def _inside(tree: Path, path: Path) -> Path:
    return tree / path.relative_to("/")
