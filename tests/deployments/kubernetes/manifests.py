"""The manifests of deployments/kubernetes as kubectl renders them."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[3] / "deployments" / "kubernetes"
COMPONENTS = sorted(path.name for path in (ROOT / "components").iterdir() if path.name != "every-pod")
EXAMPLE = "example"
WAYS = ("base", EXAMPLE, *COMPONENTS)
"""Every way to render: the base, the example, and each component on the base."""

Manifest = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Workload:
    """A workload of ours, and its pods."""

    kind: str
    name: str
    labels: dict[str, str]
    pod: dict[str, Any]

    @property
    def containers(self) -> list[dict[str, Any]]:
        return [*self.pod.get("initContainers", []), *self.pod["containers"]]

    @property
    def main(self) -> dict[str, Any]:
        (container,) = self.pod["containers"]
        assert isinstance(container, dict)
        return container


@cache
def rendered(way: str) -> Sequence[Manifest]:
    if way in ("base", EXAMPLE):
        return _kustomized(ROOT / way)
    return composed(way)


@cache
def composed(*components: str) -> Sequence[Manifest]:
    """The base with components."""
    return overlaid(components, [])


def overlaid(components: Sequence[str], further: Sequence[Manifest]) -> Sequence[Manifest]:
    """The base with components and other manifests, in a separate folder, as an operator has it."""
    with tempfile.TemporaryDirectory() as folder:
        base = os.path.relpath(ROOT, Path(folder).resolve())
        overlay = {
            "namespace": "blurline",
            "resources": [f"{base}/base", "further.yaml"],
            "components": [f"{base}/components/{component}" for component in components],
        }
        (Path(folder) / "kustomization.yaml").write_text(yaml.safe_dump(overlay))
        (Path(folder) / "further.yaml").write_text(yaml.safe_dump_all(further))
        return _kustomized(Path(folder))


def of_kind(manifests: Sequence[Manifest], kind: str) -> list[Manifest]:
    return [each for each in manifests if each["kind"] == kind]


def named(manifests: Sequence[Manifest], kind: str, name: str) -> Manifest:
    (found,) = [each for each in of_kind(manifests, kind) if each["metadata"]["name"] == name]
    return found


def workloads(manifests: Sequence[Manifest]) -> Iterator[Workload]:
    for each in manifests:
        if "template" in each.get("spec", {}):
            template = each["spec"]["template"]
            yield Workload(each["kind"], each["metadata"]["name"], template["metadata"]["labels"], template["spec"])


def workload(manifests: Sequence[Manifest], name: str) -> Workload:
    (found,) = [each for each in workloads(manifests) if each.name == name]
    return found


def settings_of(manifests: Sequence[Manifest]) -> dict[str, str]:
    """The settings of the ConfigMap, which every container gets."""
    (settings,) = of_kind(manifests, "ConfigMap")
    return dict(settings["data"])


def _kustomized(folder: Path) -> Sequence[Manifest]:
    kubectl = Path(sys.executable).with_name("kubectl")
    done = subprocess.run([kubectl, "kustomize", folder], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return tuple(yaml.safe_load_all(done.stdout))
