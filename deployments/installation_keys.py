"""The files of an installation's own keys, in `BLURLINE_HOME`."""

from __future__ import annotations

from blurline.access.noise_key import NOISE_KEY_FILE
from blurline.access.tokens import ISSUER_KEY_FILE
from blurline.contract.audit import AUDIT_KEY_FILE

INSTALLATION_KEYS = (ISSUER_KEY_FILE, AUDIT_KEY_FILE, NOISE_KEY_FILE)
"""What a backup keeps. Certificates of the embedded parts are not among them: each data folder makes its own."""
