"""The signing secrets of webhooks at rest: encrypted with a key that is derived from the installation's audit key.

Every API process has that key, and backups contain it. Secrets of releases up to 0.2.0 are stored as they are until
`encrypt_stored_secrets` has run.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from cryptography.fernet import InvalidToken

from blurline.access.derived_keys import derived_cipher
from blurline.access.signing_key import load_or_create_key
from blurline.contract.audit import AUDIT_KEY_FILE
from blurline.outbound.webhook_signature import is_secret
from sql.engine.database import Database


class WebhookSecrets:
    """Encrypts and decrypts secrets with the key in ``home``. Safe to share between threads."""

    def __init__(self, home: Path) -> None:
        self._cipher = derived_cipher(load_or_create_key(home / AUDIT_KEY_FILE).private_bytes_raw(), "webhook secrets")

    def encrypt(self, secret: str) -> str:
        """Return what the database stores."""
        return self._cipher.encrypt(secret.encode()).decode()

    def decrypt(self, stored: str) -> str | None:
        """Return the secret; None if it was encrypted with another key."""
        if is_secret(stored):
            return stored
        try:
            return self._cipher.decrypt(stored).decode()
        except InvalidToken:
            return None


def encrypt_stored_secrets(database: Database, secrets: WebhookSecrets) -> int:
    """Encrypt what an older release has stored. Return how many webhooks changed. Safe to repeat."""
    with database.transaction() as transaction:
        rows = transaction.all("webhooks_with_plain_secrets")
        for row in rows:
            stored = {
                name: secrets.encrypt(row[name]) if row[name] is not None and is_secret(row[name]) else row[name]
                for name in ("secret", "previous_secret")
            }
            transaction.run("store_webhook_secrets", webhook_id=row["id"], **stored)
    return len(rows)


def count_lost_secrets(conninfo: str, secrets: WebhookSecrets) -> int:
    """How many enabled webhooks have a secret that this key does not decrypt."""
    with closing(Database(conninfo)) as database, database.transaction() as transaction:
        rows = transaction.all("webhook_secrets")
    return sum(secrets.decrypt(row["secret"]) is None for row in rows)
