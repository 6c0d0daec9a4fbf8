"""Workers scale with the work, and scaling down loses nothing."""

from __future__ import annotations

import re
from typing import Any

import pytest

from blurline.inbound.connection_deadlines import GRACE_S
from blurline.observability import metrics
from blurline.settings import Settings
from deployments.worker.intake import BACKLOG, EXPRESS, INTERACTIVE
from tests.deployments.kubernetes import guide
from tests.deployments.kubernetes.manifests import EXAMPLE, Manifest, named, of_kind, rendered, settings_of, workload

MARGIN_S = 20


@pytest.fixture
def keda() -> Manifest:
    spec: Manifest = named(rendered(EXAMPLE), "ScaledObject", "worker")["spec"]
    return spec


@pytest.fixture
def hpa() -> Manifest:
    spec: Manifest = named(rendered("hpa"), "HorizontalPodAutoscaler", "worker")["spec"]
    return spec


def test_the_queries_use_existing_metrics_and_labels(keda: Manifest) -> None:
    queues = set()
    for trigger in keda["triggers"]:
        found = re.fullmatch(r"max\((\w+)\{(.*)\}\)", trigger["metadata"]["query"])
        assert found is not None
        labels = dict(re.findall(r'(\w+)="([\w-]+)"', found[2]))
        check_metric(found[1], {name for name in labels if name != "namespace"})
        assert labels["namespace"] == of_kind(rendered(EXAMPLE), "Namespace")[0]["metadata"]["name"]
        assert trigger["metadata"]["ignoreNullValues"] == "false"  # a lost Prometheus is no lack of work
        queues.add(labels["queue"])
    assert queues == {EXPRESS, INTERACTIVE, BACKLOG}


def test_the_autoscaler_without_keda_uses_the_same_targets(keda: Manifest, hpa: Manifest) -> None:
    for metric in hpa["metrics"]:
        check_metric(metric["external"]["metric"]["name"], set(metric["external"]["metric"]["selector"]["matchLabels"]))
    assert thresholds(hpa) == {
        trigger["name"]: (trigger["metricType"], trigger["metadata"]["threshold"]) for trigger in keda["triggers"]
    }
    assert (hpa["minReplicas"], hpa["maxReplicas"]) == (keda["minReplicaCount"], keda["maxReplicaCount"])
    assert hpa["behavior"] == keda["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]


def test_the_adapter_rule_of_the_guide_serves_the_autoscalers_metric(hpa: Manifest) -> None:
    (rule,) = guide.yaml_block("externalRules")["externalRules"]
    name = hpa["metrics"][0]["external"]["metric"]["name"]
    assert rule["seriesQuery"].startswith(name + "{") and rule["name"] == {"as": name}
    assert rule["metricsQuery"] == "max(<<.Series>>{<<.LabelMatchers>>})"


def test_only_the_autoscaler_sets_the_number_of_workers(keda: Manifest, hpa: Manifest) -> None:
    for way in ("keda", "hpa", EXAMPLE):
        assert "replicas" not in named(rendered(way), "Deployment", "worker")["spec"]
    assert named(rendered("base"), "Deployment", "worker")["spec"]["replicas"] == keda["minReplicaCount"] == 2
    for target in (keda["scaleTargetRef"], hpa["scaleTargetRef"]):
        assert target["name"] == "worker"


def test_a_worker_that_is_scaled_down_finishes_its_batch(hpa: Manifest) -> None:
    drain_s = float(settings_of(rendered("base"))["BLURLINE_WORKER_DRAIN_S"])
    assert workload(rendered("base"), "worker").pod["terminationGracePeriodSeconds"] >= drain_s + MARGIN_S
    assert hpa["behavior"]["scaleDown"]["stabilizationWindowSeconds"] >= drain_s


def test_the_api_gets_enough_time_to_stop() -> None:
    pod = workload(rendered("base"), "api").pod
    pause_s = pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    of_threads_s = 3 * 15  # dispatcher, deleter and sender of webhooks, one after another
    assert pod["terminationGracePeriodSeconds"] >= pause_s + GRACE_S + of_threads_s + MARGIN_S


def test_a_worker_has_one_process_per_core_and_memory_for_each() -> None:
    worker = workload(rendered("base"), "worker").main
    (children,) = [each for each in worker["env"] if each["name"] == "WORKER_CHILDREN"]
    assert children["valueFrom"]["resourceFieldRef"] == {"containerName": worker["name"], "resource": "limits.cpu"}
    limits = worker["resources"]["limits"]
    memory_mb = float(limits["memory"].removesuffix("Gi")) * 1024
    of_child_mb = float(settings_of(rendered("base"))["BLURLINE_WORKER_MEMORY_MB"])
    largest_mb = 3600  # measured with a picture of BLURLINE_MAX_MEGAPIXELS: docs/kubernetes.md
    assert memory_mb >= int(limits["cpu"]) * max(of_child_mb, largest_mb)
    assert Settings().pictures.max_megapixels == 200


def thresholds(hpa: Manifest) -> dict[str, tuple[str, str]]:
    return {
        metric["external"]["metric"]["selector"]["matchLabels"]["queue"]: (
            metric["external"]["target"]["type"],
            metric["external"]["target"]["averageValue"],
        )
        for metric in hpa["metrics"]
    }


def check_metric(name: str, labels: set[str]) -> None:
    """Assert that the API exports the metric with these labels."""
    (shown,) = [each for each in metrics.DATABASE.collect() if each.name == name]
    assert shown.type == "gauge"
    metric: Any = metrics.queue_images
    assert name == metric._name and labels == set(metric._labelnames)
