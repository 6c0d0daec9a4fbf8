"""The dashboard, the rules and the guide name existing metrics."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from prometheus_client import CollectorRegistry
from prometheus_client.metrics import MetricWrapperBase

from api.app import create_app
from blurline.observability import metrics
from blurline.settings import Settings
from tests.api_server import serving
from tests.waiting import TIMEOUT_S

ROOT = Path(__file__).parents[2]
DASHBOARD = json.loads((ROOT / "deployments/monitoring/grafana-dashboard.json").read_text())
RULES = [
    rule
    for group in yaml.safe_load((ROOT / "deployments/monitoring/alerts.yaml").read_text())["groups"]
    for rule in group["rules"]
]
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
OF_DASHBOARD = [target["expr"] for panel in PANELS for target in panel["targets"]]
EXPRESSIONS = OF_DASHBOARD + [rule["expr"] for rule in RULES]

_SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum"), "gauge": ("",)}
_ADDED_BY_PROMETHEUS = {"job", "instance", "le"}


@dataclass(frozen=True, slots=True)
class Declared:
    """A metric of `blurline.observability.metrics`."""

    name: str
    type: str
    labels: tuple[str, ...]
    documentation: str

    @property
    def samples(self) -> set[str]:
        return {self.name + suffix for suffix in _SUFFIXES[self.type]}

    @property
    def row(self) -> str:
        """The row of the guide's table for a metric."""
        shown = self.name + ("_total" if self.type == "counter" else "")
        labels = ", ".join(f"`{label}`" for label in self.labels)
        return f"| `{shown}` | {self.type} | {labels} | {self.documentation} |"


def declared(*registries: CollectorRegistry) -> Iterator[Declared]:
    for registry in registries:
        for metric in registry._collector_to_names:
            if isinstance(metric, MetricWrapperBase):
                (described,) = metric.describe()
                yield Declared(described.name, described.type, metric._labelnames, described.documentation)


DECLARED = list(declared(metrics.API, metrics.DATABASE, metrics.WORKER, metrics.RUNS))


@pytest.fixture
def exposed(settings: Settings) -> set[str]:
    """The names of all samples that the processes export."""
    without_prefect = settings.replace(prefect_api_url="http://127.0.0.1:9/api")
    with serving(create_app(without_prefect)) as url:
        lines = httpx.get(f"{url}/metrics", timeout=TIMEOUT_S).raise_for_status().text.splitlines()
    of_api = {re.split(r"[ {]", line, maxsplit=1)[0] for line in lines if not line.startswith("#")}
    without_labels = [each for each in declared(metrics.API, metrics.DATABASE) if not each.labels]
    assert all(each.samples <= of_api for each in without_labels)
    return of_api.union(*(each.samples for each in DECLARED))


def names(expression: str) -> set[str]:
    return set(re.findall(r"\b(?:blurline|process)_\w+", expression))


def test_every_metric_of_dashboard_and_rules_is_exported_by_a_process(exposed: set[str]) -> None:
    assert set().union(*map(names, EXPRESSIONS)) <= exposed


def test_every_metric_of_ours_is_on_the_dashboard() -> None:
    on_dashboard = set().union(*map(names, OF_DASHBOARD))
    assert [each.name for each in DECLARED if not each.samples & on_dashboard] == []


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_expression_uses_labels_of_its_metrics(expression: str) -> None:
    known = {label for each in DECLARED if each.samples & names(expression) for label in each.labels}
    asked = set(re.findall(r"(\w+)\s*(?:=~|!=|!~|=)\s*\"", expression))
    for grouped in re.findall(r"\bby \(([^)]*)\)", expression):
        asked |= {label.strip() for label in grouped.split(",")}
    assert asked <= known | _ADDED_BY_PROMETHEUS
    assert expression.count("(") == expression.count(")")


def test_the_dashboard_can_be_imported_anywhere() -> None:
    (variable,) = DASHBOARD["templating"]["list"]
    assert (variable["type"], variable["name"]) == ("datasource", "datasource")
    targets: list[dict[str, Any]] = [target for panel in PANELS for target in panel["targets"]]
    assert {each["datasource"]["uid"] for each in [*PANELS, *targets]} == {"${datasource}"}
    identifiers = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(identifiers)) == len(identifiers)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_a_rule_says_what_is_wrong_and_what_to_do(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    assert rule["annotations"]["summary"] and len(rule["annotations"]["description"]) > 80


def test_the_guide_lists_every_metric_and_every_rule() -> None:
    guide = (ROOT / "docs/observability.md").read_text()
    rows = [line for line in guide.splitlines() if line.startswith("| `blurline_")]
    assert sorted(set(rows)) == sorted({each.row for each in DECLARED})
    assert [rule["alert"] for rule in RULES if rule["alert"] not in guide] == []
