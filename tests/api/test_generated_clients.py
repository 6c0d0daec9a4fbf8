"""Clients that generators make of the OpenAPI document: no warning, and functions named after our operation ids."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.long

_DOCUMENT = Path(__file__).parents[2] / "docs" / "openapi.json"
_PYTHON_GENERATOR = "openapi-python-client==0.29.1"
_TYPESCRIPT_GENERATOR = ("openapi-typescript@7.13.0", "typescript@5.9.3")

# The generator knows no pictures and archives: its configuration says that they are bytes.
_BINARY = (
    "application/zip",
    "application/vnd.apache.parquet",
    "application/vnd.apache.arrow.stream",
    "image/*",
    "image/jpeg",
)
_CONFIGURATION = {
    "content_type_overrides": dict.fromkeys(_BINARY, "application/octet-stream"),
    "post_hooks": [],
}

_USE = """
import type { operations } from "./blurline";
type Job = operations["createJob"]["responses"][202]["content"]["application/json"];
export const idOf = (job: Job): string => job.id;
"""


def test_the_python_client_is_generated_without_a_warning(tmp_path: Path) -> None:
    uv = Path(sys.executable).with_name("uv")
    environment, client = tmp_path / "generator", tmp_path / "client"
    subprocess.run([uv, "venv", "-q", "--python", sys.executable, environment], check=True)
    _install([uv, "pip", "install", "-q", "--python", environment, _PYTHON_GENERATOR])
    (tmp_path / "configuration.json").write_text(json.dumps(_CONFIGURATION))
    command = [environment / "bin" / "openapi-python-client", "generate", "--path", _DOCUMENT, "--output-path", client]
    done = _run([*command, "--config", tmp_path / "configuration.json", "--meta", "none", "--fail-on-warning"])
    assert done.returncode == 0, done.stdout + done.stderr
    assert "arning" not in done.stdout + done.stderr
    functions = {path.stem for path in client.glob("api/*/*.py")}
    assert {"create_job", "get_job", "get_result", "list_images", "create_uploads"} <= functions
    assert not any("_v1_" in each for each in functions)


@pytest.mark.skipif(shutil.which("npm") is None, reason="needs npm")
def test_the_typescript_client_is_generated_and_compiles_strictly(tmp_path: Path) -> None:
    _install(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", tmp_path, *_TYPESCRIPT_GENERATOR])
    tools = tmp_path / "node_modules" / ".bin"
    done = _run([tools / "openapi-typescript", _DOCUMENT, "--output", tmp_path / "blurline.d.ts"])
    assert done.returncode == 0, done.stdout + done.stderr
    assert "warn" not in (done.stdout + done.stderr).lower()
    (tmp_path / "use.ts").write_text(_USE)
    compiled = _run([tools / "tsc", "--strict", "--noEmit", tmp_path / "use.ts"])
    assert compiled.returncode == 0, compiled.stdout


def _install(command: list[object]) -> None:
    """Install a generator, or skip the test where no registry is reachable."""
    done = _run(command)
    if done.returncode != 0:
        pytest.skip(f"The generator cannot be installed: {done.stderr[-300:]}")


def _run(command: list[object]) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(each) for each in command], capture_output=True, text=True, check=False)
