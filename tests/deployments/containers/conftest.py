"""The composition, as an operator starts it, in namespaces instead of containers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.deployments.containers.dockerfile import FOLDER, build
from tests.deployments.containers.engine import Engine
from tests.deployments.containers.images import images

_TOOLS = ("bwrap", "caddy", "ip", "nsenter", "setpriv", "wget")
_OPERATOR = 12345


def compose_config(folder: Path, *files: str) -> dict[str, Any]:
    """What `docker compose config` makes of the files in a copy of their folder."""
    options = [word for file in files or ("compose.yaml",) for word in ("--file", str(folder / file))]
    command = [str(Path(sys.executable).with_name("docker-compose")), *options, "--profile", "setup", "config"]
    done = subprocess.run([*command, "--format", "json"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    config: dict[str, Any] = json.loads(done.stdout)
    return config


@pytest.fixture(scope="session")
def trees(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The stages of the image, made as the Dockerfile says."""
    missing = [tool for tool in _TOOLS if shutil.which(tool) is None]
    if missing or os.geteuid() != 0:
        why = f"Containers are tested as root, with the tools {', '.join(_TOOLS)}; missing: {missing or 'root'}."
        assert not os.environ.get("CI"), why
        pytest.skip(why)
    uv = Path(sys.executable).with_name("uv")
    cache = subprocess.run([uv, "cache", "dir"], capture_output=True, text=True, check=True).stdout.strip()
    return build(tmp_path_factory.mktemp("image"), Path(cache))


@pytest.fixture(scope="module")
def composition(trees: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Every service up and healthy, with secrets made by the command that the guide names."""
    folder = tmp_path_factory.mktemp("composition")
    project = folder / "containers"
    project.mkdir()
    for name in ("compose.yaml", "Caddyfile"):
        shutil.copy(FOLDER / name, project)
    (project / ".env").write_text("MAX_REQUEST_MB=2\nWORKER_CHILDREN=1\n")
    os.chown(project, _OPERATOR, _OPERATOR)
    config = compose_config(project)
    config["services"]["secrets"]["user"] = str(_OPERATOR)  # docker compose run --user "$(id -u)"
    engine = Engine(config, images(trees["blurline"], folder), folder)
    with engine.networks():
        engine.up("secrets")
        for name in config["services"]:
            engine.up(name)
        yield engine
