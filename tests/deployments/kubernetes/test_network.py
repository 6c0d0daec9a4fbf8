"""The policies allow the required connections and no others."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from tests.deployments.kubernetes.manifests import EXAMPLE, Manifest, composed, of_kind, rendered, workloads
from tests.deployments.kubernetes.network import Party, is_open

NAMESPACE = "blurline"
OURS = ("api", "dashboard", "worker", "setup", "prefect-server")
DNS = Party("dns", "kube-system", {"kubernetes.io/metadata.name": "kube-system"}, {"k8s-app": "kube-dns"})
FRONT = Party("front", "traefik", {"blurline/front": "true"}, {"app.kubernetes.io/name": "traefik"})
PROMETHEUS = Party("prometheus", "monitoring", {"blurline/metrics": "true"})
STRANGER = Party("stranger", "default", {"kubernetes.io/metadata.name": "default"}, {"k8s-app": "kube-dns"})
INTRUDER = Party("intruder", NAMESPACE, {}, {"app.kubernetes.io/name": "blurline"})
DATABASE = Party("database", address="10.20.0.10")
STORE = Party("store", address="10.20.0.11")
PUBLIC_STORE = Party("public store", address="203.0.113.11")
SIGN_IN = Party("sign-in", address="203.0.113.12")
INTERNET = Party("internet", address="198.51.100.7")
INTERNET_6 = Party("internet 6", address="2001:4860::1")
METADATA = Party("metadata of the cloud", address="169.254.169.254")
NEIGHBOUR = Party("neighbour", address="10.20.0.99")
OUTSIDERS = (
    DNS,
    FRONT,
    PROMETHEUS,
    STRANGER,
    INTRUDER,
    DATABASE,
    STORE,
    PUBLIC_STORE,
    SIGN_IN,
    INTERNET,
    INTERNET_6,
    METADATA,
    NEIGHBOUR,
)
PORTS = [("UDP", 53), *(("TCP", port) for port in (22, 53, 80, 443, 4200, 5432, 6443, 8000, 8001, 8501))]
Flow = tuple[str, str, int]

WITHIN = {
    ("dashboard", "api", 8000),
    ("front", "api", 8000),
    ("front", "dashboard", 8501),
    *((name, "dns", 53) for name in (*OURS, "intruder")),
}
OF_PREFECT = {(name, "prefect-server", 4200) for name in ("api", "worker", "setup")}
OF_METRICS = {("prometheus", "api", 8000), ("prometheus", "worker", 8001)}
OUTWARD = {
    *((name, "database", 5432) for name in ("api", "worker", "setup", "prefect-server")),
    *((name, store, 443) for name in ("api", "worker", "setup", "dashboard") for store in ("store", "public store")),
    *((name, "sign-in", 443) for name in ("api", "dashboard")),
}


def test_the_base_allows_only_internal_connections() -> None:
    assert open_flows(rendered("base")) == {flow for flow in WITHIN if "prefect-server" not in flow}


def test_the_example_allows_the_required_connections() -> None:
    assert open_flows(rendered(EXAMPLE)) == WITHIN | OF_PREFECT | OF_METRICS | OUTWARD


def test_fetching_urls_and_sending_webhooks_reaches_only_public_addresses() -> None:
    public = ("public store", "sign-in", "internet", "internet 6")
    without = open_flows(rendered("base"))
    assert open_flows(composed("public-egress")) - without == {
        (name, target, 443) for name in ("api", "worker") for target in public
    }


def open_flows(manifests: Sequence[Manifest]) -> set[Flow]:
    """Every open connection from or to one of our pods, by name and port."""
    policies = of_kind(manifests, "NetworkPolicy")
    ours = [Party(each.name, NAMESPACE, {}, each.labels) for each in workloads(manifests)]
    parties = [*ours, *OUTSIDERS]
    of_interest = {each.name for each in ours} | {INTRUDER.name}
    return {
        (source.name, target.name, port)
        for source, target in itertools.permutations(parties, 2)
        if of_interest & {source.name, target.name}
        for protocol, port in PORTS
        if is_open(policies, source, target, protocol, port)
    }
