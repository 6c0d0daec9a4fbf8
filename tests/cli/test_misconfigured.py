"""No command prints a traceback or a secret, whichever service is away or misconfigured: commands by faults."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg
import pytest

from blurline.cli.problems import failure
from blurline.settings import SETTINGS, Settings
from tests.cli.forked_commands import Command, Outcome, run_all
from tests.servers import environment_of

SECRET = "correct-horse-battery"
DATABASE, HOME, PREFECT = "BLURLINE_DATABASE_URL", "BLURLINE_HOME", "PREFECT_API_URL"
PREFECT_DATABASE = "BLURLINE_PREFECT_DATABASE_URL"
STORE, STORE_KEY = "BLURLINE_S3_ENDPOINT", "BLURLINE_S3_SECRET_KEY"
NOWHERE = "http://127.0.0.1:9"

COMMANDS = {
    "migrate": ["migrate"],
    "buckets": ["buckets"],
    "deploy": ["deploy"],
    "token": ["token"],
    "dashboard-link": ["dashboard-link"],
    "prefect-password": ["prefect-password"],
    "rerun": ["rerun"],
    "cancel": ["rerun", "--cancel", "0193b1a0-0000-7000-8000-000000000000"],
    "consistency": ["consistency"],
    "backup": ["backup", "{folder}/backup"],
    "restore": ["restore", "{folder}/no-backup"],
    "secrets": ["secrets", "{folder}/secrets"],
    "settings": ["settings"],
    "submit": ["submit", "{folder}/a.jpg"],
    "doctor": ["doctor"],
    "api": ["api"],
    "worker": ["worker"],
    "dashboard": ["dashboard"],
    "prefect": ["prefect"],
    "up": ["up"],
    "demo": ["demo", "--once"],
}
SERVERS = {"api", "worker", "dashboard", "prefect", "up", "demo"}
"""They run only with faults with which they must not start: with others they go on, and wait for the part."""
FAILS_ALWAYS = {"deploy", "submit", "restore"}  # neither Prefect nor the API runs, and there is no backup

NEEDS = {
    "database": {"migrate", "dashboard-link", "rerun", "cancel", "consistency", "backup", "doctor"},
    "store": {"buckets", "consistency", "backup", "doctor"},
    "settings": {*COMMANDS} - {"secrets", "restore"},
    "home": {"token", "api", "up", "demo"},
    "keys": {"token", "api", "worker"},
    "prefect": {"prefect"},
}
"""Which commands must fail for a fault of a part. Others may fail too, or succeed."""

USUAL = {
    "database": {*NEEDS["database"], "token"} - {"doctor"},
    "store": {*NEEDS["store"], "migrate"} - {"doctor"},
    "settings": {"migrate", "submit", "doctor", *SERVERS},
    "home": {"token", "dashboard-link", "deploy", "restore", "secrets", "api"},
    "keys": {"token", "api"},
    "prefect": {"prefect"},
    "other": {"migrate", "buckets", "consistency", "backup", "deploy", "settings"},
}
"""Which commands run in every test run. All of them run in the long one."""


class _Page(BaseHTTPRequestHandler):
    """A web server that is something else: it answers every request with a page, or with 401 below /refused."""

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        self.send_response(401 if self.path.startswith("/refused") else 200)
        self.send_header("content-length", "16")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(b"<html>hi</html>\n")

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def page() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def databases(servers: Settings) -> Iterator[str]:
    """The URL without the database's name: `empty`, `another` (of another application), and a user without rights."""
    server = servers.database.conninfo.rsplit("/", 1)[0]
    with closing(psycopg.connect(f"{server}/postgres", autocommit=True)) as connection:
        for name in ("empty", "another"):
            connection.execute(f"CREATE DATABASE {name}".encode())
        connection.execute(f"CREATE ROLE stranger LOGIN PASSWORD '{SECRET}'".encode())
        with closing(psycopg.connect(f"{server}/another", autocommit=True)) as other:
            other.execute("CREATE TABLE jobs (id integer)")
        yield server
        for name in ("empty", "another"):
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
        connection.execute("DROP ROLE stranger")


@pytest.fixture(scope="module")
def faults(
    servers: Settings, databases: str, page: str, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, str]]:
    """What is wrong, by the part and a name."""
    host = databases.rsplit("@", 1)[1]
    folder = tmp_path_factory.mktemp("faults")
    for kind in ("unreadable", "empty", "unknown"):
        (folder / kind).mkdir()
    (folder / "unreadable" / DATABASE).mkdir()
    (folder / "empty" / DATABASE).touch()
    (folder / "unknown" / "BLURLINE_DATABASE").write_text(SECRET)
    (folder / "file").touch()
    (folder / "keys").mkdir()
    for name in ("issuer_key.pem", "audit_key.pem", "noise_key.pem"):
        (folder / "keys" / name).write_text(SECRET)
    secrets_dir = "BLURLINE_SECRETS_DIR"
    return {
        "database: away": {DATABASE: f"postgresql://blurline:{SECRET}@127.0.0.1:9/blurline"},
        "database: wrong password": {DATABASE: f"postgresql://blurline:{SECRET}@{host}/blurline"},
        "database: not owner": {DATABASE: f"postgresql://stranger:{SECRET}@{host}/empty"},
        "database: no privileges": {DATABASE: f"postgresql://stranger:{SECRET}@{host}/blurline"},
        "database: absent": {DATABASE: f"{databases}/absent"},
        "database: of another application": {DATABASE: f"{databases}/another"},
        "settings: driver": {DATABASE: f"postgresql+psycopg://blurline:{SECRET}@{host}/blurline"},
        "settings: slash in password": {DATABASE: f"postgresql://blurline:{SECRET}/1@{host}/blurline"},
        "settings: at in password": {DATABASE: f"postgresql://blurline:1@{SECRET}@{host}/blurline"},
        "settings: percent in password": {DATABASE: f"postgresql://blurline:{SECRET}%zz@{host}/blurline"},
        "settings: no address": {DATABASE: SECRET},
        "settings: MySQL": {DATABASE: f"mysql://blurline:{SECRET}@{host}/blurline"},
        "settings: database of Prefect": {PREFECT_DATABASE: f"sqlite+aiosqlite:///{SECRET}.db"},
        "settings: store without scheme": {STORE: "127.0.0.1:9000"},
        "settings: key in the address of the store": {STORE: f"http://key:{SECRET}@127.0.0.1:9"},
        "settings: Prefect without scheme": {PREFECT: "127.0.0.1:4200/api"},
        "settings: no number": {"BLURLINE_MAX_FILE_MB": SECRET},
        "settings: unknown": {"BLURLINE_MAX_FILES_MB": SECRET},
        "settings: no folder of secrets": {secrets_dir: str(folder / "absent")},
        "settings: unreadable secret": {secrets_dir: str(folder / "unreadable")},
        "settings: empty secret": {secrets_dir: str(folder / "empty")},
        "settings: unknown secret": {secrets_dir: str(folder / "unknown")},
        "store: away": {STORE: NOWHERE, STORE_KEY: SECRET},
        "store: wrong key": {STORE_KEY: SECRET},
        "store: name of a bucket": {"BLURLINE_ORIGINALS_BUCKET": "Not a bucket!"},
        "other: another server as store": {STORE: page},
        "other: missing bucket": {"BLURLINE_RESULTS_BUCKET": "absent-results"},
        "other: Prefect refuses": {PREFECT: f"{page}/refused", "PREFECT_API_AUTH_STRING": f"admin:{SECRET}"},
        "other: another server as Prefect": {PREFECT: f"{page}/api"},
        "other: password in the address of Prefect": {PREFECT: f"http://admin:{SECRET}@127.0.0.1:9/api"},
        "other: log level": {"BLURLINE_LOG_LEVEL": "LOUD"},
        "home: a file": {HOME: str(folder / "file")},
        "keys: not PEM": {HOME: str(folder / "keys")},
        "prefect: away": {PREFECT_DATABASE: f"postgresql://blurline:{SECRET}@127.0.0.1:9/prefect"},
        "prefect: wrong password": {PREFECT_DATABASE: f"postgresql://blurline:{SECRET}@{host}/postgres"},
        "prefect: not owner": {PREFECT_DATABASE: f"postgresql://stranger:{SECRET}@{host}/empty"},
    }


@pytest.fixture(scope="module", params=["usual", pytest.param("every", marks=pytest.mark.long)])
def outcomes(
    request: pytest.FixtureRequest,
    servers: Settings,
    faults: dict[str, dict[str, str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[tuple[str, str], Outcome]:
    """How each command has ended with each fault."""
    folder = tmp_path_factory.mktemp("commands")
    (folder / "a.jpg").touch()
    usual = {k: v for k, v in environment_of(servers).items() if k in SETTINGS} | {
        PREFECT: f"{NOWHERE}/api",
        HOME: str(folder / "home"),
        "BLURLINE_API_URL": NOWHERE,
        "BLURLINE_OIDC_CLIENT_SECRET": SECRET,
        "PREFECT_API_AUTH_STRING": f"admin:{SECRET}",
    }
    every = {part: {*COMMANDS} - SERVERS | NEEDS.get(part, set()) for part in USUAL}
    chosen = USUAL if request.param == "usual" else every
    rows = [(command, fault) for fault in faults for command in COMMANDS if command in chosen[fault.split(":")[0]]]
    commands = [
        Command([each.format(folder=folder) for each in COMMANDS[command]], usual | faults[fault])
        for command, fault in rows
    ]
    return dict(zip(rows, run_all(commands), strict=True))


def test_no_command_prints_a_traceback_or_a_secret(outcomes: dict[tuple[str, str], Outcome]) -> None:
    wrong = {
        (command, fault): outcome
        for (command, fault), outcome in outcomes.items()
        if "Traceback" in outcome.said or (SECRET in outcome.said and command != "prefect-password")  # its purpose
    }
    assert wrong == {}


def test_every_command_that_fails_says_why_in_one_line(outcomes: dict[tuple[str, str], Outcome]) -> None:
    wrong = {
        (command, fault): outcome
        for (command, fault), outcome in outcomes.items()
        if outcome.exit_code != 0 and not outcome.is_one_line and not _lists_findings(command, outcome)
    }
    assert wrong == {}


def test_a_command_fails_when_a_part_that_it_needs_is_wrong(outcomes: dict[tuple[str, str], Outcome]) -> None:
    succeeded = [
        (command, fault)
        for (command, fault), outcome in outcomes.items()
        if outcome.exit_code == 0 and command in NEEDS.get(fault.split(":")[0], set()) | FAILS_ALWAYS
    ]
    assert succeeded == []


@pytest.mark.parametrize(
    ("command", "fault", "says"),
    [
        ("migrate", "database: not owner", "permission denied for schema public. Make that user the owner"),
        ("migrate", "database: of another application", "Use a database for Blurline alone"),
        ("migrate", "settings: driver", "names a driver; write postgresql://"),
        ("migrate", "settings: at in password", "percent-encoded"),
        ("consistency", "database: no privileges", "Make that user the owner"),
        ("consistency", "database: of another application", "Run `blurline migrate`"),
        ("consistency", "other: another server as store", "not that of an S3 store"),
        ("consistency", "store: name of a bucket", "bucket name"),
        ("deploy", "other: Prefect refuses", "Correct PREFECT_API_AUTH_STRING"),
        ("deploy", "other: another server as Prefect", "does not respond like Prefect"),
        ("prefect", "prefect: away", "The database of Prefect (BLURLINE_PREFECT_DATABASE_URL)"),
        ("prefect", "prefect: not owner", "Make the user its owner"),
        ("up", "settings: driver", "names a driver; write postgresql://"),
        ("doctor", "settings: driver", "names a driver; write postgresql://"),
        ("migrate", "other: log level", "Set it to DEBUG, INFO, WARNING or ERROR"),
    ],
)
def test_the_line_names_the_remedy(
    outcomes: dict[tuple[str, str], Outcome], command: str, fault: str, says: str
) -> None:
    assert says in outcomes[command, fault].said


def test_the_traceback_of_a_bug_is_printed_without_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DATABASE, f"postgresql://blurline:{SECRET}%21@127.0.0.1/blurline")
    monkeypatch.setenv("BLURLINE_METRICS_TOKEN", "an-own-token")
    said = failure(KeyError(f"{os.environ[DATABASE]} {SECRET}! an-own-token"))
    assert "KeyError" in said
    assert SECRET not in said and "an-own-token" not in said


def _lists_findings(command: str, outcome: Outcome) -> bool:
    """`consistency` fails with a list when store and database differ, the doctor with its findings."""
    if command == "doctor":
        return outcome.exit_code == 1 and "0 errors." not in outcome.said
    return command == "consistency" and "FAIL" in outcome.said
