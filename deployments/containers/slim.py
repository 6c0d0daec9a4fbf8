"""Makes the image small: removes what nothing in it loads, and writes the bytecode of what its programs load.

The Dockerfile runs it with the Python of the image, which must not write bytecode before. Bytecode for every module of
every package would be a tenth of the image.
"""

from __future__ import annotations

import compileall
import importlib
import pkgutil
import shutil
import sysconfig
from pathlib import Path

_LEFT_OUT_FILES = Path(__file__).with_name("left-out-files.txt")
_OURS = ("api", "blurline", "deployments", "flows", "models", "sql", "tasks")
_OTHERS = (
    "altair",
    "pandas",
    "prefect.server.api.server",
    "streamlit.web.cli",
    "streamlit.web.server.server",
    "uvicorn",
)
_OF_DEVELOPERS = {"models.vendor"}


def main() -> None:
    """Remove the files, then load every module of ours and the servers that it starts."""
    remove_left_out(Path(sysconfig.get_path("purelib")))
    for name in _OTHERS:
        importlib.import_module(name)
    for name in _OURS:
        package = importlib.import_module(name)
        for module in pkgutil.walk_packages(package.__path__, f"{name}."):
            if module.name not in _OF_DEVELOPERS:
                importlib.import_module(module.name)
    dashboard = importlib.import_module("dashboard")  # its pages run when they are loaded
    compileall.compile_dir(Path(str(dashboard.__file__)).parent, quiet=1)


def remove_left_out(site_packages: Path) -> None:
    """Remove what left-out-files.txt names. Raises FileNotFoundError for a pattern that matches nothing."""
    patterns = [line for line in _LEFT_OUT_FILES.read_text().splitlines() if line and not line.startswith("#")]
    for pattern in patterns:
        found = list(site_packages.glob(pattern))
        if not found:
            raise FileNotFoundError(f"left-out-files.txt names {pattern}, which is not there.")
        for path in found:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


if __name__ == "__main__":
    main()
