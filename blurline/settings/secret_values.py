"""The secrets among the settings as they are given, also when the settings are wrong; for masking them in messages."""

from __future__ import annotations

import os
from collections.abc import Iterator
from urllib.parse import unquote

from blurline.errors import ConfigurationError
from blurline.settings.settings import SETTINGS, load_secrets, stack_variables

_LEAST_CHARACTERS = 4
_NO_SECRETS = {"blurline", "postgres", "prefect", "admin"}  # words of our own messages; as passwords they hide nothing


def secret_values() -> list[str]:
    """Every secret, and the passwords within addresses and `user:password`, the longest first."""
    found = {each for name, text in _given() for each in _secrets(name, text)}
    found = {each for each in found if len(each) >= _LEAST_CHARACTERS and each not in _NO_SECRETS}
    return sorted(found, key=len, reverse=True)


def _given() -> Iterator[tuple[str, str]]:
    yield from os.environ.items()
    for read in (load_secrets, stack_variables):
        try:
            yield from read().items()
        except (ConfigurationError, OSError, ValueError):  # a file that cannot be read reveals nothing
            continue


def _secrets(name: str, text: str) -> Iterator[str]:
    if "://" in text:
        password = text.partition("://")[2].rpartition("@")[0].partition(":")[2]
        yield from (password, unquote(password))
    if name in SETTINGS and "SecretStr" in str(SETTINGS[name].field.annotation):
        yield text
        if "://" not in text:
            yield text.partition(":")[2]
