"""The names under which an installation answers. A request with another ``Host`` comes from a page that has its own
name point to our address (DNS rebinding)."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")

_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9._-]+?)\.?(?P<port>:\d{1,5})?", re.IGNORECASE)


def own_names(urls: tuple[str | None, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    """The names of this machine, of these URLs, and ``more``: names, `*.example.org`, or `*` for any name."""
    given = (_name_of(url) for url in urls if url)
    return tuple(dict.fromkeys(name.lower() for name in (*LOCAL_NAMES, *given, *more) if name))


def is_own(host: str, names: tuple[str, ...]) -> bool:
    """Whether a ``Host`` header is one of the names, at any port."""
    match = _HOST.fullmatch(host)
    if match is None:
        return False
    name = match["name"].lower()
    parents = (name[at:] for at, letter in enumerate(name) if letter == ".")
    return name in names or "*" in names or any(f"*{parent}" in names for parent in parents)


def origin_at(host: str, url: str) -> str:
    """The origin of our pages at a ``Host``: over the URL's scheme under the URL's name, otherwise over http."""
    match = _HOST.fullmatch(host)
    is_named = match is not None and match["name"].lower() == _name_of(url)
    return f"{urlsplit(url).scheme if is_named else 'http'}://{host.lower()}"


def _name_of(url: str) -> str | None:
    name = urlsplit(url).hostname
    return f"[{name}]" if name and ":" in name else name
