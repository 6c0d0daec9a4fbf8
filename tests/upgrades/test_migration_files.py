"""Rules for migrations: released ones never change, and new ones keep the previous release working."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from sql.engine.migrate import CONCURRENTLY, MIGRATIONS

RELEASED = {
    "0001_jobs_images_attempts": "d44c2d0b49df7b16768b80c304a16da7a530a343c478e2aef861f3a01ad3f68e",
    "0002_doubt": "219a1264017c516a72815295ae55d545edd1d6d614a30940049621e4e74f3fab",
    "0003_frames_and_notes": "e3d0f82dbe7e52a40a4014e16942b8a6099a831add0a7acfbcac99c889600a35",
    "0004_api": "5240470bc8fe2065532dab6fe8322023267b2275a3e57b4d5abebc629ec63556",
    "0005_review": "c9f4fb92b4df0073539952f15ad7bbc784da4de9dd220944b126feec5e47368c",
    "0006_statistics": "b6463b52d5032eea343ad3673a385a35e21ad664e8a42dd3c380fb4a6c408860",
    "0007_system": "6315f20c1514ee208cf6d9226189cfca25696219988b03965ecc186b63bfc6b7",
    "0008_retention": "05c463fc75692fe2697a8a3da743237a9aba35fa0aba581c4d923f09b0a66738",
    "0009_versions": "acf7b5434bed986621815024064d647970b97ccdf804c48c8aa95e39f0929853",
    "0010_held.concurrently": "5663f42a8a8ac7b94640585ebc5e0c9d6c26a1a7bda020ced23a0d9e6c6be058",
    "0011_retention_indexes.concurrently": "25d0a915ff16f0c8374dcbf24e36383e3c58d0dbe830c66283e0f625711b87fe",
}
"""The SHA-256 of each migration of the releases up to 0.2.0."""

ONLINE = [path for path in sorted(MIGRATIONS.glob("*.sql")) if path.stem >= "0008"]
"""The migrations since 0.1.0. They run while the release before goes on."""

_NOT_ASKED = (
    "require-lock-timeout",  # `sql.engine.migrate` sets it for all
    "require-statement-timeout",  # how long a statement may run depends on the size of the tables
    "prefer-robust-stmts",  # each file is applied whole or not at all
    "prefer-bigint-over-int",  # integers are counts within one picture or job
)


@pytest.mark.parametrize("name", RELEASED)
def test_a_released_migration_is_unchanged(name: str) -> None:
    content = (MIGRATIONS / f"{name}.sql").read_bytes()
    assert hashlib.sha256(content).hexdigest() == RELEASED[name], "Never change it: write a further migration."


@pytest.mark.parametrize("path", ONLINE, ids=lambda path: path.stem)
def test_a_new_migration_blocks_nobody_and_removes_nothing(path: Path) -> None:
    assert _complaints(path) == ""


def test_migration_numbers_are_unique() -> None:
    numbers = [path.stem.partition("_")[0] for path in sorted(MIGRATIONS.glob("*.sql"))]
    assert len(numbers) == len(set(numbers))


@pytest.mark.parametrize(
    ("name", "text", "rule"),
    [
        ("0099_bad", "ALTER TABLE images DROP COLUMN notes;", "ban-drop-column"),
        ("0099_bad", "ALTER TABLE images RENAME COLUMN notes TO remarks;", "renaming-column"),
        ("0099_bad", "ALTER TABLE images ALTER COLUMN notes TYPE text;", "changing-column-type"),
        ("0099_bad", "ALTER TABLE images ALTER COLUMN doubt SET NOT NULL;", "adding-not-nullable-field"),
        ("0099_bad", "ALTER TABLE images ADD COLUMN colour text NOT NULL;", "adding-required-field"),
        ("0099_bad", "ALTER TABLE images ADD CHECK (faces >= 0);", "constraint-missing-not-valid"),
        ("0099_bad", "CREATE INDEX images_by_name ON images (name);", "require-concurrent-index-creation"),
        ("0099_bad", "DROP TABLE looks;", "ban-drop-table"),
        ("0099_bad" + CONCURRENTLY, "CREATE INDEX CONCURRENTLY images_by_name ON images (name);", "IF NOT EXISTS"),
    ],
)
def test_a_migration_that_breaks_the_previous_release_is_found(tmp_path: Path, name: str, text: str, rule: str) -> None:
    path = tmp_path / f"{name}.sql"
    path.write_text(text)
    assert rule in _complaints(path)


def test_a_new_table_and_a_concurrent_index_are_allowed(tmp_path: Path) -> None:
    table, index = tmp_path / "0099_fine.sql", tmp_path / f"0100_fine{CONCURRENTLY}.sql"
    table.write_text("CREATE TABLE things (id uuid PRIMARY KEY);\nCREATE INDEX things_by_id ON things (id, id);\n")
    index.write_text("CREATE INDEX CONCURRENTLY IF NOT EXISTS images_by_name ON images (name);\n")
    assert _complaints(table) == _complaints(index) == ""


def _complaints(path: Path) -> str:
    is_concurrent = path.stem.endswith(CONCURRENTLY)
    squawk = str(Path(sys.executable).with_name("squawk"))
    command = [squawk, "--pg-version=14", "--reporter=gcc", f"--exclude={','.join(_NOT_ASKED)}", str(path)]
    done = subprocess.run(
        [*command, *([] if is_concurrent else ["--assume-in-transaction"])], capture_output=True, text=True, check=False
    )
    statements = [each for each in path.read_text().split(";\n") if each.strip()]
    wrong = [] if done.returncode == 0 else [done.stdout + done.stderr]
    if is_concurrent:
        wrong += [
            f"not CREATE INDEX CONCURRENTLY IF NOT EXISTS: {each}"
            for each in statements
            if "INDEX CONCURRENTLY IF NOT EXISTS" not in each
        ]
    return "\n".join(wrong)
