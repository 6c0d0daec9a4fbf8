"""Errors of PostgreSQL that the operator must resolve, in the operator's words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import errors

from blurline.errors import BlurlineError, ConfigurationError, DatabaseUnavailable

_NOT_MIGRATED = (errors.UndefinedTable, errors.UndefinedColumn, errors.UndefinedFunction, errors.UndefinedObject)
_FOREIGN = (errors.DuplicateTable, errors.DuplicateObject, errors.DuplicateFunction)


@contextmanager
def explained() -> Iterator[None]:
    """Raise ConfigurationError or DatabaseUnavailable for any error of PostgreSQL."""
    try:
        yield
    except psycopg.Error as error:
        raise explanation(error) from error


def explanation(error: psycopg.Error) -> BlurlineError:
    """The error in one line, with what to do. It never quotes the connection string."""
    says = _first_line(error)
    if isinstance(error, errors.InsufficientPrivilege):
        return ConfigurationError(
            f"PostgreSQL does not allow this to the user of BLURLINE_DATABASE_URL: {says}. Make that user the owner of "
            "the database and of its tables (ALTER DATABASE … OWNER TO …)."
        )
    if isinstance(error, _NOT_MIGRATED):
        return ConfigurationError(f"The database lacks what this release needs: {says}. Run `blurline migrate`.")
    if isinstance(error, _FOREIGN):
        return ConfigurationError(
            f"The database contains something of another application: {says}. Use a database for Blurline alone."
        )
    if isinstance(error, psycopg.OperationalError):
        return DatabaseUnavailable(f"PostgreSQL did not answer: {says}")
    if error.sqlstate is None:  # of the client: the connection string is not valid
        return ConfigurationError(
            "BLURLINE_DATABASE_URL is not a valid PostgreSQL address. Write "
            "postgresql://user:password@host:port/database, with the characters @ / : % of user and password "
            "percent-encoded."
        )
    return ConfigurationError(f"PostgreSQL refuses this: {says}. Look at its log.")


def _first_line(error: psycopg.Error) -> str:
    """PostgreSQL's own message, without the excerpt of the statement that follows."""
    return (error.diag.message_primary or " ".join(str(error).split())).rstrip(".")
