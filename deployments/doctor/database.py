"""The database: whether it can be used, is up to date, and has room."""

from __future__ import annotations

from collections.abc import Iterator

from blurline.errors import DatabaseUnavailable
from blurline.settings import Settings
from deployments.doctor.clock import clock_finding
from deployments.doctor.result import Finding, error, ok, warning
from sql.engine.migrate import newer, pending
from sql.upkeep.server import Server, inspect_server

_OLDEST_MAJOR = 14
_TESTED_MAJOR = 18
_AN_API_PROCESS = 24  # its pool, and the threads that listen
_A_WORKER_CHILD = 2


def database(settings: Settings) -> Iterator[Finding]:
    """See the module. Raises ConfigurationError where no database is set."""
    try:
        server = inspect_server(settings.database)
    except DatabaseUnavailable as problem:
        yield error(
            "database.connection",
            str(problem).strip(),
            "Start PostgreSQL, or correct host, port, user and password in BLURLINE_DATABASE_URL.",
        )
        return
    yield _version(server)
    yield _encoding(server)
    yield _role(server)
    yield clock_finding("database.clock", "the database", server.clock_ahead_s)
    yield _room(server)
    yield _migrations(settings.database)


def _version(server: Server) -> Finding:
    name, says = "database.version", f"PostgreSQL {server.version} answers."
    if server.major < _OLDEST_MAJOR:
        return error(name, says, f"Move to PostgreSQL {_TESTED_MAJOR}; {_OLDEST_MAJOR} is the oldest that may do.")
    if server.major < _TESTED_MAJOR:
        return warning(name, f"{says} Blurline is tested with {_TESTED_MAJOR}.", f"Move to {_TESTED_MAJOR} in time.")
    return ok(name, says)


def _encoding(server: Server) -> Finding:
    if server.encoding != "UTF8":
        return error(
            "database.encoding",
            f"The database is encoded in {server.encoding}; names of files in other scripts cannot be stored.",
            "Make a database with ENCODING 'UTF8' and restore a backup into it.",
        )
    return ok("database.encoding", "The database is encoded in UTF8.")


def _role(server: Server) -> Finding:
    if server.is_standby:
        return error(
            "database.role",
            "The server is a standby and takes no changes.",
            "Point BLURLINE_DATABASE_URL to the primary (with several hosts, add target_session_attrs=read-write).",
        )
    return ok("database.role", "The server takes changes.")


def _room(server: Server) -> Finding:
    says = f"{server.free_connections} connections are free of {server.max_connections}"
    need = f"an API process takes up to {_AN_API_PROCESS}, a worker child {_A_WORKER_CHILD}"
    remedy = "Raise max_connections, or the limits of the database and its user, or run fewer processes."
    if server.free_connections < _A_WORKER_CHILD:
        return error("database.connections", f"{says}; {need}.", remedy)
    if server.free_connections < _AN_API_PROCESS:
        return warning("database.connections", f"{says}; {need}.", remedy)
    return ok("database.connections", f"{says}; {need}.")


def _migrations(url: str) -> Finding:
    waiting, unknown = pending(url), newer(url)
    if waiting:
        says = f"The migrations {', '.join(waiting)} are not applied."
        return error("database.migrations", says, "Run `blurline migrate`.")
    if unknown:
        return warning(
            "database.migrations",
            f"The database has the migrations {', '.join(unknown)} of a newer Blurline than this one.",
            "Install the newer version here too; until then this one may be told less than there is.",
        )
    return ok("database.migrations", "Every migration is applied.")
