"""Masks what looks like a secret in text that leaves the process."""

from __future__ import annotations

import re

_MASKED = (
    (re.compile(r"(?<=://)(?!user:password@)[^/\s\"\\]+@"), "***@"),  # user and password in a URL, but for our examples
    (re.compile(r"(?<![\w-])eyJ[\w-]{8,}\.[\w-]+\.[\w-]*"), "***"),  # a JWT
    (re.compile(r"(?i)(?<=bearer )[\w.~+/=-]{16,}"), "***"),
    (
        re.compile(r"(?i)(x-amz-(?:signature|credential|security-token)[\"'\\]*\s*[=:]\s*[\"'\\]*)[^&\s\"'\\]+"),
        r"\1***",
    ),
    (re.compile(r"whsec_[\w+/=-]+"), "***"),  # the secret of a webhook
)


def masked(text: str) -> str:
    """Return the text without what looks like a secret."""
    for secret, mask in _MASKED:
        text = secret.sub(mask, text)
    return text
