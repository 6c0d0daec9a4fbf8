"""Every rendered manifest is valid and consistent, and every pod of ours is confined."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

import jsonschema
import kubernetes_validate
import pytest

from tests.deployments.kubernetes.manifests import (
    EXAMPLE,
    ROOT,
    WAYS,
    Manifest,
    Workload,
    named,
    of_kind,
    overlaid,
    rendered,
    settings_of,
    workload,
    workloads,
)

OLDEST, NEWEST = "1.30", "1.37"
SCHEMAS = Path(__file__).parent / "schemas"
RESTRICTED_VOLUMES = {
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
}


@pytest.fixture(params=WAYS, scope="module")
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_every_manifest_is_valid_in_the_oldest_and_the_newest_kubernetes() -> None:
    different = {json.dumps(manifest, sort_keys=True): manifest for way in WAYS for manifest in rendered(way)}
    for manifest in different.values():
        own = SCHEMAS / f"{manifest['kind']}.json"
        if own.exists():
            jsonschema.validate(manifest, json.loads(own.read_text()))
        else:
            for release in (OLDEST, NEWEST):
                assert kubernetes_validate.validate(manifest, release, strict=True) == release


def test_everything_is_in_one_namespace_that_admits_only_restricted_pods(way: str) -> None:
    (namespace,) = of_kind(rendered(way), "Namespace")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    names = {each["metadata"].get("namespace") for each in rendered(way) if each["kind"] != "Namespace"}
    assert names == {namespace["metadata"]["name"]}


def test_every_pod_meets_the_restricted_pod_security_standard(way: str) -> None:
    for each in workloads(rendered(way)):
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(each.pod)
        of_pod = each.pod["securityContext"]
        assert of_pod["runAsNonRoot"] is True and of_pod["runAsUser"] == of_pod["fsGroup"] == 10001
        assert of_pod["seccompProfile"] == {"type": "RuntimeDefault"} and "sysctls" not in of_pod
        for volume in each.pod["volumes"]:
            assert set(volume) - {"name"} <= RESTRICTED_VOLUMES
        for container in each.containers:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert not any("hostPort" in port for port in container.get("ports", []))


def test_no_pod_has_a_cluster_token_or_variables_that_look_like_settings(way: str) -> None:
    for each in workloads(rendered(way)):
        assert each.pod["automountServiceAccountToken"] is False
        assert each.pod["enableServiceLinks"] is False


def test_every_container_has_limits_on_resources_and_writes(way: str) -> None:
    for each in workloads(rendered(way)):
        volumes = {volume["name"]: volume for volume in each.pod["volumes"]}
        for container in each.containers:
            for bounds in (container["resources"]["requests"], container["resources"]["limits"]):
                assert set(bounds) == {"cpu", "memory"}
            mounts = {mount["mountPath"]: mount for mount in container["volumeMounts"]}
            assert mounts["/tmp"]["name"] == "tmp"
            for mount in mounts.values():
                if "emptyDir" in volumes[mount["name"]]:
                    assert "sizeLimit" in volumes[mount["name"]]["emptyDir"]
                else:
                    assert mount["readOnly"] and volumes[mount["name"]]["secret"]["defaultMode"] == 0o440


def test_every_server_has_probes_and_is_spread_over_nodes(way: str) -> None:
    for each in workloads(rendered(way)):
        if each.kind == "Deployment":
            assert {"startupProbe", "livenessProbe", "readinessProbe"} <= set(each.main)
        if each.kind == "Deployment" and each.name != "prefect-server":  # there is one of it
            constraints = each.pod["topologySpreadConstraints"]
            on = {constraint["topologyKey"] for constraint in constraints}
            assert on == {"kubernetes.io/hostname", "topology.kubernetes.io/zone"}
            assert all(_selects(constraint["labelSelector"], each) for constraint in constraints)


def test_an_outage_of_a_dependency_removes_no_replica_from_the_service() -> None:
    assert workload(rendered("base"), "api").main["readinessProbe"]["httpGet"]["path"] == "/liveness"


def test_every_selector_selects_pods_of_one_workload(way: str) -> None:
    for manifest in rendered(way):
        kind, name = manifest["kind"], manifest["metadata"]["name"]
        if kind == "Service":
            selector = {"matchLabels": manifest["spec"]["selector"]}
        elif kind in ("Deployment", "PodDisruptionBudget"):
            selector = manifest["spec"]["selector"]
        else:
            continue
        assert [each.name for each in workloads(rendered(way)) if _selects(selector, each)] == [name], (kind, name)
    budgets = {each["metadata"]["name"] for each in of_kind(rendered(way), "PodDisruptionBudget")}
    assert budgets == {"api", "dashboard", "worker"}


def test_every_named_port_is_a_port_of_a_container(way: str) -> None:
    for service in of_kind(rendered(way), "Service"):
        ports = workload(rendered(way), service["metadata"]["name"]).main["ports"]
        for port in service["spec"]["ports"]:
            assert {"name": port["targetPort"], "containerPort": port["port"]} in ports
    for each in workloads(rendered(way)):
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            asked = each.main.get(probe, {}).get("httpGet")
            assert asked is None or asked["port"] in {port["name"] for port in each.main["ports"]}


def test_every_route_finds_its_service() -> None:
    for ingress in of_kind(rendered(EXAMPLE), "Ingress"):
        (rule,) = ingress["spec"]["rules"]
        backend = rule["http"]["paths"][0]["backend"]["service"]
        assert backend["port"]["name"] in _ports(named(rendered(EXAMPLE), "Service", backend["name"]))
        assert ingress["spec"]["tls"] == [{"hosts": [rule["host"]], "secretName": f"{ingress['metadata']['name']}-tls"}]
    for route in of_kind(rendered("gateway"), "HTTPRoute"):
        (behind,) = route["spec"]["rules"][0]["backendRefs"]
        (port,) = named(rendered("gateway"), "Service", behind["name"])["spec"]["ports"]
        assert port["port"] == behind["port"]
    for monitor in of_kind(rendered(EXAMPLE), "ServiceMonitor"):
        service = named(rendered(EXAMPLE), "Service", monitor["metadata"]["name"])
        assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
        assert monitor["spec"]["endpoints"][0]["port"] in _ports(service)
    settings = settings_of(rendered(EXAMPLE))
    for url, service_name in (("BLURLINE_API_URL", "api"), ("PREFECT_API_URL", "prefect-server")):
        port = named(rendered(EXAMPLE), "Service", service_name)["spec"]["ports"][0]["port"]
        assert settings[url].removesuffix("/api") == f"http://{service_name}:{port}"


def test_a_browser_stays_with_one_pod_of_the_dashboard() -> None:
    annotations = named(rendered(EXAMPLE), "Ingress", "dashboard")["metadata"]["annotations"]
    assert annotations["nginx.ingress.kubernetes.io/affinity"] == "cookie"
    of_service = named(rendered(EXAMPLE), "Service", "dashboard")
    assert of_service["metadata"]["annotations"]["traefik.ingress.kubernetes.io/service.sticky.cookie"] == "true"
    assert of_service["spec"]["sessionAffinity"] == "ClientIP"
    assert named(rendered("gateway"), "Deployment", "dashboard")["spec"]["replicas"] == 1


def test_the_largest_accepted_form_passes_the_ingress_and_fits_the_disk() -> None:
    largest_mb = float(settings_of(rendered(EXAMPLE))["BLURLINE_MAX_REQUEST_MB"])
    annotations = named(rendered(EXAMPLE), "Ingress", "api")["metadata"]["annotations"]
    assert float(annotations["nginx.ingress.kubernetes.io/proxy-body-size"].removesuffix("m")) > largest_mb
    (tmp,) = [each for each in workload(rendered(EXAMPLE), "api").pod["volumes"] if each["name"] == "tmp"]
    assert float(tmp["emptyDir"]["sizeLimit"].removesuffix("Gi")) * 1000 >= 10 * largest_mb


def test_a_release_is_one_tag() -> None:
    images = {container["image"] for each in workloads(rendered(EXAMPLE)) for container in each.containers}
    assert images == {f"registry.example.com/blurline:{version('blurline')}"}


def test_the_image_fits_the_pods() -> None:
    """The user that runs it, and the one folder that it writes to."""
    image = (ROOT.parent / "containers" / "Dockerfile").read_text()
    assert 'USER 10001:10001\nENTRYPOINT ["blurline"]' in image
    for written in ("HOME", "PREFECT_HOME", "PREFECT_UI_STATIC_DIRECTORY"):
        assert f" {written}=/tmp" in image


def test_a_changed_setting_replaces_the_pods() -> None:
    (settings,) = of_kind(rendered(EXAMPLE), "ConfigMap")
    name = settings["metadata"]["name"]
    assert name != "settings"
    for each in workloads(rendered(EXAMPLE)):
        for container in each.containers:
            assert container["envFrom"] == [{"configMapRef": {"name": name}}]


def test_other_manifests_of_an_overlay_are_unchanged() -> None:
    pod = {"containers": [{"name": "proxy", "image": "proxy:1"}]}
    spec = {
        "selector": {"matchLabels": {"app": "proxy"}},
        "template": {"metadata": {"labels": {"app": "proxy"}}, "spec": pod},
    }
    proxy = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "proxy"}, "spec": spec}
    manifests = overlaid(["prefect-server"], [proxy])
    assert named(manifests, "Deployment", "proxy")["spec"]["template"]["spec"] == pod


def _selects(selector: Manifest, each: Workload) -> bool:
    labels: dict[str, str] = selector["matchLabels"]
    return labels.items() <= each.labels.items()


def _ports(service: Manifest) -> set[str]:
    return {port["name"] for port in service["spec"]["ports"]}
