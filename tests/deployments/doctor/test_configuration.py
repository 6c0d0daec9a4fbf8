from __future__ import annotations

from typing import Any

import pytest

from blurline.settings import Settings, variable
from deployments.doctor import Severity
from deployments.doctor.configuration import configuration
from tests.deployments.doctor.findings import findings, wrong

SIGN_IN = {"oidc_issuer": "https://id.example", "oidc_client_id": "dashboard", "oidc_client_secret": "hush"}


def _settings(**values: Any) -> Settings:
    return Settings.of({variable(name): value for name, value in values.items()})


def test_the_defaults_and_a_complete_sign_in_are_consistent() -> None:
    assert set(findings(configuration, _settings())) == {"settings"}
    assert wrong(configuration, _settings(**SIGN_IN, dashboard_cookie_secret="secret")) == {}


@pytest.mark.parametrize(
    ("values", "name", "severity", "words"),
    [
        ({"oidc_client_id": "dashboard"}, "settings.sign_in", Severity.ERROR, "BLURLINE_OIDC_CLIENT_SECRET"),
        (SIGN_IN | {"oidc_issuer": None}, "settings.sign_in", Severity.ERROR, "BLURLINE_OIDC_ISSUER"),
        (SIGN_IN | {"oidc_client_id": None}, "settings.sign_in", Severity.ERROR, "BLURLINE_OIDC_CLIENT_ID"),
        (SIGN_IN, "settings.cookie_secret", Severity.WARNING, "BLURLINE_DASHBOARD_COOKIE_SECRET"),
        ({"local_issuer": False}, "settings.issuers", Severity.ERROR, "BLURLINE_OIDC_ISSUER"),
        ({"s3_endpoint": "https://store:9000"}, "settings.public_endpoint", Severity.WARNING, "S3_PUBLIC_ENDPOINT"),
        (
            {"s3_endpoint": "http://127.0.0.1:8333", "api_url": "https://api.example"},
            "settings.public_endpoint",
            Severity.WARNING,
            "S3_PUBLIC_ENDPOINT",
        ),
        (
            {"s3_endpoint": "http://127.0.0.1:8333", "s3_public_endpoint": "http://store.example"},
            "settings.encryption",
            Severity.WARNING,
            "TLS",
        ),
        ({"max_request_mb": 50}, "settings.sizes", Severity.WARNING, "BLURLINE_MAX_REQUEST_MB"),
        ({"max_file_mb": 6000, "max_request_mb": 7000}, "settings.sizes", Severity.WARNING, "BLURLINE_MAX_FILE_MB"),
        ({"worker_memory_mb": 500}, "settings.sizes", Severity.WARNING, "BLURLINE_WORKER_MEMORY_MB"),
        ({"attempt_deadline_s": 30}, "settings.sizes", Severity.WARNING, "BLURLINE_ATTEMPT_DEADLINE_S"),
        ({"quota_open_jobs": 0}, "settings.sizes", Severity.WARNING, "BLURLINE_QUOTA_OPEN_JOBS"),
        ({"outbound_networks": "10.0.0.0/8"}, "settings.outbound", Severity.WARNING, "BLURLINE_ALLOW_URLS"),
        (
            {"worker_metrics_port": 8001, "worker_metrics_host": "0.0.0.0"},
            "settings.worker_metrics",
            Severity.WARNING,
            "Prometheus",
        ),
        (
            {"prefect_api_key": "a", "prefect_api_auth_string": "b:c"},
            "settings.prefect",
            Severity.WARNING,
            "PREFECT_API_URL",
        ),
        ({"log_level": "LOUD"}, "settings.log_level", Severity.ERROR, "DEBUG, INFO"),
    ],
)
def test_contradictions_are_reported_with_the_setting_to_change(
    values: dict[str, Any], name: str, severity: Severity, words: str
) -> None:
    (found,) = wrong(configuration, _settings(**values)).values()
    assert (found.name, found.severity) == (name, severity)
    assert words in str(found.remedy)
