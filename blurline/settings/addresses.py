"""Checks of settings that are addresses. Their messages never quote the value, which may contain a password."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, SecretStr

_POSTGRES = re.compile(r"postgres(?:ql)?://")
_DRIVER = re.compile(r"(postgres(?:ql)?\+\w+)://")
_KEYWORDS = re.compile(r"\s*\w+\s*=")
_HOST = r"(?:\[[0-9A-Fa-f:.%]+\]|[^\[\]:@/?,]*)(?::\d*)?"
_REST = re.compile(rf"(?:[^:@/]*(?::[^@/]*)?@)?{_HOST}(?:,{_HOST})*(?:/[^?@]*)?(?:\?.*)?", re.DOTALL)
_BROKEN_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_FORM = "write postgresql://user:password@host:port/database"


def _is_postgres(address: SecretStr) -> SecretStr:
    return _checked(address, address.get_secret_value())


def _is_postgres_of_prefect(address: SecretStr) -> SecretStr:
    """A driver is allowed: `blurline prefect` replaces it by its own."""
    return _checked(address, _DRIVER.sub("postgresql://", address.get_secret_value()))


def _checked(address: SecretStr, text: str) -> SecretStr:
    if driver := _DRIVER.match(text):
        raise ValueError(f"{driver[1]} names a driver; {_FORM}, without the driver")
    if _POSTGRES.match(text):
        if not _REST.fullmatch(text.partition("://")[2]) or _BROKEN_PERCENT.search(text):
            raise ValueError(
                f"not a valid PostgreSQL address; {_FORM}, with the characters @ / : % of user and password "
                "percent-encoded (@ is %40)"
            )
    elif not _KEYWORDS.match(text):
        raise ValueError(f"not a PostgreSQL address; {_FORM}")
    return address


def _is_web(address: str) -> str:
    if address:
        _split(address)
    return address


def _is_store(address: str) -> str:
    if address and "@" in _split(address):
        raise ValueError(
            "the address contains a user or password; set BLURLINE_S3_ACCESS_KEY and BLURLINE_S3_SECRET_KEY instead"
        )
    return address


def _split(address: str) -> str:
    """Host and port, with any user. Raises ValueError unless the address is a valid one of HTTP."""
    try:
        parts = urlsplit(address)
        is_valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_valid = False
    if not is_valid:
        raise ValueError("not an address; write http://host:port or https://host:port")
    return parts.netloc


PostgresAddress = Annotated[SecretStr, AfterValidator(_is_postgres)]
PrefectDatabaseAddress = Annotated[SecretStr, AfterValidator(_is_postgres_of_prefect)]
WebAddress = Annotated[str, AfterValidator(_is_web)]
StoreAddress = Annotated[str, AfterValidator(_is_store)]
