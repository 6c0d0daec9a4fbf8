"""Every check runs by itself and within its time, even when others fail."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from blurline.errors import ConfigurationError
from blurline.settings import Settings
from deployments.doctor import Finding, Severity, examine
from deployments.doctor.configuration import issuer
from deployments.doctor.database import database
from deployments.doctor.prefect import prefect
from deployments.doctor.result import ok
from deployments.doctor.store import store
from tests.access.oidc_provider import Provider
from tests.deployments.doctor.findings import findings, wrong


def doctor(home: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("BLURLINE_", "PREFECT_"))}
    return subprocess.run(
        [sys.executable, "-m", "blurline", "doctor", *arguments],
        env=clean | {"BLURLINE_HOME": str(home)} | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_part_that_is_down_is_reported_with_a_remedy_and_the_exit_code_is_1(tmp_path: Path) -> None:
    down = {
        "BLURLINE_DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none",
        "BLURLINE_S3_ENDPOINT": "http://127.0.0.1:9",
        "BLURLINE_S3_ACCESS_KEY": "a",
        "BLURLINE_S3_SECRET_KEY": "b",
        "BLURLINE_OIDC_ISSUER": "http://127.0.0.1:9",
        "PREFECT_API_URL": "http://127.0.0.1:9/api",
    }
    done = doctor(tmp_path, "--json", **down)
    assert done.returncode == 1, done.stderr
    found = {each["name"]: each for each in json.loads(done.stdout)}
    errors = {name for name, each in found.items() if each["severity"] == "error"}
    assert errors == {"database.connection", "store.connection", "prefect.connection", "issuer.keys"}
    assert "BLURLINE_DATABASE_URL" in found["database.connection"]["remedy"]
    assert "PREFECT_API_URL" in found["prefect.connection"]["remedy"]
    assert found["models.standard"] == {**found["models.standard"], "severity": "ok", "remedy": None}


def test_a_missing_address_is_reported_with_how_to_set_it() -> None:
    found = examine(Settings(), {"database": database, "store": store})
    assert [each.severity for each in found] == [Severity.ERROR, Severity.ERROR]
    assert "BLURLINE_DATABASE_URL is not set. Set it, or start the embedded stack" in found[0].says
    assert "BLURLINE_S3_ENDPOINT is not set" in found[1].says


def test_an_unknown_setting_is_the_only_finding(tmp_path: Path) -> None:
    done = doctor(tmp_path, "--json", BLURLINE_DATABSE_URL="x")
    (finding,) = json.loads(done.stdout)
    assert done.returncode == 1
    assert (finding["name"], finding["severity"]) == ("settings", "error")
    assert "Did you mean BLURLINE_DATABASE_URL?" in finding["says"]


def test_a_hanging_or_failing_check_does_not_stop_the_others() -> None:
    def breaks(_settings: Settings) -> Iterator[Finding]:
        raise KeyError("x")
        yield

    def refuses(_settings: Settings) -> Iterator[Finding]:
        yield ok("refuses.first", "this was well")
        raise ConfigurationError("That is not set.")

    ends = threading.Event()

    def hangs(_settings: Settings) -> Iterator[Finding]:
        yield ok("hangs.first", "this was well")
        ends.wait()

    found = examine(Settings(), {"hangs": hangs, "breaks": breaks, "refuses": refuses}, limit_s=0.5)
    ends.set()
    assert [(each.name, each.severity) for each in found] == [
        ("hangs.first", Severity.OK),
        ("hangs", Severity.ERROR),
        ("breaks", Severity.ERROR),
        ("refuses.first", Severity.OK),
        ("refuses", Severity.ERROR),
    ]
    assert "did not end within 0.5 s" in found[1].says


def test_parts_that_accept_connections_and_never_answer_are_reported_in_time(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        hanging = settings.replace(
            s3_endpoint=f"http://127.0.0.1:{port}", prefect_api_url=f"http://127.0.0.1:{port}/api"
        )
        found = examine(hanging, {"store": store, "prefect": prefect, "database": database}, limit_s=3)
    errors = [each.name for each in found if each.severity is Severity.ERROR]
    assert errors == ["store", "prefect"]
    assert any(each.name == "database.migrations" for each in found)


def test_the_keys_of_an_issuer_are_counted_and_an_issuer_without_keys_is_an_error() -> None:
    with Provider().serving() as provider:
        provider.rotate("first")
        provider.rotate("second", "ES256", keep=True)
        settings = Settings().replace(oidc_issuer=provider.issuer)
        assert "2 keys" in findings(issuer, settings)["issuer.keys"].says
    assert "BLURLINE_OIDC_ISSUER" in str(wrong(issuer, settings)["issuer.keys"].remedy)
    assert findings(issuer, Settings()) == {}
