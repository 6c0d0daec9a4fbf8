"""The security of a SeaweedFS store: its inner servers answer only clients that have the store's own certificate.

SeaweedFS serves and removes every object through the ports of its master, volume and filer, whether or not the S3
server requires keys.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID

_LIFETIME = timedelta(days=36_500)
_HOST = ipaddress.ip_address("127.0.0.1")
_KEY_TABLES = ("jwt.signing", "jwt.signing.read", "jwt.filer_signing", "jwt.filer_signing.read")
_RPC_SERVERS = ("master", "volume", "filer", "s3")
_HTTP_SERVERS = ("master", "volume", "filer")
_SMALLEST_GARBAGE = "1e-12"

COMPACTION = {"master.garbageThreshold": _SMALLEST_GARBAGE}
"""Options of `weed server`: the store rewrites every volume from which something was removed, four times an hour."""


def make_certificate() -> str:
    """Return a new certificate for 127.0.0.1 and its key as PEM: the only one that the store's servers accept."""
    key = Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "store")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(_HOST)]), critical=False)
        .sign(key, None)
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return (certificate.public_bytes(pem) + private).decode()


def security_file(certificate_path: str, keys: Sequence[str]) -> str:
    """Return the `security.toml` of a store with this certificate and four keys for requests between its servers."""
    pair = f'cert = "{certificate_path}"\nkey = "{certificate_path}"\n'
    trust = f'ca = "{certificate_path}"\n'
    tables = [f'[{table}]\nkey = "{key}"\n' for table, key in zip(_KEY_TABLES, keys, strict=True)]
    tables.append(f"[grpc]\n{trust}")
    tables += [f"[grpc.{name}]\n{pair}" for name in (*_RPC_SERVERS, "client")]
    tables += [f"[https.{name}]\n{pair}{trust}" for name in _HTTP_SERVERS]
    tables.append(f"[https.client]\nenabled = true\n{pair}{trust}")
    return "".join(tables)
