"""The running composition of containers: the image built as the Dockerfile says, every service healthy in
namespaces instead of containers, used through the proxy as people use it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets import Origin
from websockets.sync.client import connect

from dashboard.access.sign_in_page import SIGN_IN
from tests.acceptance.stack import fetch, finished, submit
from tests.deployments.containers.compose import compose_config
from tests.deployments.containers.dockerfile import FOLDER, build
from tests.deployments.containers.engine import Engine
from tests.deployments.containers.images import images
from tests.deployments.containers.networks import is_reached
from tests.pictures import HOPPER, decoded, psnr_db
from tests.waiting import TIMEOUT_S

pytestmark = pytest.mark.long

_SITE = "localhost"
_TOOLS = ("bwrap", "caddy", "ip", "nsenter", "setpriv", "wget")
_OPERATOR = 12345
_INSIDE_THE_STORE = (9333, 19333, 8080, 18080, 8888, 18888)
_INNER_S3 = """
import socket, ssl, sys
trust = ssl._create_unverified_context()
trust.set_alpn_protocols(["h2"])
with trust.wrap_socket(socket.create_connection((sys.argv[1], 18333), 5)) as door:
    print(door.recv(1))
"""
_HEALTH = """
import json, urllib.request
print(json.load(urllib.request.urlopen("http://127.0.0.1:8000/healthcheck", timeout=300)))
"""


@pytest.fixture(scope="module")
def trees(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The stages of the image, built as the Dockerfile says."""
    missing = [tool for tool in _TOOLS if shutil.which(tool) is None]
    if missing or os.geteuid() != 0:
        why = f"Containers are tested as root, with the tools {', '.join(_TOOLS)}; missing: {missing or 'root'}."
        assert not os.environ.get("CI"), why
        pytest.skip(why)
    uv = Path(sys.executable).with_name("uv")
    cache = subprocess.run([uv, "cache", "dir"], capture_output=True, text=True, check=True).stdout.strip()
    return build(tmp_path_factory.mktemp("image"), Path(cache))


@pytest.fixture(scope="module")
def composition(trees: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Every service healthy, with secrets created by the command in the guide."""
    folder = tmp_path_factory.mktemp("composition")
    project = folder / "containers"
    project.mkdir()
    for name in ("compose.yaml", "Caddyfile"):
        shutil.copy(FOLDER / name, project)
    (project / ".env").write_text("MAX_REQUEST_MB=2\nWORKER_CHILDREN=1\n")
    os.chown(project, _OPERATOR, _OPERATOR)
    config = compose_config(project)
    config["services"]["secrets"]["user"] = str(_OPERATOR)  # docker compose run --user "$(id -u)"
    engine = Engine(config, images(trees["blurline"], folder), folder)
    with engine.networks():
        engine.up("secrets")
        for name in config["services"]:
            engine.up(name)
        yield engine


@pytest.fixture(scope="module")
def trust(composition: Engine) -> ssl.SSLContext:
    """A TLS context that trusts only the proxy's authority, set up as the guide says."""
    authority = composition.volume("certificates") / "pki" / "authorities" / "local" / "root.crt"
    return ssl.create_default_context(cafile=str(authority))


@pytest.fixture(scope="module")
def token(composition: Engine) -> str:
    done = composition.execute("api", "blurline", "token", "--user", "ann")
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def site(composition: Engine, trust: ssl.SSLContext, token: str) -> Iterator[httpx.Client]:
    """A client that connects to the proxy's address and sends the site's name."""

    def name(request: httpx.Request) -> None:
        request.extensions["sni_hostname"] = _SITE

    proxy = composition.containers["proxy"][0].address
    headers = {"Host": _SITE, "Authorization": f"Bearer {token}"}
    with httpx.Client(
        base_url=f"https://{proxy}", verify=trust, headers=headers, timeout=TIMEOUT_S, event_hooks={"request": [name]}
    ) as client:
        yield client


def _signed_in(site: httpx.Client, token: str) -> str:
    """The cookie of a session in the dashboard, which the user begins with a token."""
    answer = site.post(SIGN_IN, data={"token": token}, headers={"Origin": f"https://{_SITE}"})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["set-cookie"]).partition(";")[0]


def test_a_photograph_is_published_through_the_proxy(site: httpx.Client) -> None:
    images = finished(site, submit(site, [("hopper.jpg", HOPPER.read_bytes())]))
    assert images["hopper.jpg"]["state"] == "published"
    done, original = decoded(fetch(site, images["hopper.jpg"])), decoded(HOPPER.read_bytes())
    assert psnr_db(done[130:320, 190:320], original[130:320, 190:320]) < 20


def test_an_upload_with_a_form_goes_through_the_proxy_to_the_store(site: httpx.Client) -> None:
    [upload] = site.post("/v1/uploads", json={"count": 1}).raise_for_status().json()["uploads"]
    assert upload["url"] == f"https://{_SITE}/blurline-originals"
    stored = site.post("/blurline-originals", data=upload["fields"], files={"file": HOPPER.read_bytes()})
    assert stored.is_success, stored.text
    job = site.post("/v1/jobs", json={"images": [{"key": upload["key"], "name": "h.jpg"}]})
    assert finished(site, job.raise_for_status().json()["id"])["h.jpg"]["state"] == "published"


def test_nothing_else_of_the_store_and_no_metrics_are_reachable_from_outside(site: httpx.Client) -> None:
    for path in ("/metrics", "/_stcore/metrics"):
        assert site.get(path).status_code == 404
    for answer in (site.get("/blurline-originals"), site.get("/"), site.put("/blurline-originals/x", content=b"x")):
        assert "Seaweed" not in answer.headers.get("Server", "") and "<ListBucketResult" not in answer.text


def test_a_body_over_the_limit_is_refused(site: httpx.Client) -> None:
    answer = site.post("/v1/jobs", files={"files": ("big.jpg", bytes(3_000_000))})
    assert answer.status_code == 413


def test_plain_http_redirects_to_tls(composition: Engine) -> None:
    proxy = composition.containers["proxy"][0].address
    answer = httpx.get(f"http://{proxy}/v1/me", headers={"Host": _SITE}, timeout=TIMEOUT_S)
    assert (answer.status_code, answer.headers["location"]) == (308, f"https://{_SITE}/v1/me")


def test_live_events_and_the_dashboard_pass_the_proxy_as_websockets(
    composition: Engine, trust: ssl.SSLContext, site: httpx.Client, token: str
) -> None:
    proxy = composition.containers["proxy"][0].address
    with connect(f"wss://{_SITE}/ws", sock=socket.create_connection((proxy, 443)), ssl=trust) as live:
        live.send(json.dumps({"token": token}))
        assert json.loads(live.recv(10))["type"] == "ready"
    cookie = _signed_in(site, token)
    with connect(
        f"wss://{_SITE}/_stcore/stream",
        sock=socket.create_connection((proxy, 443)),
        ssl=trust,
        origin=Origin(f"https://{_SITE}"),
        additional_headers={"Cookie": cookie},
    ):
        pass


def test_the_dashboard_and_the_prefect_ui_are_shown(composition: Engine, site: httpx.Client, token: str) -> None:
    assert site.get("/", headers={"Accept": "text/html"}).status_code == 401
    page = site.get("/", headers={"Cookie": _signed_in(site, token)})
    assert "streamlit" in page.raise_for_status().text.lower()
    proxy = composition.containers["proxy"][0].address
    prefect = site.get(f"https://{proxy}:4200/ui-settings").raise_for_status().json()
    assert (prefect["api_url"], prefect["auth"]) == (f"https://{_SITE}:4200/api", "BASIC")
    assert site.post(f"https://{proxy}:4200/api/flows/filter", json={}).status_code == 401


def test_replicas_accept_each_others_tokens_and_sign_with_one_key(composition: Engine, token: str) -> None:
    first, second = (
        httpx.Client(
            base_url=f"http://{each.address}:8000",
            headers={"Authorization": f"Bearer {token}", "Host": "api:8000"},
            timeout=TIMEOUT_S,
        )
        for each in composition.containers["api"]
    )
    with first, second:
        assert first.get("/v1/me").raise_for_status().json() == second.get("/v1/me").raise_for_status().json()
        assert first.get("/v1/audit-keys").raise_for_status().json() == second.get("/v1/audit-keys").json()


def test_containers_reach_only_the_store_and_database_they_need(composition: Engine) -> None:
    store, postgres = composition.containers["store"][0], composition.containers["postgres"][0]
    api, proxy = composition.containers["api"][0], composition.containers["proxy"][0]
    assert is_reached(store.addresses["back"], 8333, api.namespace)
    assert is_reached(postgres.addresses["back"], 5432, api.namespace)
    assert not is_reached(postgres.addresses["back"], 5432, proxy.namespace)
    open_ports = [port for port in _INSIDE_THE_STORE if is_reached(store.addresses["back"], port, api.namespace)]
    assert open_ports == []
    asked = composition.execute("api", "python", "-c", _INNER_S3, store.addresses["back"])
    assert "certificate required" in asked.stderr.lower()


def test_containers_write_only_to_allowed_folders(composition: Engine) -> None:
    for name in ("api", "worker", "dashboard", "prefect"):
        for path in ("/x", "/opt/blurline/x", "/var/lib/blurline/x"):
            done = composition.execute(name, "python", "-c", f"open({path!r}, 'w')")
            assert "Read-only file system" in done.stderr, (name, path)
        who = composition.execute(name, "python", "-c", "import os; print(os.getuid(), os.getgid(), os.getgroups())")
        assert who.stdout.split()[:2] == ["10001", "10001"]


def test_every_part_reports_that_it_is_healthy(composition: Engine) -> None:
    done = composition.execute("api", "python", "-c", _HEALTH)
    assert done.returncode == 0, done.stdout + done.stderr


def test_one_replica_can_stop_and_a_worker_ends_in_time(composition: Engine, site: httpx.Client) -> None:
    composition.containers["api"][0].stop()
    for _ in range(10):
        assert site.get("/v1/me").status_code == 200
    assert composition.containers["worker"][0].stop() == 0
