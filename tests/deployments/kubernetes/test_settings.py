"""The configuration of the containers: known settings, secrets from the guide, valid commands."""

from __future__ import annotations

from pathlib import Path

import prefect.settings
import pytest
import typer
from pydantic import SecretStr

from blurline.cli.command import app
from blurline.contract.audit import AUDIT_KEY_FILE
from blurline.settings import PREFIX, SETTINGS, check_variables, load_settings, variable
from deployments.embedded import stack
from tests.deployments.kubernetes import guide
from tests.deployments.kubernetes.kubelet import arguments, as_kubernetes_mounts
from tests.deployments.kubernetes.manifests import EXAMPLE, WAYS, Workload, of_kind, rendered, settings_of, workloads

NOT_SETTINGS = {"HOME", "DO_NOT_TRACK", "WORKER_CHILDREN"}
SECRETS = {name for name, setting in SETTINGS.items() if "SecretStr" in str(setting.field.annotation)}


@pytest.mark.parametrize("way", WAYS)
def test_every_variable_is_a_setting_and_not_a_secret(way: str) -> None:
    of_containers = {
        variable["name"]
        for each in workloads(rendered(way))
        for container in each.containers
        for variable in container["env"]
    }
    names = set(settings_of(rendered(way))) | of_containers
    check_variables(dict.fromkeys(names, ""))
    of_prefect = {name for name in names if name.startswith("PREFECT_")}
    assert [name for name in of_prefect if not hasattr(prefect.settings, name)] == []
    assert {name for name in names - of_prefect if not name.startswith(PREFIX)} <= NOT_SETTINGS
    assert not names & SECRETS


def test_the_prefect_client_is_configured_as_in_the_embedded_stack() -> None:
    assert stack._PREFECT_CLIENT.items() <= settings_of(rendered(EXAMPLE)).items()


@pytest.mark.parametrize("way", WAYS)
def test_the_guide_names_every_required_secret(way: str) -> None:
    secrets = guide.secrets()
    for each in workloads(rendered(way)):
        asked = {volume["secret"]["secretName"] for volume in each.pod["volumes"] if "secret" in volume}
        assert asked <= {*secrets, "keys"}
    for monitor in of_kind(rendered(way), "ServiceMonitor"):
        for endpoint in monitor["spec"]["endpoints"]:
            credentials = endpoint.get("authorization", {}).get("credentials")
            assert credentials is None or credentials["key"] in secrets[credentials["name"]]


def test_the_guide_creates_the_audit_key_under_its_name() -> None:
    assert f"-out {AUDIT_KEY_FILE}" in guide.GUIDE
    assert f"--from-file={AUDIT_KEY_FILE}" in guide.GUIDE


def test_settings_and_secrets_form_a_complete_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = {
        "servers": ("database_url", "s3_access_key", "s3_secret_key", "prefect_api_auth_string", "metrics_token"),
        "dashboard": ("oidc_client_secret", "dashboard_cookie_secret"),
        "prefect-server": ("prefect_database_url", "prefect_api_auth_string"),
    }
    for name, value in settings_of(rendered(EXAMPLE)).items():
        monkeypatch.setenv(name, value)
    for secret, lines in guide.secrets().items():
        monkeypatch.setenv("BLURLINE_SECRETS_DIR", str(as_kubernetes_mounts(tmp_path / secret, lines)))
        load_settings.cache_clear()
        values = load_settings()
        given = {name for name, setting in SETTINGS.items() if isinstance(setting.value(values), SecretStr)}
        assert given == set(map(variable, wanted.pop(secret)))
    assert not wanted
    assert values.store.s3_endpoint and values.oidc.issuer and values.dashboard.url.startswith("https://")
    assert not values.access.local_issuer  # its key is no part of this


@pytest.mark.parametrize("way", WAYS)
def test_every_command_parses(way: str) -> None:
    for each in workloads(rendered(way)):
        for container in each.containers:
            assert "command" not in container
            parse(arguments(container["args"], {"WORKER_CHILDREN": "2"}))


def test_every_part_runs_the_command_of_its_name() -> None:
    verbs = {
        each.name: [container["args"][0] for container in each.containers] for each in workloads(rendered(EXAMPLE))
    }
    assert verbs == {
        "api": ["migrate", "api"],
        "dashboard": ["dashboard"],
        "worker": ["migrate", "worker"],
        "setup": ["migrate", "buckets", "deploy"],
        "prefect-server": ["prefect"],
    }


def test_a_server_listens_where_its_port_is() -> None:
    for each in workloads(rendered(EXAMPLE)):
        if "--port" in each.main["args"]:
            assert listens(each) == [port["containerPort"] for port in each.main["ports"]]


def listens(each: Workload) -> list[int]:
    arguments = each.main["args"]
    assert arguments[arguments.index("--host") + 1] == "0.0.0.0"
    return [int(arguments[arguments.index("--port") + 1])]


def parse(command_line: list[str]) -> None:
    """Parse a command line without running it; raises its usage error."""
    group = typer.main.get_command(app)
    verb = group.get_command(group.make_context("blurline", [], resilient_parsing=True), command_line[0])  # type: ignore[attr-defined]
    assert verb is not None, command_line
    verb.make_context(command_line[0], command_line[1:])
