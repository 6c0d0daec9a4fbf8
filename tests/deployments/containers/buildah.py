"""Builds our image with buildah, on a base that debootstrap makes, and runs programs from it. Needs root.

Debian's Python stands in for the image that the Dockerfile names. Nothing is isolated but the file system (chroot).
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.deployments.containers.dockerfile import DOCKERFILE, ROOT

TOOLS = ("buildah", "debootstrap")
USER = 10001
_SUITE, _PACKAGES = "bookworm", "python3,python3-venv,ca-certificates"
_CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"
_BASE, _IMAGE = "localhost/python:base", "localhost/blurline:test"
_PATH = "/usr/local/bin:/usr/bin:/bin"


@dataclass(frozen=True, slots=True)
class Image:
    """An image in the storage ``folder``. ``size_bytes`` and ``base_bytes``: of the files in it and in its base."""

    folder: Path
    container: str
    size_bytes: int
    base_bytes: int

    def popen(self, home: Path, variables: Mapping[str, str], *command: str) -> subprocess.Popen[str]:
        """Start the image's program as its user, with ``home`` as the volume of BLURLINE_HOME."""
        given = [word for name, value in variables.items() for word in ("--env", f"{name}={value}")]
        mount = f"{home}:/var/lib/blurline"
        return subprocess.Popen(
            [*_buildah(self.folder), "run", "--volume", mount, *given, self.container, "blurline", *command],
            env=_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, home: Path, variables: Mapping[str, str], *command: str) -> tuple[int, str]:
        """The exit code of the image's program and what it wrote."""
        process = self.popen(home, variables, *command)
        written, _ = process.communicate()
        return process.returncode, written


@contextmanager
def built_image(folder: Path) -> Iterator[Image]:
    """The base and the image, until the end of the block. Raises AssertionError with the output of what failed."""
    root = folder / "base"
    _done("debootstrap", "--variant=minbase", f"--include={_PACKAGES}", _SUITE, str(root))
    shutil.copyfile(f"/{_CERTIFICATES}", root / _CERTIFICATES)  # those of the registries in use
    (root / "usr" / "local" / "bin" / "python3").symlink_to("/usr/bin/python3")
    buildah = _buildah(folder)
    base = _done(*buildah, "from", "scratch")
    _done(*buildah, "add", "-q", base, str(root), "/")
    trusted = f"SSL_CERT_FILE=/{_CERTIFICATES}"
    _done(*buildah, "config", "--env", f"PATH={_PATH}", "--env", trusted, base)
    _done(*buildah, "commit", "-q", base, _BASE)
    _done(*buildah, "rm", base)
    ignored = f"{DOCKERFILE}.dockerignore"
    _done(
        *(*buildah, "bud", "-q", "--layers=false", "--build-arg", f"PYTHON={_BASE}", "--target", "blurline"),
        *("--ignorefile", ignored, "-f", str(DOCKERFILE), "-t", _IMAGE, str(ROOT)),
    )
    container = _done(*buildah, "from", _IMAGE)
    mounted = Path(_done(*buildah, "mount", container))
    try:
        yield Image(folder, container, _bytes_under(mounted), _bytes_under(root))
    finally:
        _done(*buildah, "rm", "--all")
        _done(*buildah, "rmi", "--all", "--force")


def _buildah(folder: Path) -> list[str]:
    """Its command. The driver copies files: another would leave mounts behind, which nobody can remove."""
    places = ("--root", str(folder / "storage"), "--runroot", str(folder / "run"))
    return ["buildah", *places, "--storage-driver", "vfs"]


def _environment() -> dict[str, str]:
    return os.environ | {"BUILDAH_ISOLATION": "chroot"}


def _done(*command: str) -> str:
    done = subprocess.run(command, env=_environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
    return done.stdout.strip()


def _bytes_under(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_symlink() or path.is_file())
