"""What the `blurline` command prints when it fails: one line without secrets for whatever an operator can resolve."""

from __future__ import annotations

import sys
import traceback

from blurline.errors import BlurlineError
from blurline.observability.masking import masked as without_patterns
from blurline.settings.secret_values import secret_values


def failure(error: Exception) -> str:
    """The message of a failed command: one line, or the traceback of a bug. It contains no secret of the settings."""
    says = explanation(error)
    return masked("".join(traceback.format_exception(error)) if says is None else f"blurline: {says}")


def explanation(error: Exception) -> str | None:
    """One line for an error that the settings, the environment or another service causes; None for a bug."""
    if isinstance(error, BlurlineError):
        return _one_line(error)
    if _is_of("psycopg", "Error", error):
        from sql.engine.problems import explanation as of_database

        return str(of_database(error))  # type: ignore[arg-type]
    if _is_of("httpx", "HTTPError", error) or _is_of("httpx", "InvalidURL", error):
        return f"A server did not answer as expected: {_one_line(error)}. Check the addresses in `blurline settings`."
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename is not None else ""
        return f"{where}{error.strerror or _one_line(error)}. Check that the file or address is right and accessible."
    return None


def masked(text: str) -> str:
    """Return the text without the secrets of the settings and without what looks like one."""
    for secret in secret_values():
        text = text.replace(secret, "***")
    return without_patterns(text)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def _is_of(module: str, name: str, error: Exception) -> bool:
    """Whether the error is one of a package that may not be imported; then it is not."""
    found = sys.modules.get(module)
    return found is not None and isinstance(error, getattr(found, name))
