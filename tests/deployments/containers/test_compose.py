"""The contents of the files, without running them."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from blurline.settings import SETTINGS, Settings
from tests.deployments.containers.compose import compose_config
from tests.deployments.containers.dockerfile import (
    DOCKERFILE,
    FOLDER,
    ROOT,
    is_kept_from_the_build,
    read_dockerfile,
    sent_to_the_build,
)

_VARIANTS: tuple[list[str], ...] = (
    [],
    ["oidc"],
    ["own-postgres"],
    ["own-store"],
    ["own-postgres", "own-store", "oidc"],
)
_IS_EXACT = re.compile(r"[\w./-]+:v?\d+\.\d+[\w.-]*(@sha256:[0-9a-f]{64})?")
_IS_SECRET = re.compile(r"PASSWORD(?!_FILE)|SECRET(?!S_DIR)|TOKEN|AUTH_STRING|_KEY|DATABASE_URL")


@pytest.fixture(params=_VARIANTS, ids="+".join)
def services(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The services by name, merged with some of the files for the operator's own parts."""
    monkeypatch.setenv("OIDC_ISSUER", "https://login.test")
    monkeypatch.setenv("OIDC_CLIENT_ID", "blurline")
    monkeypatch.setenv("S3_ENDPOINT", "https://s3.test")
    files = ["compose.yaml", *(f"compose.{name}.yaml" for name in request.param)]
    found: dict[str, Any] = compose_config(FOLDER, *files)["services"]
    assert ("postgres" in found) is ("own-postgres" not in request.param)
    assert ("store" in found) is ("own-store" not in request.param)
    return found


def test_the_dockerfile_passes_hadolint() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, DOCKERFILE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_every_container_is_confined(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert int(service["user"].partition(":")[0]) > 0, name
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service.get("cap_add", []) == (["NET_BIND_SERVICE"] if name == "proxy" else []), name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        limits = service["deploy"]["resources"]["limits"]
        assert int(limits["memory"]) > 0 and limits["pids"] > 0, name
        assert service["logging"]["options"] == {"max-size": "20m", "max-file": "5"}, name
        assert all("size=" in tmpfs for tmpfs in service["tmpfs"]), name
        assert "privileged" not in service and "network_mode" not in service, name


def test_services_have_health_checks_and_restarts_and_one_off_tasks_are_awaited(services: dict[str, Any]) -> None:
    for name, service in services.items():
        if service["restart"] == "unless-stopped":
            assert service["healthcheck"]["test"][0] == "CMD", name
        else:
            assert service["restart"] == "no", name
        for other, how in service.get("depends_on", {}).items():
            is_lasting = services[other]["restart"] == "unless-stopped"
            assert how["condition"] == ("service_healthy" if is_lasting else "service_completed_successfully"), name
    for name in ("api", "worker"):
        assert set(services[name]["depends_on"]) == {"migrate", "buckets", "deploy"}


def test_a_worker_has_longer_to_finish_than_it_takes(services: dict[str, Any]) -> None:
    minutes, seconds = re.fullmatch(r"(?:(\d+)m)?(\d+)s", services["worker"]["stop_grace_period"]).groups()  # type: ignore[union-attr]
    assert int(minutes or 0) * 60 + int(seconds) > Settings().worker.drain_s + 15


def test_no_secret_is_in_an_environment_and_every_variable_is_a_setting(services: dict[str, Any]) -> None:
    known = set(SETTINGS)
    for name, service in services.items():
        for each in service.get("environment") or {}:
            assert not _IS_SECRET.search(each), (name, each)
            assert not each.startswith("BLURLINE_") or each in known, (name, each)
    environment = read_dockerfile()[1]["blurline"].environment
    assert not [each for each in environment if _IS_SECRET.search(each)]
    assert {each for each in environment if each.startswith("BLURLINE_")} <= known


def test_only_services_that_need_a_secret_get_it(services: dict[str, Any]) -> None:
    seen: dict[str, set[str]] = {}
    for name, service in services.items():
        for secret in service.get("secrets", ()):
            seen.setdefault(secret["source"], set()).add(name)
    assert seen.get("postgres_password", {"postgres"}) == {"postgres"}
    assert seen["BLURLINE_DATABASE_URL"] == {"migrate", "api", "worker"}
    assert seen["BLURLINE_PREFECT_DATABASE_URL"] == {"prefect"}
    assert seen["BLURLINE_S3_SECRET_KEY"] == {"buckets", "api", "worker"}
    assert seen["PREFECT_API_AUTH_STRING"] == {"deploy", "prefect", "api", "worker"}
    assert seen["issuer_key.pem"] == seen["audit_key.pem"] == {"api"}
    assert seen["noise_key.pem"] == {"worker"}


def test_networks_allow_only_the_required_connections(services: dict[str, Any]) -> None:
    networks = {name: set(service["networks"]) for name, service in services.items()}

    def may_reach(here: str, there: str) -> bool:
        return bool(networks[here] & networks[there])

    wanted = [
        ("proxy", "api"), ("proxy", "dashboard"), ("proxy", "store"), ("proxy", "prefect"), ("dashboard", "api"),
        *((here, there) for here in ("api", "worker") for there in ("postgres", "store", "prefect")),
    ]  # fmt: skip
    unwanted = [
        ("proxy", "postgres"), ("proxy", "worker"), ("dashboard", "postgres"), ("dashboard", "store"),
        ("dashboard", "prefect"), ("dashboard", "worker"),
    ]  # fmt: skip
    assert all(may_reach(*pair) for pair in wanted if set(pair) <= set(services))
    assert not any(may_reach(*pair) for pair in unwanted if set(pair) <= set(services))
    file = yaml.safe_load((FOLDER / "compose.yaml").read_text())
    assert {name for name, network in file["networks"].items() if not network.get("internal")} == {"front"}
    published = {name for name, service in services.items() if service.get("ports")}
    assert published == {"proxy"}
    assert [port["host_ip"] for port in services["proxy"]["ports"] if port["target"] == 4200] == ["127.0.0.1"]


def test_images_are_pinned_and_the_release_is_named_once(services: dict[str, Any]) -> None:
    release = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    arguments, stages = read_dockerfile()
    for image in (*arguments.values(), *(service["image"] for service in services.values())):
        assert _IS_EXACT.fullmatch(image), image
    assert {stage.base for stage in stages.values()} == {"${PYTHON}", "${STORE}"}
    assert f"ARG VERSION={release}\n" in DOCKERFILE.read_text()
    assert services["api"]["image"] == f"blurline:{release}"
    assert (
        "store" not in services or services["store"]["image"].partition(":")[2] == arguments["STORE"].partition(":")[2]
    )


def test_build_requirements_are_locked_like_the_installed_packages() -> None:
    locked = {
        line.split(";")[0].split("\\")[0].strip()
        for line in (ROOT / "requirements-dev.lock").read_text().splitlines()
        if re.match(r"\w[\w.-]*==", line)
    }
    builds = [line for line in (ROOT / "requirements-build.lock").read_text().splitlines() if re.match(r"\w", line)]
    assert {line.split("\\")[0].split(";")[0].strip() for line in builds} <= locked
    left_out = [line for line in (FOLDER / "left-out.txt").read_text().splitlines() if not line.startswith("#")]
    assert all(f"\n{name}==" in (ROOT / "requirements.lock").read_text() for name in left_out)


def test_the_build_context_has_the_sources_of_the_wheel_and_no_secret() -> None:
    sent = {str(path) for path in sent_to_the_build()}
    assert {"pyproject.toml", "prefect.yaml", "sql/jobs/job_queries.sql", "deployments/containers/compose.yaml"} <= sent
    assert not [path for path in sent if path.endswith(".env") or "__pycache__" in path or path.startswith("tests/")]
    for name in (".env", "blurline.env", "secrets/postgres_password"):
        assert is_kept_from_the_build(FOLDER.relative_to(ROOT) / name)


def test_the_image_has_every_command(services: dict[str, Any]) -> None:
    for service in services.values():
        if service["image"].startswith("blurline:"):
            words = [word for word in service["command"] if word != "/here/secrets"]
            assert _complaint(*words) == "", service["command"]


@cache
def _complaint(*words: str) -> str:
    """The error of `blurline` for these words; empty if they are a command."""
    done = subprocess.run([sys.executable, "-m", "blurline", *words, "--help"], capture_output=True, text=True)
    return done.stderr if done.returncode else ""
