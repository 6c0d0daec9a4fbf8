"""The connections that NetworkPolicies allow, as the Kubernetes reference defines them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network

from tests.deployments.kubernetes.manifests import Manifest


@dataclass(frozen=True, slots=True)
class Party:
    """A pod of some namespace, or an address outside of the cluster."""

    name: str
    namespace: str = ""
    namespace_labels: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    address: str = ""


def is_open(policies: Sequence[Manifest], source: Party, target: Party, protocol: str, port: int) -> bool:
    """Whether one may connect to the other: egress of the source and ingress of the target must allow it."""
    return _passes(policies, "Egress", source, target, protocol, port) and _passes(
        policies, "Ingress", target, source, protocol, port
    )


def _passes(policies: Sequence[Manifest], way: str, of: Party, peer: Party, protocol: str, port: int) -> bool:
    confining = [
        policy
        for policy in policies
        if policy["metadata"]["namespace"] == of.namespace
        and way in policy["spec"]["policyTypes"]
        and _selects(policy["spec"]["podSelector"], of.labels)
    ]
    rules = [rule for policy in confining for rule in policy["spec"].get(way.lower(), [])]
    return not confining or any(_lets(rule, of, peer, protocol, port) for rule in rules)


def _lets(rule: Manifest, of: Party, peer: Party, protocol: str, port: int) -> bool:
    peers, ports = rule.get("from", rule.get("to", [])), rule.get("ports", [])
    return (not peers or any(_is(wanted, of, peer) for wanted in peers)) and (
        not ports or any((each.get("protocol", "TCP"), each["port"]) == (protocol, port) for each in ports)
    )


def _is(wanted: Manifest, of: Party, peer: Party) -> bool:
    if "ipBlock" in wanted:
        block = wanted["ipBlock"]
        return bool(peer.address) and (
            _within(peer.address, block["cidr"])
            and not any(_within(peer.address, each) for each in block.get("except", []))
        )
    if "namespaceSelector" in wanted:
        is_there = bool(peer.namespace) and _selects(wanted["namespaceSelector"], peer.namespace_labels)
    else:
        is_there = peer.namespace == of.namespace
    return is_there and _selects(wanted.get("podSelector", {}), peer.labels)


def _selects(selector: Manifest, labels: dict[str, str]) -> bool:
    matching: dict[str, str] = selector.get("matchLabels", {})
    expressions = selector.get("matchExpressions", [])
    assert all(each["operator"] == "In" for each in expressions)
    return matching.items() <= labels.items() and all(labels.get(each["key"]) in each["values"] for each in expressions)


def _within(address: str, network: str) -> bool:
    return bool(address) and ip_address(address) in ip_network(network)
