from __future__ import annotations

import socket

import pytest

from blurline.errors import ConfigurationError
from blurline.settings import Settings
from deployments.worker.start import start_worker


def test_a_worker_reports_an_occupied_metrics_port(settings: Settings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"127.0.0.1:{port}.*BLURLINE_WORKER_METRICS_PORT"):
            start_worker(settings.replace(worker_metrics_port=port), pool=None, slots=1)
