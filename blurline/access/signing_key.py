"""Ed25519 keys of this installation, in files that only its user can read."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from blurline.errors import ConfigurationError


def load_or_create_key(path: Path) -> Ed25519PrivateKey:
    """Return the key in the file; create the file (mode 0600) if missing. Raises ConfigurationError if that fails."""
    try:
        return _load_or_create(path)
    except OSError as error:
        raise ConfigurationError(
            f"The key {path} cannot be read or created ({error.strerror}). Set BLURLINE_HOME to a folder that the user "
            "that runs Blurline can write to, or put a key there that this user can read."
        ) from error
    except ValueError as error:
        raise ConfigurationError(
            f"The file {path} is not an Ed25519 key in PEM format ({error}). Restore it from a backup."
        ) from error


def _load_or_create(path: Path) -> Ed25519PrivateKey:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        data = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        draft = path.with_suffix(f".{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_bytes(data)
        try:
            os.link(draft, path)  # the first of several processes wins
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigurationError(
            f"The file {path} contains another kind of key than Ed25519. Restore it from a backup."
        )
    return key
