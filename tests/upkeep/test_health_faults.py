"""Each fault of a part shows in `/healthcheck`, in words with a remedy, and in the doctor, also when the part hangs."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress

import httpx
import psutil
import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from pydantic import SecretStr

import api.upkeep.part_checks
from api.app import create_app
from api.upkeep.part_checks import Checks
from blurline.access.tokens import Scope
from blurline.errors import StoreUnavailable
from blurline.ids import new_id
from blurline.settings import Settings
from deployments.doctor import Severity, examine
from deployments.doctor.database import database
from deployments.doctor.store import store
from deployments.embedded.home import recorded_processes
from tests.api_requests import bearer, problem, upload
from tests.api_server import serving
from tests.tcp_proxy import Answer, forwarding
from tests.waiting import TIMEOUT_S, wait_for

_DOCTOR_S = 10
_ANSWER_S = 120  # the API answers within five seconds; other tests load this machine

Fault = Callable[[Settings, Settings], AbstractContextManager[Settings]]
"""Given the settings and those with the folder of the servers, the settings to use during the fault."""

_REFUSED = "<Error><Code>AccessDenied</Code><Message>Access Denied.</Message></Error>"


def _replaced(**changes: object) -> Fault:
    return lambda settings, _: nullcontext(settings.replace(**changes))


def _hanging(*parts: str) -> Fault:
    @contextmanager
    def hang(settings: Settings, servers: Settings) -> Iterator[Settings]:
        running = recorded_processes(servers.home)
        stopped = [process for part in parts for process in running[part]]
        _send(stopped, signal.SIGSTOP)
        try:
            yield settings
        finally:
            _send(stopped, signal.SIGCONT)

    return hang


def _send(processes: list[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):  # a session of PostgreSQL that has ended
            process.send_signal(number)


@contextmanager
def _read_only_store(settings: Settings, _: Settings) -> Iterator[Settings]:
    with forwarding(settings.store.endpoint, {"PUT healthcheck": Answer(403, _REFUSED)}) as url:
        yield settings.replace(s3_endpoint=url)


@contextmanager
def _read_only_database(settings: Settings, _: Settings) -> Iterator[Settings]:
    name = sql.Identifier(str(conninfo_to_dict(settings.database.conninfo)["dbname"]))
    with psycopg.connect(settings.database.conninfo, autocommit=True) as connection:
        connection.execute(sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = on").format(name))
        try:
            yield settings
        finally:
            connection.execute("SET default_transaction_read_only = off")
            connection.execute(sql.SQL("ALTER DATABASE {} RESET default_transaction_read_only").format(name))


_ABSENT = "http://127.0.0.1:9"
_ABSENT_DATABASE = SecretStr("postgresql://nobody@127.0.0.1:9/blurline")

_FAULTS: dict[str, tuple[Fault, str, str, str, str | None]] = {
    "the store is stopped": (
        _replaced(s3_endpoint=_ABSENT), "store", "store_unavailable", "Start it", "store.connection",
    ),
    "the store hangs": (_hanging("store"), "store", "store_unavailable", "does not answer within", "store"),
    "the volumes of the store hang": (_hanging("volumes"), "store", "store_unavailable", "check its log", "store"),
    "a bucket is missing": (
        _replaced(exports_bucket="blurline-nowhere"), "store", "bucket_missing", "`blurline buckets`", "store.buckets",
    ),
    "the store refuses writes": (
        _read_only_store, "store", "store_not_writable", "Free disk space", None,
    ),
    "the database is stopped": (
        _replaced(database_url=_ABSENT_DATABASE), "database", "database_unavailable", "Start PostgreSQL",
        "database.connection",
    ),
    "the database hangs": (_hanging("postgres"), "database", "database_unavailable", "does not answer", "database"),
    "the database only accepts reads": (
        _read_only_database, "database", "database_not_writable", "Free disk space", "database.writes",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", _FAULTS)
def test_a_fault_shows(without_prefect: Settings, servers: Settings, fault: str) -> None:
    breaks, part, code, remedy, finding = _FAULTS[fault]
    with breaks(without_prefect, servers) as settings:
        with serving(create_app(settings)) as url:
            answer = httpx.get(f"{url}/healthcheck", timeout=_ANSWER_S)
            assert httpx.get(f"{url}/liveness", timeout=TIMEOUT_S).status_code == 200
            if "hang" in fault:
                with breaks(without_prefect, servers):  # continues the part at its end, so that the API can stop
                    pass
        assert answer.status_code == 503
        assert answer.json()["parts"][part] == code
        assert remedy in answer.json()["messages"][part]
    if finding is not None:
        with breaks(without_prefect, servers) as settings:
            found = examine(settings, {"database": database, "store": store}, _DOCTOR_S)
        wrong = {each.name: each for each in found if each.severity is Severity.ERROR}
        assert any(name.startswith(finding) for name in wrong), found
        assert all(each.remedy for each in wrong.values())


def test_healthy_parts_are_reported_as_such_and_the_check_leaves_nothing(without_prefect: Settings) -> None:
    with serving(create_app(without_prefect)) as url:
        found = httpx.get(f"{url}/healthcheck", timeout=TIMEOUT_S).json()
    assert {part for part, code in found["parts"].items() if code == "ok"} == {"database", "store", "dispatch", "disk"}


def test_a_full_disk_of_the_api_shows(without_prefect: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api.upkeep.part_checks, "_LITTLE_BYTES", 10**18)
    monkeypatch.setattr(api.upkeep.part_checks, "_LITTLE_SHARE", 1.1)
    with serving(create_app(without_prefect)) as url:
        found = httpx.get(f"{url}/healthcheck", timeout=TIMEOUT_S).json()
        shown = httpx.get(f"{url}/metrics", timeout=TIMEOUT_S).text
    assert found["parts"]["disk"] == "disk_full"
    assert "Free some space" in found["messages"]["disk"]
    assert 'blurline_disk_free_bytes{folder="home"}' in shown


def test_a_missing_bucket_is_not_blamed_on_the_submitter(client: httpx.Client, without_prefect: Settings) -> None:
    key = upload(client, b"x")
    absent = without_prefect.replace(originals_bucket="blurline-nowhere")
    with serving(create_app(absent)) as url, httpx.Client(base_url=url, timeout=TIMEOUT_S) as other:
        other.headers["Authorization"] = bearer(absent, "ann", Scope.SUBMIT)
        problem(other.post("/v1/jobs", json={"images": [{"key": key}]}), 503, "bucket_missing")
        problem(other.post("/v1/jobs", files=[("files", ("a.jpg", b"x"))]), 503, "bucket_missing")
    wrong_key = f"{key.partition('/')[0]}/{new_id()}"
    problem(client.post("/v1/jobs", json={"images": [{"key": wrong_key}]}), 422, "object_missing")


def test_a_check_that_hangs_is_started_once_and_delays_no_other() -> None:
    started: list[str] = []
    may_end = False

    def hang() -> None:
        started.append("hang")
        wait_for("the test ends it", lambda: may_end)

    def refuse() -> None:
        started.append("refuse")
        raise StoreUnavailable("away")

    checks = Checks({"a": hang, "b": refuse}, {"a": "database_unavailable", "b": "store_unavailable"}, limit_s=0.2)
    for _ in range(3):
        assert checks.run() == {"a": "database_unavailable", "b": "store_unavailable"}
    assert (started.count("hang"), started.count("refuse")) == (1, 3)
    may_end = True
    wait_for("the hanging check has ended", lambda: checks.run()["a"] == "ok")
