"""Encryption keys for one purpose each, derived from a secret of the installation (HKDF, RFC 5869)."""

from __future__ import annotations

from base64 import urlsafe_b64encode

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def derived_cipher(secret: bytes, purpose: str) -> Fernet:
    """Return a cipher (AES and HMAC) whose key follows from the secret and the purpose."""
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"blurline {purpose}".encode()).derive(secret)
    return Fernet(urlsafe_b64encode(key))
