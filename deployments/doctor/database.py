"""The database: whether it is reachable, up to date, and has free connections."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from blurline.access.noise_key import NOISE_KEY_FILE
from blurline.contract.audit import AUDIT_KEY_FILE
from blurline.errors import DatabaseUnavailable
from blurline.settings import Settings
from deployments.doctor.result import Finding, Severity, clock_finding, error, ok, warning
from sql.engine.migrate import newer, pending
from sql.events.webhook_secrets import WebhookSecrets, count_lost_secrets
from sql.upkeep.pooler import Pooler, find_pooler
from sql.upkeep.server import (
    Privileges,
    Server,
    check_writes,
    failing_removals,
    inspect_server,
    noise_keys_of_hosts,
    read_privileges,
)

_OLDEST_MAJOR = 14
_TESTED_MAJOR = 18
_AN_API_PROCESS = 24  # its pool and its listening threads
_A_WORKER_PROCESS = 2
_WRITE_LIMIT_S = 5


def database(settings: Settings) -> Iterator[Finding]:
    """Check the database. Raises ConfigurationError when none is set."""
    try:
        server = inspect_server(settings.database.conninfo)
    except DatabaseUnavailable as problem:
        yield error(
            "database.connection",
            str(problem).strip(),
            "Start PostgreSQL, or correct the host, port, user or password in BLURLINE_DATABASE_URL.",
        )
        return
    yield _version(server)
    yield _encoding(server)
    pooler = _pooler(settings.database.conninfo)
    yield pooler
    if pooler.severity is Severity.ERROR:
        return
    privileges = read_privileges(settings.database.conninfo)
    if privileges.lacking:
        yield _role(server, privileges, is_migrating=False)
        return
    migrations = _migrations(settings.database.conninfo)
    yield _role(server, privileges, migrations.severity is Severity.ERROR)
    if not server.is_standby:
        yield _writes(settings.database.conninfo)
    yield clock_finding("database.clock", "the database", server.clock_ahead_s)
    yield _room(server)
    yield migrations
    if migrations.severity is not Severity.ERROR:
        yield _removals(settings.database.conninfo)
        yield _noise_keys(settings.database.conninfo)
        if (settings.home / AUDIT_KEY_FILE).exists():  # otherwise no API runs here
            yield _webhooks(settings)


def _version(server: Server) -> Finding:
    name, says = "database.version", f"PostgreSQL {server.version} responds."
    if server.major < _OLDEST_MAJOR:
        return error(name, says, f"Upgrade to PostgreSQL {_TESTED_MAJOR}; {_OLDEST_MAJOR} is the minimum.")
    if server.major < _TESTED_MAJOR:
        return warning(name, f"{says} Blurline is tested with {_TESTED_MAJOR}.", f"Upgrade to {_TESTED_MAJOR}.")
    return ok(name, says)


def _encoding(server: Server) -> Finding:
    if server.encoding != "UTF8":
        return error(
            "database.encoding",
            f"The database uses the encoding {server.encoding}, which cannot store file names in all scripts.",
            "Create a database with ENCODING 'UTF8' and restore a backup into it.",
        )
    return ok("database.encoding", "The database uses the encoding UTF8.")


def _pooler(url: str) -> Finding:
    name, found = "database.pooler", find_pooler(url)
    directly = "Point BLURLINE_DATABASE_URL to PostgreSQL itself, because Blurline has pools of its own."
    if found is Pooler.REFUSES_OPTIONS:
        says = "A connection pooler refuses the startup parameter `options`, so nothing connects."
        return error(name, says, f"{directly} Or have it work by session and ignore the parameter.")
    if found is Pooler.OF_TRANSACTIONS:
        says = "A connection pooler works by transaction, so session locks and notifications are lost."
        return error(name, says, f"{directly} Or have the pooler work by session.")
    if found is Pooler.DROPS_OPTIONS:
        return warning(
            name,
            "A connection pooler drops the startup parameter `options`, so sessions of a lost host keep their locks.",
            f"{directly} Or set the limits for the user: ALTER ROLE … SET lock_timeout = '60s', and "
            "idle_in_transaction_session_timeout = '30min'.",
        )
    return ok(name, "Sessions keep their settings, locks and notifications.")


def _role(server: Server, privileges: Privileges, is_migrating: bool) -> Finding:
    if server.is_standby:
        return error(
            "database.role",
            "The server is a standby and does not accept writes.",
            "Point BLURLINE_DATABASE_URL to the primary (with several hosts, add target_session_attrs=read-write).",
        )
    if privileges.lacking or (is_migrating and not privileges.can_create):
        user, database = privileges.user, privileges.database
        lacks = f"use {privileges.lacking} of the tables" if privileges.lacking else "create tables"
        return error(
            "database.role",
            f"The user {user} cannot {lacks} in the database {database}.",
            f'Make the user the owner: ALTER DATABASE "{database}" OWNER TO "{user}"; existing tables likewise.',
        )
    return ok("database.role", f"The server accepts writes from the user {privileges.user}.")


def _writes(url: str) -> Finding:
    name = "database.writes"
    try:
        check_writes(url, _WRITE_LIMIT_S)
    except DatabaseUnavailable as problem:
        remedy = "Free disk space on the server, and look at default_transaction_read_only and the server's log."
        return error(name, str(problem), remedy)
    return ok(name, "The database can be written.")


def _room(server: Server) -> Finding:
    says = f"{server.free_connections} of {server.max_connections} connections are free"
    need = f"an API process uses up to {_AN_API_PROCESS}, a worker process {_A_WORKER_PROCESS}"
    remedy = "Raise max_connections, or the limits of the database and its user, or run fewer processes."
    if server.free_connections < _A_WORKER_PROCESS:
        return error("database.connections", f"{says}; {need}.", remedy)
    if server.free_connections < _AN_API_PROCESS:
        return warning("database.connections", f"{says}; {need}.", remedy)
    return ok("database.connections", f"{says}; {need}.")


def _removals(url: str) -> Finding:
    failing = failing_removals(url)
    if failing is not None:
        return error(
            "database.removals",
            f"The store refuses to remove objects of {failing.images} deleted images: {failing.last_error}",
            "Give the store's credentials the right to delete, or end the bucket's policy, lock or hold.",
        )
    return ok("database.removals", "No removal of a deleted image fails.")


def _noise_keys(url: str) -> Finding:
    name, hosts_by_key = "database.noise_keys", defaultdict[str | None, list[str]](list)
    for host, key in noise_keys_of_hosts(url).items():
        hosts_by_key[key].append(host)
    if len(hosts_by_key) > 1:
        used = ", ".join(f"{key or 'none'} on {hosts[0]}" for key, hosts in hosts_by_key.items())
        return warning(
            name,
            f"The workers have different keys of the noise ({used}), so results of the same picture differ.",
            f"Copy {NOISE_KEY_FILE} of one host to BLURLINE_HOME of the others, and restart their workers.",
        )
    if None in hosts_by_key:
        return warning(
            name,
            f"The workers keep no {NOISE_KEY_FILE}, so nobody can reproduce their results.",
            "Let the workers write to BLURLINE_HOME, or put the file there, and restart them.",
        )
    return ok(name, "No workers have different keys of the noise.")


def _webhooks(settings: Settings) -> Finding:
    lost = count_lost_secrets(settings.database.conninfo, WebhookSecrets(settings.home))
    if lost:
        return error(
            "database.webhooks",
            f"The secrets of {lost} webhooks cannot be decrypted: they were stored with another {AUDIT_KEY_FILE}.",
            f"Restore that {AUDIT_KEY_FILE} to BLURLINE_HOME, or have the owners rotate the secrets.",
        )
    return ok("database.webhooks", "The secrets of all webhooks can be decrypted.")


def _migrations(url: str) -> Finding:
    waiting, unknown = pending(url), newer(url)
    if waiting:
        says = f"The migrations {', '.join(waiting)} are not applied."
        return error("database.migrations", says, "Run `blurline migrate`.")
    if unknown:
        return warning(
            "database.migrations",
            f"The database has migrations of a newer Blurline: {', '.join(unknown)}.",
            "Install the newer version here too. Until then, this one may not show all data.",
        )
    return ok("database.migrations", "Every migration is applied.")
