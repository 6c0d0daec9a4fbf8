"""Generate the secrets of ``compose.yaml``: `blurline secrets FOLDER`."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID

from blurline.access.signing_key import load_or_create_key
from blurline.errors import ConfigurationError

_RANDOM = (
    "postgres_password",
    "BLURLINE_S3_ACCESS_KEY",
    "BLURLINE_S3_SECRET_KEY",
    "BLURLINE_METRICS_TOKEN",
    "BLURLINE_DASHBOARD_COOKIE_SECRET",
)
_SIGNING_KEYS = ("issuer_key.pem", "audit_key.pem")
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
    yield from _write(folder / "store_door.pem", _door())
    yield from _write(folder / "store_security.toml", _security())
    for path in (folder / name for name in _SIGNING_KEYS):
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


def _security() -> str:
    """Keys for the store's internal servers, which would otherwise serve every object without authentication.

    The internal port of its S3 server requires a certificate from an authority that issues none, which closes it.
    """
    tables = ("jwt.signing", "jwt.signing.read", "jwt.filer_signing", "jwt.filer_signing.read")
    keys = "".join(f'[{table}]\nkey = "{secrets.token_hex(24)}"\n' for table in tables)
    return f'{keys}[grpc]\nca = "{_DOOR}"\n[grpc.s3]\ncert = "{_DOOR}"\nkey = "{_DOOR}"\n'


def _door() -> str:
    """A self-signed certificate authority and its key."""
    key = Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "store")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=36_500))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, None)
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return (certificate.public_bytes(pem) + private).decode()
