from __future__ import annotations

import ast
import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def test_the_import_rules_hold() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_locks_name_no_host() -> None:
    for lock in ROOT.glob("requirements*.lock"):
        assert "://" not in lock.read_text()
        assert "--hash=sha256:" in lock.read_text()


def test_vendored_pictures_have_their_sha256() -> None:
    stated = {(ROOT / "samples" / "README.md"): "samples", (ROOT / "NOTICE"): "models/weights"}
    pictures = {
        path: where
        for where, folder in stated.items()
        for path in (ROOT / folder).iterdir()
        if path.suffix in {".jpg", ".png", ".webp"}
    }
    assert len(pictures) == 8
    for path, where in pictures.items():
        assert hashlib.sha256(path.read_bytes()).hexdigest() in where.read_text(), path


def test_the_kernel_imports_without_its_neighbours() -> None:
    code = (
        "import blurline, sys; print([m for m in ('prefect', 'fastapi', 'onnxruntime', 'models') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


PACKAGES = ("api", "benchmarks", "blurline", "dashboard", "deployments", "flows", "models", "release", "sql", "tasks")


def test_onnxruntime_is_imported_in_one_place_of_the_product_only() -> None:
    """Another import could come first and start its telemetry; a script for developers disables that itself."""
    importers = [
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if "onnxruntime" in _imported(path)
    ]
    assert sorted(importers) == ["models/quantise.py", "models/session.py"]
    assert (
        "\ndisable_telemetry()\n" in (ROOT / "models/quantise.py").read_text().split("import CalibrationDataReader")[0]
    )


def test_no_two_classes_share_a_name() -> None:
    """One word for one thing: a class name, read anywhere, needs no folder beside it."""
    places: dict[str, list[str]] = {}
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.parse(path.read_text()).body:
                if isinstance(node, ast.ClassDef):
                    places.setdefault(node.name, []).append(path.relative_to(ROOT).as_posix())
    assert {name: paths for name, paths in places.items() if len(paths) > 1} == {}


def test_every_streamed_response_closes_its_source() -> None:
    users = [path for path in (ROOT / "api").rglob("*.py") if "StreamingResponse" in path.read_text()]
    assert [path.relative_to(ROOT).as_posix() for path in users] == ["api/http/streaming.py"]


def test_no_test_module_is_imported() -> None:
    """Helpers lie in separate modules, so that each test module can be renamed, split or deleted independently."""
    assert [
        f"{path.relative_to(ROOT)}: {module}"
        for package in (*PACKAGES, "tests")
        for path in (ROOT / package).rglob("*.py")
        for module in _imported_modules(path)
        if any(part.startswith("test_") for part in module.split("."))
    ] == []


def test_no_generator_yields_within_a_transaction() -> None:
    """A consumer that pauses or leaves would keep the connection until the generator is collected."""
    assert [
        f"{path.relative_to(ROOT)}:{block.lineno}"
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        for block in ast.walk(ast.parse(path.read_text()))
        if isinstance(block, ast.With | ast.AsyncWith) and _opens_transaction(block) and _yields(block)
    ] == []


def _opens_transaction(block: ast.With | ast.AsyncWith) -> bool:
    return any(
        isinstance(node, ast.Attribute) and node.attr == "transaction"
        for item in block.items
        for node in ast.walk(item.context_expr)
    )


def _yields(block: ast.With | ast.AsyncWith) -> bool:
    return any(isinstance(node, ast.Yield | ast.YieldFrom) for node in ast.walk(block))


def _imported(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in _imported_modules(path)}


def _imported_modules(path: Path) -> set[str]:
    """Each imported module, and each name imported from one as if it were a module too."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            names |= {f"{node.module or ''}.{alias.name}" for alias in node.names}
    return names


_DETECT = """
from models.loading import vendored_detector
for name in ("centerface", "yunet"):
    vendored_detector(name)
"""
_COMMAND = """
import sys
from blurline.cli.command import main
sys.argv = ["blurline", "detect", SAMPLE]
main()
"""


@pytest.mark.parametrize("code", [_DETECT, _COMMAND], ids=["library", "command"])
def test_detection_leaves_no_file_outside_the_data_folder(tmp_path: Path, code: str) -> None:
    """Without any setting of the operator. With telemetry on, onnxruntime writes a device id."""
    sample = next((ROOT / "samples").glob("*.jpg"))
    places = {"HOME": "user", "XDG_CACHE_HOME": "user/cache", "TMPDIR": "temporary", "BLURLINE_HOME": "data"}
    for folder in places.values():
        (tmp_path / folder).mkdir()
    subprocess.run(
        [sys.executable, "-c", f"SAMPLE = {str(sample)!r}\n{code}"],
        cwd=ROOT,
        env={name: str(tmp_path / folder) for name, folder in places.items()} | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        check=True,
        timeout=300,
    )
    assert [path for folder in ("user", "temporary") for path in (tmp_path / folder).rglob("*") if path.is_file()] == []
