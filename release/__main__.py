"""`make release`: checks, builds, lists contents and licences, and writes everything into dist/."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from models.card import WEIGHTS, vendored_card
from release import ROOT, ReleaseRefused
from release.build import build, install, locked_environment, sha256
from release.checks import check_changelog, check_tree, version_of
from release.licences import check, packages_of, read_rules, report, weights
from release.sbom import bill_of_materials, check_bill


def make_release(root: Path, dist: Path) -> list[Path]:
    """Build the release of the checkout ``root`` into ``dist``, emptying it first. Raises ReleaseRefused."""
    version = version_of(root)
    check_changelog(root, version)
    check_tree(root)
    shutil.rmtree(dist, ignore_errors=True)
    built = build(root, dist)
    cards = [vendored_card(path.stem) for path in sorted(WEIGHTS.glob("*.json"))]
    ends = (".lock", ".cdx.json", "-licences.md", "-openapi.json")
    lock, bill, licences, openapi = (dist / f"blurline-{version}{end}" for end in ends)
    shutil.copyfile(root / "requirements.lock", lock)
    shutil.copyfile(root / "docs" / "openapi.json", openapi)
    with TemporaryDirectory() as scratch:
        python = locked_environment(lock, Path(scratch) / "environment")
        rules = read_rules()
        packages, models = check(packages_of(python), rules), check(weights(cards), rules)
        licences.write_text(report(version, packages, models))
        bill.write_text(bill_of_materials(root, python, cards))
        check_bill(bill.read_text())
        install(python, built.wheel)
    files = [built.wheel, built.sdist, lock, bill, licences, openapi]
    sums = dist / "SHA256SUMS"
    sums.write_text("".join(f"{sha256(path)}  {path.name}\n" for path in files))
    return [*files, sums]


if __name__ == "__main__":
    try:
        print(*make_release(ROOT, ROOT / "dist"), sep="\n")
    except ReleaseRefused as error:
        sys.exit(f"No release: {error}")
