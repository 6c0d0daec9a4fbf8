"""A release of a copy of this checkout, built twice, and reasons for a refusal."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tarfile
import zipfile
from pathlib import Path, PurePath

import pytest
from markdown_it import MarkdownIt

from models.card import WEIGHTS, vendored_card
from release import ROOT, ReleaseRefused
from release.__main__ import make_release
from release.build import build, locked_environment, sha256
from release.checks import check_changelog, check_tree, version_of
from release.licences import Licensed, check, read_rules
from release.sbom import bill_of_materials

pytestmark = [pytest.mark.long, pytest.mark.skipif(shutil.which("git") is None, reason="needs git")]
VERSION = version_of(ROOT)


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments], cwd=folder, check=True)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The present checkout, committed in a separate repository, with a dated changelog."""
    folder = tmp_path_factory.mktemp("checkout")
    with tarfile.open(build(ROOT, folder / "dist").sdist) as sdist:
        sdist.extractall(folder, filter="data")
    root = folder / f"blurline-{VERSION}"
    changelog = root / "CHANGELOG.md"
    changelog.write_text(
        re.sub(rf"(## {VERSION}, ).*\n", r"\g<1>2026-12-01\n\n- Something new.\n", changelog.read_text())
    )
    _git(root, "init", "-q")
    _git(root, "add", "-A")
    _git(root, "commit", "-qm", "All of it")
    return root


@pytest.fixture(scope="module")
def dist(checkout: Path) -> Path:
    """The release."""
    make_release(checkout, checkout / "dist")
    return checkout / "dist"


def test_the_same_commit_gives_the_same_bytes(checkout: Path, dist: Path, tmp_path: Path) -> None:
    sums = (dist / "SHA256SUMS").read_text()
    assert len(sums.splitlines()) == 6
    for line in sums.splitlines():
        expected, name = line.split("  ")
        assert sha256(dist / name) == expected
    again = build(checkout, tmp_path)
    assert f"{sha256(again.wheel)}  {again.wheel.name}" in sums
    assert f"{sha256(again.sdist)}  {again.sdist.name}" in sums
    python = locked_environment(checkout / "requirements.lock", tmp_path / "environment")
    cards = [vendored_card(path.stem) for path in sorted(WEIGHTS.glob("*.json"))]
    assert bill_of_materials(checkout, python, cards) == (dist / f"blurline-{VERSION}.cdx.json").read_text()


def test_the_wheel_contains_everything_the_stack_needs_and_no_tests(dist: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        entry_points = archive.read(f"blurline-{VERSION}.dist-info/entry_points.txt").decode()
    roots = {name.partition("/")[0] for name in names} - {f"blurline-{VERSION}.dist-info"}
    assert roots == {"api", "blurline", "dashboard", "deployments", "flows", "models", "sql", "tasks"}
    for pattern in ("models/weights/*", "sql/**/*.sql", "deployments/monitoring/*", "dashboard/review/board/*"):
        assert {str(path.relative_to(ROOT)) for path in ROOT.glob(pattern)} <= names, pattern
    for name in ("prefect.yaml", *(f"samples/{path.name}" for path in (ROOT / "samples").iterdir())):
        assert f"deployments/{name}" in names
    assert "dashboard/pages/.streamlit/config.toml" in names
    assert "blurline = blurline.cli.command:main" in entry_points
    assert "[prefect.collections]\nblurline = deployments.worker" in entry_points


def test_the_readme_renders_and_its_links_lead_into_the_source_distribution(dist: Path) -> None:
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        files = {PurePath(name.partition("/")[2]) for name in archive.getnames()}
        packed = archive.extractfile(f"blurline-{VERSION}/PKG-INFO")
        assert packed is not None
        headers, _, readme = packed.read().decode().partition("\n\n")
    assert "Description-Content-Type: text/markdown" in headers
    html = MarkdownIt("commonmark").enable("table").render(readme)
    assert html.count("<h1>") == 1 and "<table>" in html
    links = {PurePath(link) for link in re.findall(r'href="([^":#]+)', html)}
    assert links and links <= files.union(*(file.parents for file in files))


def test_the_bill_of_materials_names_packages_and_models_with_licence_and_hash(dist: Path) -> None:
    bill = json.loads((dist / f"blurline-{VERSION}.cdx.json").read_text())
    assert (bill["metadata"]["component"]["name"], bill["metadata"]["component"]["version"]) == ("blurline", VERSION)
    components = {each["name"]: each for each in bill["components"]}
    locked = re.findall(r"^([a-z0-9.-]+)==(\S+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    assert components["prefect"]["version"] == dict(locked)["prefect"]
    assert len(components) > 100
    for name in ("centerface", "yunet"):
        card, component = vendored_card(name), components[name]
        assert component["hashes"] == [{"alg": "SHA-256", "content": card.sha256}]
        assert component["licenses"] == [{"license": {"id": "MIT"}}]
    assert str(ROOT) not in json.dumps(bill) and "file:" not in json.dumps(bill)


def test_the_licence_report_lists_everything_and_explains_exceptions(dist: Path) -> None:
    page = (dist / f"blurline-{VERSION}-licences.md").read_text()
    assert re.search(r"\| psycopg \| \S+ \| LGPL-3.0-only \| Imported unmodified", page)
    assert re.search(r"\| centerface.onnx \| 30912ee7dcf0 \| MIT \|", page)
    assert re.search(r"\| prefect \| 3\.", page)


@pytest.mark.parametrize("licence", ["AGPL-3.0-only", "UNKNOWN", "MIT AND GPL-3.0-only", "", "MIT; Proprietary"])
def test_a_licence_that_is_not_allowed_refuses_the_release(licence: str) -> None:
    with pytest.raises(ReleaseRefused, match=r"some-package 1\.0"):
        check([Licensed("some-package", "1.0", licence)], read_rules())


def test_an_exception_applies_only_to_its_package_and_the_reviewed_licence() -> None:
    rules = read_rules()
    (allowed,) = check([Licensed("psycopg", "3", "LGPL-3.0-only")], rules)
    assert allowed.why
    for name, licence in (("psycopg", "GPL-3.0-only"), ("another", "LGPL-3.0-only")):
        with pytest.raises(ReleaseRefused):
            check([Licensed(name, "3", licence)], rules)
    assert check([Licensed("orjson", "3", "MPL-2.0 AND (Apache-2.0 OR MIT)")], rules)


@pytest.mark.parametrize(
    ("heading", "says"),
    [
        ("## 9.9.9, 2026-12-01\n\n- New.\n", "has no section"),
        ("## 1.0.0, unreleased\n\n- New.\n", "dates 1.0.0 'unreleased'"),
        ("## 1.0.0, 2026-12-01\n\n## 0.9.0, 2026-11-01\n\n- Old.\n", "section of 1.0.0 in CHANGELOG.md is empty"),
    ],
)
def test_a_changelog_without_the_version_refuses_the_release(tmp_path: Path, heading: str, says: str) -> None:
    (tmp_path / "CHANGELOG.md").write_text(f"# Changelog\n\n{heading}")
    with pytest.raises(ReleaseRefused, match=says):
        check_changelog(tmp_path, "1.0.0")


def test_a_tree_that_differs_from_its_commit_refuses_the_release(tmp_path: Path) -> None:
    with pytest.raises(ReleaseRefused, match="git checkout"):
        check_tree(tmp_path)
    _git(tmp_path, "init", "-q")
    check_tree(tmp_path)
    (tmp_path / "stray.py").write_text("")
    with pytest.raises(ReleaseRefused, match=r"stray\.py"):
        check_tree(tmp_path)
