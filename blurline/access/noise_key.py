"""The key of the noise on destroyed faces: secret to the installation, so that only it can reproduce its results.

The key is a file of BLURLINE_HOME that all workers share. Without it, a process uses a random key of its own: then its
results cannot be reproduced by another process.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from blurline.access.signing_key import load_or_create_key

NOISE_KEY_FILE = "noise_key.pem"
_ID_BYTES = 6


@dataclass(frozen=True, slots=True)
class NoiseKey:
    """A key of 32 bytes, and whether it is kept in a file."""

    secret: bytes = field(repr=False)
    is_kept: bool

    @property
    def id(self) -> str:
        """A name of the key that does not reveal it, recorded on every image."""
        return hmac.digest(self.secret, b"id", "sha256")[:_ID_BYTES].hex()


def load_noise_key(home: Path) -> NoiseKey:
    """Return the key in ``home``, or the key of this process if there is none.

    Raises ConfigurationError if the file cannot be read.
    """
    path = home / NOISE_KEY_FILE
    return load_or_create_noise_key(path) if path.exists() else _OF_THIS_PROCESS


def load_or_create_noise_key(path: Path) -> NoiseKey:
    """Return the key in a file; create the file (mode 0600) if missing. Raises ConfigurationError if that fails."""
    private = load_or_create_key(path).private_bytes_raw()
    return NoiseKey(HKDF(SHA256(), length=32, salt=None, info=b"blurline noise").derive(private), is_kept=True)


_OF_THIS_PROCESS = NoiseKey(secrets.token_bytes(32), is_kept=False)
