"""Generate the secrets of ``compose.yaml``: `blurline secrets FOLDER`."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from pathlib import Path

from blurline.access.signing_key import load_or_create_key
from blurline.errors import ConfigurationError
from deployments.installation_keys import INSTALLATION_KEYS
from deployments.store_security import make_certificate, security_file

_RANDOM = (
    "postgres_password",
    "BLURLINE_S3_ACCESS_KEY",
    "BLURLINE_S3_SECRET_KEY",
    "BLURLINE_METRICS_TOKEN",
    "BLURLINE_DASHBOARD_COOKIE_SECRET",
)
_DOOR = "/run/secrets/store_door.pem"
_FILE_MODE = 0o444  # each container runs as a different user; the folder's mode keeps other users out
_FOLDER_MODE = 0o700


def make_secrets(folder: Path) -> list[Path]:
    """Create the missing files and return them. Raises ConfigurationError when the folder is not writable."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(_FOLDER_MODE)
        return list(_made(folder))
    except OSError as error:
        raise ConfigurationError(
            f"The secrets cannot be written to {folder} ({error.strerror}). Run this as the user who owns the folder."
        ) from error


def _made(folder: Path) -> Iterator[Path]:
    for name in _RANDOM:
        yield from _write(folder / name, secrets.token_hex(24))
    yield from _write(folder / "PREFECT_API_AUTH_STRING", f"admin:{secrets.token_hex(24)}")
    password = (folder / "postgres_password").read_text()
    for name, database in (("BLURLINE_DATABASE_URL", "blurline"), ("BLURLINE_PREFECT_DATABASE_URL", "prefect")):
        yield from _write(folder / name, f"postgresql://blurline:{password}@postgres:5432/{database}")
    yield from _write(folder / "store_identities.json", _identities(folder))
    yield from _write(folder / "store_door.pem", make_certificate())
    keys = [secrets.token_hex(24) for _ in range(4)]
    yield from _write(folder / "store_security.toml", security_file(_DOOR, keys))
    for path in (folder / name for name in INSTALLATION_KEYS):
        if not path.exists():
            load_or_create_key(path)
            path.chmod(_FILE_MODE)
            yield path


def _write(path: Path, text: str) -> Iterator[Path]:
    if not path.exists():
        path.write_text(text)
        path.chmod(_FILE_MODE)
        yield path


def _identities(folder: Path) -> str:
    """The S3 server's only identity: Blurline."""
    access_key, secret_key = ((folder / f"BLURLINE_S3_{each}_KEY").read_text() for each in ("ACCESS", "SECRET"))
    credentials = [{"accessKey": access_key, "secretKey": secret_key}]
    return json.dumps({"identities": [{"name": "blurline", "credentials": credentials, "actions": ["Admin"]}]})
